// The columns of the batch that is being filled: typed arrays of BATCH_ROWS rows, allocated once and used again for
// every batch. Values are copied from DuckDB's memory in stretches, never one by one through an accessor.
import { MAX_BUFFER_BYTES } from "../core/column/batch.ts";
import { BATCH_ROWS, type ColumnType } from "../core/column/type.ts";
import type { DictionaryVector, NumberVector, Vector } from "../core/column/vector.ts";
import { SealroomError } from "../core/errors.ts";
import { appendBits, appendFlags, type Stretch } from "./bit-builder.ts";
import type { ChunkColumn } from "./chunk-column.ts";

export abstract class ColumnBuilder {
  readonly type: ColumnType;
  readonly #validity = new Uint8Array(BATCH_ROWS / 8);
  protected rows = 0;
  #nulls = 0;

  constructor(type: ColumnType) {
    this.type = type;
  }

  append(column: ChunkColumn, stretch: Stretch): void {
    this.#nulls += appendBits(this.#validity, this.rows, column.validity, stretch);
    this.copy(column, stretch);
    this.rows += stretch.to - stretch.from;
  }

  /** The rows so far; shares the arrays, so it is valid until the next append. */
  vector(): Vector {
    return this.view({
      type: this.type,
      rows: this.rows,
      validity: this.#nulls === 0 ? null : this.#validity,
    });
  }

  clear(): void {
    this.rows = 0;
    this.#nulls = 0;
  }

  protected abstract copy(column: ChunkColumn, stretch: Stretch): void;
  protected abstract view(base: Pick<Vector, "type" | "rows" | "validity">): Vector;
}

type Base = Pick<Vector, "type" | "rows" | "validity">;

/** @param codeBits of a column that is sealed under a dictionary of `dictionary`; else null */
export function columnBuilder(
  type: ColumnType,
  dictionary: readonly string[] | null,
  codeBits: 8 | 16 | 32,
): ColumnBuilder {
  if (dictionary !== null) return new CodeBuilder(type, dictionary, codeBits);
  switch (type.kind) {
    case "bool":
      return new BoolBuilder(type);
    case "utf8":
      return new TextBuilder(type);
    case "decimal":
      return new DecimalBuilder(type);
    case "timestamp":
      return new WordsBuilder(type);
    case "int":
      return type.bits === 64 ? new WordsBuilder(type) : new NumberBuilder(type);
    case "float":
    case "date":
      return new NumberBuilder(type);
  }
}

function numberArray(type: ColumnType): NumberVector["values"] {
  if (type.kind === "float") {
    return type.bits === 32 ? new Float32Array(BATCH_ROWS) : new Float64Array(BATCH_ROWS);
  }
  if (type.kind !== "int" || type.bits === 32) {
    return type.kind === "int" && !type.signed ? new Uint32Array(BATCH_ROWS) : new Int32Array(BATCH_ROWS);
  }
  if (type.bits === 16) return type.signed ? new Int16Array(BATCH_ROWS) : new Uint16Array(BATCH_ROWS);
  return type.signed ? new Int8Array(BATCH_ROWS) : new Uint8Array(BATCH_ROWS);
}

class NumberBuilder extends ColumnBuilder {
  readonly #values = numberArray(this.type);
  readonly #bytes = new Uint8Array(this.#values.buffer);

  protected copy({ data, shape }: ChunkColumn, { from, to }: Stretch): void {
    this.#bytes.set(data.subarray(from * shape.width, to * shape.width), this.rows * shape.width);
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "number", values: this.#values };
  }
}

class WordsBuilder extends ColumnBuilder {
  readonly #words = new Uint32Array(2 * BATCH_ROWS);
  readonly #bytes = new Uint8Array(this.#words.buffer);

  protected copy({ data, shape }: ChunkColumn, { from, to }: Stretch): void {
    this.#bytes.set(data.subarray(from * shape.width, to * shape.width), this.rows * shape.width);
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "words", words: this.#words, wordsPerValue: 2 };
  }
}

