// Typed views on the bytes of one batch's columns, made only after their values are checked: text is valid UTF-8
// cut at its characters, codes are in their dictionary, null counts are true, unit-start bits have no null.
// Bits past `rows` in a bitmap, and what stands in a null row's slot, mean nothing and are not checked.
import { SealroomError } from "../errors.ts";
import { columnLayout, type BatchLayout, type ColumnLayout } from "./batch.ts";
import { checkCodes, codesOf } from "./codes.ts";
import type { Dictionary } from "./dictionary.ts";
import { numbersOf } from "./numbers.ts";
import type { BytesOf } from "./range.ts";
import type { ArrowField, Encoding } from "./schema.ts";
import { daysOfMilliseconds, microsecondWords } from "./stored.ts";
import { readText } from "./text-buffers.ts";
import { UNIT_START_FIELD } from "./type.ts";
import { isSet, readValidity } from "./validity.ts";
import type { ColumnBatch, DictionaryVector, Vector } from "./vector.ts";
import { alignedTo, fetched } from "./view.ts";

/** By position in the schema: of each wanted column that has one. */
export type Dictionaries = ReadonlyMap<number, Dictionary>;

/** Where the unit-start bits lie, for neededRanges; null when each row is a unit by itself. */
export function unitStartColumn(fields: readonly ArrowField[]): number | null {
  const last = fields.length - 1;
  const field = fields[last];
  return field?.name === UNIT_START_FIELD && field.type.kind === "bool" ? last : null;
}

/**
 * The columns of one batch, in the order of `columns`, with the unit-start bits when the file has them. Ask
 * neededRanges for these columns and unitStartColumn's first; `bytesOf` answers for those ranges.
 * @throws COLUMN_VALIDITY, COLUMN_OFFSETS, COLUMN_UTF8, COLUMN_DICTIONARY, COLUMN_UNIT
 */
export function readColumns(
  fields: readonly ArrowField[],
  layout: BatchLayout,
  columns: readonly number[],
  dictionaries: Dictionaries,
  bytesOf: BytesOf,
): ColumnBatch {
  const start = unitStartColumn(fields);
  return {
    rows: layout.rows,
    unitStart: start === null ? null : readUnitStart(columnLayout(layout, start), bytesOf),
    columns: columns.map((column) => readVector(fields, layout, column, dictionaries, bytesOf)),
  };
}

/**
 * Refuses an object whose first row does not start a unit: its unit would span two objects, or have no start.
 * @param first the object's first batch that has rows
 * @throws COLUMN_UNIT
 */
export function checkFirstUnit(first: ColumnBatch): void {
  if (first.rows > 0 && first.unitStart !== null && ((first.unitStart[0] ?? 0) & 1) === 0) {
    throw new SealroomError("COLUMN_UNIT", { part: "first" });
  }
}

function readUnitStart(layout: ColumnLayout, bytesOf: BytesOf): Uint8Array {
  if (layout.nullCount !== 0) throw new SealroomError("COLUMN_UNIT", { part: "null" });
  return fetched(layout.values, bytesOf);
}

function readVector(
  fields: readonly ArrowField[],
  layout: BatchLayout,
  column: number,
  dictionaries: Dictionaries,
  bytesOf: BytesOf,
): Vector {
  const field = fields[column];
  if (field === undefined) throw new RangeError(`no field ${column} in the schema`);
  const part = columnLayout(layout, column);
  const { rows } = layout;
  const base = { type: field.type, rows, validity: readValidity(part, rows, column, bytesOf) };

  if (field.dictionary !== null) {
    const dictionary = dictionaries.get(column);
    if (dictionary === undefined) throw new RangeError(`no dictionary was read for column ${column}`);
    return codedVector(base, field.dictionary, dictionary, fetched(part.values, bytesOf), column);
  }
  const { stored } = field;
  if (field.type.kind === "utf8") {
    return { ...base, layout: "utf8", ...readText(part, rows, column, stored, bytesOf) };
  }
  const bytes = fetched(part.values, bytesOf);
  if (field.type.kind === "bool") return { ...base, layout: "bits", values: bytes };
  if (stored === "date64") return { ...base, layout: "number", values: daysOfMilliseconds(wordsOf(bytes)) };
  const values = numbersOf(field.type, bytes);
  if (values !== undefined) return { ...base, layout: "number", values };
  const words = stored === undefined ? wordsOf(bytes) : microsecondWords(wordsOf(bytes), stored);
  return { ...base, layout: "words", words, wordsPerValue: field.type.kind === "decimal" ? 4 : 2 };
}

type VectorBase = Pick<Vector, "type" | "rows" | "validity">;

function codedVector(
  base: VectorBase,
  encoding: Encoding,
  { values, validity }: Dictionary,
  bytes: Uint8Array,
  column: number,
): DictionaryVector {
  const codes = codesOf(encoding.stored ?? { bits: encoding.bits, signed: true }, bytes);
  checkCodes(codes, base.validity, values.length, column);
  const rows = validity === null ? base.validity : rowsWithValues(codes, base, validity);
  return { ...base, validity: rows, layout: "dictionary", codes, values };
}

/** Those that are not null, by themselves or by what their code stands for. */
function rowsWithValues(
  codes: DictionaryVector["codes"],
  { rows, validity }: VectorBase,
  ofValues: Uint8Array,
): Uint8Array {
  const bits = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row += 1) {
    if (isSet(validity, row) && isSet(ofValues, codes[row] ?? 0)) {
      bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
    }
  }
  return bits;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(...alignedTo(4, bytes));
}
