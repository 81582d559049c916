// A plain CSV file's records as chunks of the sealed types.
import type { ColumnType } from "../../core/column/type.ts";
import type { ChunkColumn } from "./chunk-reader.ts";
import { CHUNK_ROWS } from "./duckdb-vector.ts";
import { NotPlain, type PlainColumn, type PlainCsv } from "./plain-csv.ts";
import { readFloat, readSingle } from "./plain-float.ts";
import { putLong, putWords, readBool, readLong, readScaled } from "./plain-number.ts";
import { putMicros, readDay, readInstant, type Instant } from "./plain-time.ts";
import { recordMemory, type RecordField, type RecordMemory } from "../order/record-layout.ts";
import type { TextSource } from "./text-vector.ts";

/** Which column of the file becomes which of the table. */
export interface PlainSelection {
  readonly place: number;
  readonly type: ColumnType;
  readonly field: RecordField;
}

const QUOTE = 0x22;
const NO_DATA = new Uint8Array(0);

/** Puts the values of a column's texts where a chunk has them; those of null rows stay what they were. */
export type PutValues = (bytes: Uint8Array, column: PlainColumn, nulls: Uint8Array, rows: number) => void;

interface Reading {
  readonly column: PlainColumn;
  readonly nulls: Uint8Array;
  readonly data: Uint8Array;
  /** Null for text. */
  readonly put: PutValues | null;
}

export class PlainReader {
  readonly sources: readonly TextSource[];
  readonly #csv: PlainCsv;
  readonly #readings: readonly Reading[];
  readonly #tokens: readonly Buffer[];
  readonly #longestToken: number;
  /** All texts are part of the one source. */
  readonly #zeros = new Int32Array(CHUNK_ROWS);

  constructor(csv: PlainCsv, selections: readonly PlainSelection[], nullTokens: readonly string[]) {
    this.#csv = csv;
    this.sources = [csv.source];
    this.#tokens = nullTokens.map((token) => Buffer.from(token));
    this.#longestToken = Math.max(-1, ...this.#tokens.map((token) => token.length));
    this.#readings = selections.map(({ place, type, field }) => {
      const column = csv.columns[place];
      if (column === undefined) throw new RangeError("no such field");
      const memory = recordMemory(type.kind === "utf8" ? 0 : (CHUNK_ROWS * field.width) / 4);
      const put = type.kind === "utf8" ? null : valuesPutter(type, field.width, memory);
      return { column, nulls: new Uint8Array(CHUNK_ROWS), data: memory.bytes, put };
    });
  }

  /** The next chunk, null at the end; valid until the next call. @throws NotPlain */
  read(): { readonly rows: number; readonly columns: readonly ChunkColumn[] } | null {
    const rows = this.#csv.next();
    if (rows === 0) return null;
    return { rows, columns: this.#readings.map((reading) => this.#readColumn(reading, rows)) };
  }

  #readColumn({ column, nulls, data, put }: Reading, rows: number): ChunkColumn {
    const { starts, lengths } = column;
    const { bytes } = this.#csv.source;
    const longest = this.#longestToken;
    let hasNulls = false;
    nulls.fill(0, 0, rows);
    for (let row = 0; row < rows; row += 1) {
      const length = lengths[row] ?? 0;
      if (length > longest) continue;
      const start = starts[row] ?? 0;
      // A text that is quoted is never null; only of one that is quoted the byte before is a quote.
      const isQuotedText = put === null && bytes[start - 1] === QUOTE;
      if (isQuotedText || !this.#isToken(bytes, start, start + length)) continue;
      nulls[row] = 1;
      hasNulls = true;
      if (put === null) lengths[row] = 0;
    }
    if (put === null) {
      return { nulls, hasNulls, data: NO_DATA, text: { lengths, starts, nulls, sources: this.#zeros } };
    }
    put(bytes, column, nulls, rows);
    return { nulls, hasNulls, data, text: null };
  }

  #isToken(bytes: Uint8Array, start: number, end: number): boolean {
    for (const token of this.#tokens) {
      if (token.length === end - start && token.compare(bytes, start, end) === 0) return true;
    }
    return false;
  }
}

/** A loop for each kind of value, so that what it calls becomes part of it. Exported for its tests. */
export function valuesPutter(type: ColumnType, width: RecordField["width"], target: RecordMemory): PutValues {
  const { words } = target;
  switch (type.kind) {
    case "bool":
      return boolPutter(target.bytes);
    case "int": {
      const bits = BigInt(type.bits);
      const least = type.signed ? -(2n ** (bits - 1n)) : 0n;
      return scaledPutter({ scale: 0, least, most: least + 2n ** bits - 1n }, width, target);
    }
    case "decimal": {
      const most = 10n ** BigInt(type.precision) - 1n;
      return scaledPutter({ scale: type.scale, least: -most, most }, width, target);
    }
    case "float":
      return type.bits === 32
        ? floatPutter(readSingle, new Float32Array(words.buffer))
        : floatPutter(readFloat, new Float64Array(words.buffer));
    case "date":
      return dayPutter(words);
    case "timestamp":
      return instantPutter(type.zone, words);
    case "utf8":
      throw new RangeError("text is not put anywhere else");
  }
}

function boolPutter(target: Uint8Array): PutValues {
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      if (nulls[row] === 0) target[row] = readBool(bytes, start, start + (lengths[row] ?? 0));
    }
  };
}

interface Scaled {
  readonly scale: number;
  readonly least: bigint;
  readonly most: bigint;
}

function scaledPutter(
  { scale, least, most }: Scaled,
  width: RecordField["width"],
  { words, halves, bytes: flags }: RecordMemory,
): PutValues {
  // A bound that a double rounds is far from any value that is read as one.
  const [lowest, highest] = [Number(least), Number(most)];
  const count = width / 4;
  const putLarge = (bytes: Uint8Array, start: number, end: number, row: number): void => {
    const value = readLong(bytes, start, end, scale);
    // No type of one or two bytes has values so long, but text may have zeros before them.
    if (value < least || value > most || count < 1) throw new NotPlain();
    putLong(value, words, row * count, count);
  };
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      if (nulls[row] === 1) continue;
      const start = starts[row] ?? 0;
      const end = start + (lengths[row] ?? 0);
      const value = readScaled(bytes, start, end, scale);
      if (Number.isNaN(value)) {
        putLarge(bytes, start, end, row);
        continue;
      }
      if (value < lowest || value > highest) throw new NotPlain();
      if (width === 1) flags[row] = value;
      else if (width === 2) halves[row] = value;
      else putWords(value, words, row * count, count);
    }
  };
}

function floatPutter(
  read: (bytes: Uint8Array, start: number, end: number) => number,
  target: Float32Array | Float64Array,
): PutValues {
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      if (nulls[row] === 0) target[row] = read(bytes, start, start + (lengths[row] ?? 0));
    }
  };
}

function dayPutter(target: Int32Array): PutValues {
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      if (nulls[row] === 0) target[row] = readDay(bytes, start, start + (lengths[row] ?? 0));
    }
  };
}

function instantPutter(zone: "UTC" | null, target: Int32Array): PutValues {
  const instant: Instant = { seconds: 0, micros: 0 };
  return (bytes, { starts, lengths }, nulls, rows) => {
    for (let row = 0; row < rows; row += 1) {
      if (nulls[row] === 1) continue;
      const start = starts[row] ?? 0;
      readInstant(bytes, start, start + (lengths[row] ?? 0), zone, instant);
      putMicros(instant, target, 2 * row);
    }
  };
}
