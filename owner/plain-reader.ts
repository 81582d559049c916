// A plain CSV file's records as chunks of the sealed types.
import type { ColumnType } from "../core/column/type.ts";
import type { ChunkColumn } from "./chunk-reader.ts";
import { CHUNK_ROWS } from "./duckdb-vector.ts";
import type { PlainColumn, PlainCsv } from "./plain-csv.ts";
import { readFloat, readSingle } from "./plain-float.ts";
import { putWords, Range, readBool, readScaled, type Scaled } from "./plain-number.ts";
import { putMicros, readDay, readInstant, type Instant } from "./plain-time.ts";
import { recordMemory, type RecordField, type RecordMemory } from "./record-layout.ts";
import type { TextSource } from "./text-vector.ts";

/** Which column of the file becomes which of the table. */
export interface PlainSelection {
  readonly place: number;
  readonly type: ColumnType;
  readonly field: RecordField;
}

const QUOTE = 0x22;
const NO_DATA = new Uint8Array(0);

/** Puts the value of the text at [start, end) into `target` as row `row`. */
export type PutValue = (bytes: Uint8Array, start: number, end: number, row: number) => void;

interface Reading {
  readonly column: PlainColumn;
  readonly nulls: Uint8Array;
  readonly data: Uint8Array;
  /** Null for text. */
  readonly put: PutValue | null;
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
      const put = type.kind === "utf8" ? null : valuePutter(type, field.width, memory);
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
    let hasNulls = false;
    for (let row = 0; row < rows; row += 1) {
      const start = starts[row] ?? 0;
      const length = lengths[row] ?? 0;
      nulls[row] = 0;
      // A text that is quoted is never null; only of one that is quoted the byte before is a quote.
      if (length <= this.#longestToken && (put !== null || bytes[start - 1] !== QUOTE)) {
        if (this.#isToken(bytes, start, start + length)) {
          nulls[row] = 1;
          hasNulls = true;
          if (put === null) lengths[row] = 0;
          continue;
        }
      }
      if (put !== null) put(bytes, start, start + length, row);
    }
    if (put !== null) return { nulls, hasNulls, data, text: null };
    return { nulls, hasNulls, data: NO_DATA, text: { lengths, starts, nulls, sources: this.#zeros } };
  }

  #isToken(bytes: Uint8Array, start: number, end: number): boolean {
    for (const token of this.#tokens) {
      if (token.length === end - start && token.compare(bytes, start, end) === 0) return true;
    }
    return false;
  }
}

/** Exported for its tests. */
export function valuePutter(type: ColumnType, width: RecordField["width"], target: RecordMemory): PutValue {
  const { words, bytes: flags } = target;
  const instant: Instant = { seconds: 0, micros: 0 };
  switch (type.kind) {
    case "bool":
      return (bytes, start, end, row) => {
        flags[row] = readBool(bytes, start, end);
      };
    case "int": {
      const bits = BigInt(type.bits);
      const range = type.signed
        ? new Range(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n)
        : new Range(0n, 2n ** bits - 1n);
      return scaledPutter(0, range, width, target);
    }
    case "decimal": {
      const most = 10n ** BigInt(type.precision) - 1n;
      return scaledPutter(type.scale, new Range(-most, most), width, target);
    }
    case "float": {
      if (type.bits === 32) {
        const singles = new Float32Array(words.buffer);
        return (bytes, start, end, row) => {
          singles[row] = readSingle(bytes, start, end);
        };
      }
      const doubles = new Float64Array(words.buffer);
      return (bytes, start, end, row) => {
        doubles[row] = readFloat(bytes, start, end);
      };
    }
    case "date":
      return (bytes, start, end, row) => {
        words[row] = readDay(bytes, start, end);
      };
    case "timestamp": {
      const { zone } = type;
      return (bytes, start, end, row) => {
        readInstant(bytes, start, end, zone, instant);
        putMicros(instant, words, 2 * row);
      };
    }
    case "utf8":
      throw new RangeError("text is not put anywhere else");
  }
}

function scaledPutter(
  scale: number,
  range: Range,
  width: RecordField["width"],
  { words, halves, bytes: flags }: RecordMemory,
): PutValue {
  const scaled: Scaled = { value: 0, large: null };
  return (bytes, start, end, row) => {
    readScaled(bytes, start, end, scale, scaled);
    range.check(scaled);
    if (width === 1) flags[row] = scaled.value;
    else if (width === 2) halves[row] = scaled.value;
    else putWords(scaled, words, (row * width) / 4, width / 4);
  };
}
