// Reads a measure's column, a chunk's passing rows at a time, as float64 for adding up. Integers and decimals are
// saturated at +-(2^53 - 1) of their smallest unit, floats at the largest finite value, so that no sum of two rows is
// NaN; NaN itself counts as null. Columns that have no value to add give 0: they can only be counted.
import type { ColumnBatch, Vector, WordsVector } from "../../core/column/vector.ts";
import { CHUNK_ROWS, compact, fillNulls } from "./chunk.ts";
import type { Passing } from "./dimension-coder.ts";
import type { ValueHasher } from "./hash.ts";
import { KERNELS } from "./wasm/kernels.ts";

/** 2^53 - 1: up to here every integer is a double of its own. */
export const MAX_EXACT: number = Number.MAX_SAFE_INTEGER;

const TWO_32 = 4294967296;

export class MeasureReader {
  /** The non-null values of the last chunk's passing rows, `count` of them. */
  readonly values: Float64Array = new Float64Array(CHUNK_ROWS);
  count = 0;
  readonly hasher: ValueHasher | null;
  readonly #column: number;
  readonly #positions = new Int32Array(CHUNK_ROWS);
  #isComplete = true;
  #badRows = 0;

  /** `hasher`: where the values' hashes are needed too, as many and in their order. */
  constructor(column: number, hasher: ValueHasher | null = null) {
    this.#column = column;
    this.hasher = hasher;
  }

  /** Where the values' rows stand among the passing rows; null where no passing row is null. */
  get positions(): Int32Array | null {
    return this.#isComplete ? null : this.#positions;
  }

  /** Rows so far, of those that pass, whose value was NaN or had to be saturated. */
  get badRows(): number {
    return this.#badRows;
  }

  /** For who reads rows of the column by himself. */
  addBadRows(count: number): void {
    this.#badRows += count;
  }

  read(batch: ColumnBatch, rows: Passing): void {
    const vector = batch.columns[this.#column];
    if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
    this.count = rows.passing;
    this.#isComplete = true;
    const { values } = KERNELS;
    const limit = vector.type.kind === "float" ? Number.MAX_VALUE : MAX_EXACT;
    if (rows.picked === null && vector.validity === null) {
      this.#badRows += readRaw(vector, rows.start, rows.count, limit);
      if (mayBeNaN(vector) && KERNELS.areWithin(0, rows.count, limit) === 0) this.#clean(vector, rows, limit);
    } else {
      // What does not pass, and what lies where there is no value, is not to be counted.
      readRaw(vector, rows.start, rows.count, Infinity);
      if (vector.validity !== null) fillNulls(values, NaN, vector.validity, rows.start, rows.count);
      if (rows.picked !== null) compact(values, rows.picked, rows.passing);
      this.#clean(vector, rows, limit);
    }
    this.values.set(values.subarray(0, this.count));
    this.hasher?.hash(vector, (index) => this.#rowOf(rows, index), this.count);
  }

  #rowOf({ start, picked }: Passing, index: number): number {
    const position = this.#position(index);
    return start + (picked === null ? position : (picked[position] ?? 0));
  }

  /** Leaves of the last chunk, here and in another reader of it, the rows where both have a value. */
  meet(other: MeasureReader): void {
    if (this.#isComplete && other.#isComplete) return;
    let [here, there, kept] = [0, 0, 0];
    while (here < this.count && there < other.count) {
      const [row, otherRow] = [this.#position(here), other.#position(there)];
      if (row === otherRow) {
        this.#keep(here, kept, row);
        other.#keep(there, kept, row);
        kept += 1;
      }
      if (row <= otherRow) here += 1;
      if (otherRow <= row) there += 1;
    }
    for (const reader of [this, other]) {
      reader.count = kept;
      reader.#isComplete = false;
    }
  }

  #position(at: number): number {
    return this.#isComplete ? at : (this.#positions[at] ?? 0);
  }

  /** To the front, where nothing is that is still to be read. */
  #keep(from: number, to: number, row: number): void {
    this.values[to] = this.values[from] ?? 0;
    this.#positions[to] = row;
  }

  /** Saturates, and moves the non-null values to the front. */
  #clean(vector: Vector, { start, picked, passing }: Passing, limit: number): void {
    const { layout, validity } = vector;
    if (!mayBeNaN(vector) && validity === null) {
      if (layout === "words") this.#badRows += KERNELS.saturate(0, passing, limit);
      return;
    }
    const kept = KERNELS.keepNumbers(0, passing, limit);
    const present = kept & 0xffff;
    this.#badRows += kept >>> 16;
    if (present === passing) return;
    this.count = present;
    this.#isComplete = false;
    this.#positions.set(KERNELS.ordinals.subarray(0, present));
    if (!mayBeNaN(vector)) return;
    // What was NaN and is not null by the bitmap was NaN in the column.
    this.#badRows += passing - present;
    if (validity === null) return;
    for (let i = 0; i < passing; i += 1) {
      if (picked === null && (i & 7) === 0 && i + 8 <= passing && validity[(start + i) >>> 3] === 0xff) {
        i += 7;
        continue;
      }
      const row = start + (picked === null ? i : (picked[i] ?? 0));
      this.#badRows -= (((validity[row >>> 3] ?? 0) >>> (row & 7)) & 1) ^ 1;
    }
  }
}

/** Floats, and what was computed of numbers, which lies as floats do whatever its type. */
export function mayBeNaN({ layout, ...vector }: Vector): boolean {
  return "values" in vector && layout === "number" && isFloats(vector.values);
}

function isFloats(values: unknown): boolean {
  return values instanceof Float64Array || values instanceof Float32Array;
}

/** Into the kernels' memory. Returns how many integers were beyond the limit; floats are not saturated yet. */
export function readRaw(vector: Vector, start: number, count: number, limit: number): number {
  const { values, words } = KERNELS;
  if (vector.layout === "number") values.set(vector.values.subarray(start, start + count));
  else if (vector.layout !== "words") values.fill(0, 0, count);
  else if (vector.wordsPerValue === 4) {
    readWords128(vector, start, count, values);
    return KERNELS.saturate(0, count, limit);
  } else {
    // Past 2^53 a value may be rounded here, but never back to within it.
    words.set(vector.words.subarray(2 * start, 2 * (start + count)));
    const isSigned = !(vector.type.kind === "int" && !vector.type.signed);
    return KERNELS[isSigned ? "convertSigned" : "convertUnsigned"](0, count, limit);
  }
  return 0;
}

/** As for 64 bits: rounded past 2^53, but never back to within it. */
function readWords128({ words }: WordsVector, start: number, count: number, out: Float64Array): void {
  for (let i = 0; i < count; i += 1) {
    const at = 4 * (start + i);
    let value = (words[at + 3] ?? 0) | 0;
    value = value * TWO_32 + (words[at + 2] ?? 0);
    value = value * TWO_32 + (words[at + 1] ?? 0);
    out[i] = value * TWO_32 + (words[at] ?? 0);
  }
}
