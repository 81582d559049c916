// Typed views on the bytes of one batch's columns, made only after their values are checked: text is valid UTF-8
// cut at its characters, codes are in their dictionary, null counts are true, unit-start bits have no null.
// Bits past `rows` in a bitmap, and what stands in a null row's slot, mean nothing and are not checked.
import { SealroomError } from "../errors.ts";
import { bitmapBytes, columnLayout, type BatchLayout, type ColumnLayout } from "./batch.ts";
import { rangeBytes, type BytesOf, type Range } from "./range.ts";
import type { ArrowField } from "./schema.ts";
import { UNIT_START_FIELD, type ColumnType } from "./type.ts";
import { isUtf8 } from "./utf8.ts";
import type { ColumnBatch, DictionaryVector, NumberVector, Vector } from "./vector.ts";

/** By position in the schema: the strings of each wanted column that has a dictionary. */
export type Dictionaries = ReadonlyMap<number, readonly string[]>;

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
    const strings = dictionaries.get(column);
    if (strings === undefined) throw new RangeError(`no dictionary was read for column ${column}`);
    const codes = codesOf(field.dictionary.bits, fetched(part.values, bytesOf));
    checkCodes(codes, base.validity, strings.length, column);
    return { ...base, layout: "dictionary", codes, values: strings };
  }
  switch (field.type.kind) {
    case "utf8":
      return { ...base, layout: "utf8", ...readText(part, rows, column, bytesOf) };
    case "bool":
      return { ...base, layout: "bits", values: fetched(part.values, bytesOf) };
    case "decimal":
    case "timestamp":
      return wordsVector(base, fetched(part.values, bytesOf));
    default: {
      const bytes = fetched(part.values, bytesOf);
      const values = numbersOf(field.type, bytes);
      return values === undefined ? wordsVector(base, bytes) : { ...base, layout: "number", values };
    }
  }
}

type VectorBase = Pick<Vector, "type" | "rows" | "validity">;

function wordsVector(base: VectorBase, bytes: Uint8Array): Vector {
  const words = new Uint32Array(...alignedTo(4, bytes));
  return { ...base, layout: "words", words, wordsPerValue: base.type.kind === "decimal" ? 4 : 2 };
}

/** A view of the type's own array class; undefined for the 64-bit integers, which are kept as words. */
function numbersOf(type: ColumnType, bytes: Uint8Array): NumberVector["values"] | undefined {
  if (type.kind === "date") return new Int32Array(...alignedTo(4, bytes));
  if (type.kind === "float") {
    return type.bits === 32
      ? new Float32Array(...alignedTo(4, bytes))
      : new Float64Array(...alignedTo(8, bytes));
  }
  if (type.kind !== "int") return undefined;
  switch (type.bits) {
    case 8:
      return type.signed ? new Int8Array(...alignedTo(1, bytes)) : bytes;
    case 16:
      return type.signed ? new Int16Array(...alignedTo(2, bytes)) : new Uint16Array(...alignedTo(2, bytes));
    case 32:
      return type.signed ? new Int32Array(...alignedTo(4, bytes)) : new Uint32Array(...alignedTo(4, bytes));
    case 64:
      return undefined;
  }
}

function codesOf(bits: 8 | 16 | 32, bytes: Uint8Array): DictionaryVector["codes"] {
  if (bits === 8) return new Int8Array(...alignedTo(1, bytes));
  return bits === 16 ? new Int16Array(...alignedTo(2, bytes)) : new Int32Array(...alignedTo(4, bytes));
}

/** The arguments of a typed array over these bytes; they are copied only where they lie askew. */
function alignedTo(width: number, bytes: Uint8Array): [ArrayBufferLike, number, number] {
  const whole = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return [whole.buffer, whole.byteOffset, whole.byteLength / width];
}

