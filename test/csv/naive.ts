// The slow twin of core/csv: a character at a time, texts as strings, nothing clever. And what hands a text to the reader.
import { cellText } from "../../core/column/text.ts";
import type { CsvDialect } from "../../core/csv/dialect.ts";
import { CSV_DELIMITERS } from "../../core/csv/dialect.ts";
import { CsvFault } from "../../core/csv/fault.ts";
import { CsvReader, type CsvShape } from "../../core/csv/reader.ts";

export interface NaiveField {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** Null where it is not CSV of this dialect. */
export function naiveRecords(text: string, delimiter: string): NaiveField[][] | null {
  let rest = text.startsWith("\ufeff") ? text.slice(1) : text;
  const records: NaiveField[][] = [];
  const ends = new Set<string>();
  if (rest.includes("\0")) return null;
  while (rest !== "") {
    const record: NaiveField[] = [];
    for (;;) {
      let value = "";
      const isQuoted = rest.startsWith('"');
      if (isQuoted) {
        rest = rest.slice(1);
        for (;;) {
          const at = rest.indexOf('"');
          if (at < 0) return null;
          value += rest.slice(0, at);
          rest = rest.slice(at + 1);
          if (!rest.startsWith('"')) break;
          value += '"';
          rest = rest.slice(1);
        }
      } else {
        while (rest !== "" && ![delimiter, "\n", "\r", '"'].includes(rest[0] ?? "")) {
          value += rest[0] ?? "";
          rest = rest.slice(1);
        }
      }
      record.push({ text: value, isQuoted });
      if (rest.startsWith(delimiter)) rest = rest.slice(1);
      else break;
    }
    const end = ["\r\n", "\n"].find((known) => rest.startsWith(known));
    if (rest !== "" && end === undefined) return null;
    if (end !== undefined) ends.add(end);
    rest = rest.slice(end?.length ?? 0);
    const [first] = record;
    if (record.length === 1 && first?.text === "" && !first.isQuoted) return null;
    records.push(record);
  }
  const isEven = records.every(({ length }) => length === records[0]?.length);
  return isEven && ends.size < 2 ? records : null;
}

export interface ReadText {
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows of each batch. */
  readonly batches: readonly number[];
}

/** All cells as texts, of a text that comes in parts of these lengths, the last one over and over. */
export function readCells(
  text: Uint8Array,
  shape: Omit<CsvShape, "bytes">,
  parts: readonly number[] = [],
): ReadText {
  const reader = new CsvReader({ ...shape, bytes: text.length });
  const rows: (string | null)[][] = [];
  const batches: number[] = [];
  const drain = (): void => {
    for (let batch = reader.next(); batch !== null; batch = reader.next()) {
      batches.push(batch.rows);
      for (let row = 0; row < batch.rows; row += 1) {
        rows.push(batch.columns.map((vector) => cellText(vector, row)));
      }
    }
  };
  for (let at = 0, part = 0; at < text.length; part += 1) {
    const length = parts[Math.min(part, parts.length - 1)] ?? text.length;
    at += reader.push(text.subarray(at, at + length));
    drain();
  }
  reader.end();
  drain();
  return { rows, batches };
}

/** What is wrong, with the record and the column where they are told; "ok" where nothing is. */
export function faultOf(work: () => unknown): string {
  try {
    work();
    return "ok";
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
    const { part, record, column } = error;
    return [part, record, column].filter((detail) => detail !== null).join(" ");
  }
}

export const COMMA: CsvDialect = { delimiter: "comma", header: "none", nulls: [""] };

export function naiveCells(
  text: string,
  dialect: CsvDialect,
): readonly (readonly (string | null)[])[] | null {
  const records = naiveRecords(text, CSV_DELIMITERS[dialect.delimiter]);
  return (
    records?.map((record) =>
      record.map(({ text: value, isQuoted }) => (!isQuoted && dialect.nulls.includes(value) ? null : value)),
    ) ?? null
  );
}
