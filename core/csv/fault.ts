// What is wrong with a CSV text. It knows in which record, which may be told to the owner of the text alone: whoever tells
// others drops it. So this is no error with a code.

/**
 * `line`: an empty line, a lone CR, or line ends of both kinds. `quote`: one inside a field without quotes, one that is
 * not closed, or text behind one. `fields`: a record has more or fewer than the first. `zero`: a byte 0. `length`: a
 * record is too long. `header`: none, or other names. `value`: a text is not one of its column's type.
 */
export type CsvPart = "line" | "quote" | "fields" | "zero" | "utf8" | "length" | "header" | "value";

export class CsvFault extends Error {
  readonly part: CsvPart;
  /** Counted from 0 over all records, the header being one; as far as it is known. */
  readonly record: number | null;
  /** The place of the column; of a value only. */
  readonly column: number | null;

  constructor(part: CsvPart, record: number | null = null, column: number | null = null) {
    super(part);
    this.part = part;
    this.record = record;
    this.column = column;
  }
}