function fetched(range: Range, bytesOf: BytesOf): Uint8Array {
  const expected = rangeBytes(range);
  if (expected === 0) return new Uint8Array(0);
  const bytes = bytesOf(range);
  if (bytes.length !== expected) throw new SealroomError("COLUMN_LAYOUT", { expected, bytes: bytes.length });
  return bytes;
}

function readValidity(part: ColumnLayout, rows: number, column: number, bytesOf: BytesOf): Uint8Array | null {
  if (part.nullCount === 0) return null;
  const bits = fetched(part.validity, bytesOf);
  if (rows - countBits(bits, rows) !== part.nullCount) throw new SealroomError("COLUMN_VALIDITY", { column });
  return bits;
}

/** Bits set among the first `count` of a bitmap that lies least significant bit first. */
export function countBits(bits: Uint8Array, count: number): number {
  let sum = 0;
  const whole = count >> 3;
  for (let i = 0; i < whole; i += 1) sum += POPULATION[bits[i] ?? 0] ?? 0;
  const rest = (bits[whole] ?? 0) & ((1 << (count & 7)) - 1);
  return bitmapBytes(count) === whole ? sum : sum + (POPULATION[rest] ?? 0);
}

const POPULATION: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll("0", "").length,
);

function checkCodes(
  codes: DictionaryVector["codes"],
  validity: Uint8Array | null,
  size: number,
  column: number,
): void {
  // Nearly always all are in range; if not, each is looked at, since in a null row any may stand.
  for (let row = countInRange(codes, size); row < codes.length; row += 1) {
    const code = codes[row] ?? 0;
    if (code >= 0 && code < size) continue;
    if (validity === null || (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) {
      throw new SealroomError("COLUMN_DICTIONARY", { column, part: "code" });
    }
  }
}

/**
 * How many of the first codes are in range for sure; a multiple of what a word holds, or 0. Four codes of a byte are
 * compared at once: a code below 128 reaches its top bit by adding 128 - size if it is too large, and carries into no other.
 */
function countInRange(codes: DictionaryVector["codes"], size: number): number {
  const width = codes.BYTES_PER_ELEMENT;
  if (codes.byteOffset % 4 !== 0 || size === 0) return 0;
  const top = 2 ** (8 * width - 1);
  const each = width === 1 ? 0x0101_0101 : width === 2 ? 0x0001_0001 : 1;
  const add = (Math.max(0, top - size) * each) | 0;
  const words = new Int32Array(codes.buffer, codes.byteOffset, codes.byteLength >> 2);
  let tops = 0;
  // Not by for-of, which is ten times as slow over typed arrays.
  for (let at = 0, end = words.length; at < end; at += 1) {
    const word = words[at] ?? 0;
    tops |= word | (word + add);
  }
  return (tops & (top * each)) === 0 ? (words.length * 4) / width : 0;
}

/** Offsets and bytes of a text column: offsets rise, stay inside the bytes and cut between characters. */
export function readText(
  part: ColumnLayout,
  rows: number,
  column: number,
  bytesOf: BytesOf,
): { readonly offsets: Int32Array; readonly bytes: Uint8Array } {
  if (rows === 0) return { offsets: new Int32Array(1), bytes: new Uint8Array(0) };
  const offsets = new Int32Array(...alignedTo(4, fetched(part.offsets, bytesOf)));
  const bytes = fetched(part.values, bytesOf);
  const first = offsets[0] ?? 0;
  let last = first;
  if (first < 0) throw new SealroomError("COLUMN_OFFSETS", { column });
  for (let row = 1; row <= rows; row += 1) {
    const end = offsets[row] ?? 0;
    if (end < last || end > bytes.length) throw new SealroomError("COLUMN_OFFSETS", { column });
    // A cut inside a character leaves a continuation byte at the head of the next value.
    if (row < rows && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
      throw new SealroomError("COLUMN_UTF8", { column });
    }
    last = end;
  }
  if (!isUtf8(bytes, first, last)) throw new SealroomError("COLUMN_UTF8", { column });
  return { offsets, bytes };
}