class DecimalBuilder extends ColumnBuilder {
  readonly #words = new Uint32Array(4 * BATCH_ROWS);

  protected copy({ data, shape }: ChunkColumn, { from, to }: Stretch): void {
    const words = this.#words;
    let at = 4 * this.rows;
    if (shape.width >= 8) {
      const source = new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);
      const step = shape.width / 4;
      for (let row = from; row < to; row += 1, at += 4) {
        const sign = (source[row * step + step - 1] ?? 0) >> 31;
        words[at] = source[row * step] ?? 0;
        words[at + 1] = source[row * step + 1] ?? 0;
        words[at + 2] = step === 4 ? (source[row * step + 2] ?? 0) : sign;
        words[at + 3] = step === 4 ? (source[row * step + 3] ?? 0) : sign;
      }
      return;
    }
    const source =
      shape.width === 2
        ? new Int16Array(data.buffer, data.byteOffset, data.byteLength / 2)
        : new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    for (let row = from; row < to; row += 1, at += 4) {
      const value = source[row] ?? 0;
      words[at] = value;
      words.fill(value >> 31, at + 1, at + 4);
    }
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "words", words: this.#words, wordsPerValue: 4 };
  }
}

class BoolBuilder extends ColumnBuilder {
  readonly #bits = new Uint8Array(BATCH_ROWS / 8);

  protected copy({ data }: ChunkColumn, { from, to }: Stretch): void {
    appendFlags(this.#bits, this.rows, data, { from, to });
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "bits", values: this.#bits };
  }
}

class CodeBuilder extends ColumnBuilder {
  readonly #codes: DictionaryVector["codes"];
  readonly #strings: readonly string[];

  constructor(type: ColumnType, strings: readonly string[], bits: 8 | 16 | 32) {
    super(type);
    this.#strings = strings;
    const arrays = { 8: Int8Array, 16: Int16Array, 32: Int32Array } as const;
    this.#codes = new arrays[bits](BATCH_ROWS);
  }

  protected copy({ data, shape }: ChunkColumn, { from, to }: Stretch): void {
    const { buffer, byteOffset, byteLength } = data;
    const codes =
      shape.width === 1
        ? data
        : shape.width === 2
          ? new Uint16Array(buffer, byteOffset, byteLength / 2)
          : new Uint32Array(buffer, byteOffset, byteLength / 4);
    this.#codes.set(codes.subarray(from, to), this.rows);
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "dictionary", codes: this.#codes, values: this.#strings };
  }
}

const FIRST_TEXT_BYTES = 1024 * 1024;

class TextBuilder extends ColumnBuilder {
  readonly #offsets = new Int32Array(BATCH_ROWS + 1);
  #bytes = new Uint8Array(FIRST_TEXT_BYTES);

  protected copy({ text }: ChunkColumn, { from, to }: Stretch): void {
    if (text === null) throw new RangeError("no text was gathered");
    const { offsets, bytes } = text;
    const start = offsets[from] ?? 0;
    const end = offsets[to] ?? 0;
    const used = this.#offsets[this.rows] ?? 0;
    this.#reserve(used + end - start);
    this.#bytes.set(bytes.subarray(start, end), used);
    const shift = used - start;
    for (let row = from; row < to; row += 1) {
      this.#offsets[this.rows + row - from + 1] = (offsets[row + 1] ?? 0) + shift;
    }
  }

  #reserve(bytes: number): void {
    if (bytes > MAX_BUFFER_BYTES) throw new SealroomError("OWNER_TEXT", { bytes, limit: MAX_BUFFER_BYTES });
    if (bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.min(MAX_BUFFER_BYTES, 2 ** Math.ceil(Math.log2(bytes))));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  protected view(base: Base): Vector {
    return { ...base, layout: "utf8", offsets: this.#offsets, bytes: this.#bytes };
  }
}
