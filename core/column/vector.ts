// A decoded column of one record batch: typed views on the bytes as they came, no objects per row. The reader
// guarantees what a kernel relies on: every buffer holds `rows` values, offsets rise and stay inside `bytes`,
// and every dictionary code of a non-null row is an index into `values`.
import type { ColumnType } from "./type.ts";

interface VectorBase {
  readonly type: ColumnType;
  readonly rows: number;
  /** Arrow validity bitmap, least significant bit first, 1 = not null; null when no row is null. */
  readonly validity: Uint8Array | null;
}

/** bool: bit-packed, least significant bit first. */
export interface BoolVector extends VectorBase {
  readonly layout: "bits";
  readonly values: Uint8Array;
}

/** int8..uint32, float32/64, date (days since 1970 as int32). */
export interface NumberVector extends VectorBase {
  readonly layout: "number";
  readonly values:
    | Int8Array
    | Int16Array
    | Int32Array
    | Uint8Array
    | Uint16Array
    | Uint32Array
    | Float32Array
    | Float64Array;
}

/** int64, uint64, timestamp: little-endian words, 2 a value; decimal: 4 a value (two's complement, 128 bits). */
export interface WordsVector extends VectorBase {
  readonly layout: "words";
  readonly words: Uint32Array;
  readonly wordsPerValue: 2 | 4;
}

/** utf8 under a dictionary: small codes, and the distinct strings (the same array for every batch of an object). */
export interface DictionaryVector extends VectorBase {
  readonly layout: "dictionary";
  readonly codes: Int8Array | Int16Array | Int32Array;
  readonly values: readonly string[];
}

/** utf8 as it lies: rows + 1 offsets into `bytes` (valid UTF-8, checked by the reader). */
export interface Utf8Vector extends VectorBase {
  readonly layout: "utf8";
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

export type Vector = BoolVector | NumberVector | WordsVector | DictionaryVector | Utf8Vector;

/** The columns of one record batch that a job asked for. */
export interface ColumnBatch {
  readonly rows: number;
  /** Bit-packed, 1 = first row of a unit; null when every row is a unit by itself. */
  readonly unitStart: Uint8Array | null;
  /** In the order the job asked for them. */
  readonly columns: readonly Vector[];
}
