// Columns of values of one width, gathered from records: numbers, 64-bit words, decimals and flags.
import { BATCH_ROWS } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { NumberVector, Vector } from "../../core/column/vector.ts";
import { ColumnBuilder } from "./column-builder.ts";
import type { BuilderColumn, VectorBase } from "./column-builder.ts";
import type { RecordPart } from "./row-stream.ts";

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

/** Values of `count` words from records to `target`; one word and two have loops of their own. */
function gatherWords(
  { memory: { words }, at, rows }: RecordPart,
  field: number,
  count: number,
  target: Int32Array,
  next: number,
): void {
  if (count === 1) {
    for (let row = 0; row < rows; row += 1) target[next++] = words[(at[row] ?? 0) + field] ?? 0;
    return;
  }
  for (let row = 0; row < rows; row += 1, next += 2) {
    const record = (at[row] ?? 0) + field;
    target[next] = words[record] ?? 0;
    target[next + 1] = words[record + 1] ?? 0;
  }
}

/** Bits of whatever kind of number, moved as integers: a float's NaN keeps its bits. */
export class NumberBuilder extends ColumnBuilder {
  readonly #values: NumberVector["values"];
  readonly #words: Int32Array;
  readonly #halves: Int16Array;
  readonly #bytes: Uint8Array;

  constructor(column: BuilderColumn) {
    super(column);
    this.#values = numberArray(column.type);
    this.#words = new Int32Array(this.#values.buffer);
    this.#halves = new Int16Array(this.#values.buffer);
    this.#bytes = new Uint8Array(this.#values.buffer);
  }

  protected copy(part: RecordPart): void {
    const { width, at: field } = this.field;
    const { memory, at, rows } = part;
    let next = this.rows;
    if (width === 1) {
      for (let row = 0; row < rows; row += 1) {
        this.#bytes[next++] = memory.bytes[(at[row] ?? 0) * 4 + field] ?? 0;
      }
    } else if (width === 2) {
      for (let row = 0; row < rows; row += 1) {
        this.#halves[next++] = memory.halves[(at[row] ?? 0) * 2 + field] ?? 0;
      }
    } else {
      const count = width / 4;
      gatherWords(part, field, count, this.#words, next * count);
    }
  }

  protected view(base: VectorBase): Vector {
    return { ...base, layout: "number", values: this.#values };
  }
}

export class WordsBuilder extends ColumnBuilder {
  readonly #words = new Uint32Array(2 * BATCH_ROWS);
  readonly #signed = new Int32Array(this.#words.buffer);

  protected copy(part: RecordPart): void {
    gatherWords(part, this.field.at, 2, this.#signed, 2 * this.rows);
  }

  protected view(base: VectorBase): Vector {
    return { ...base, layout: "words", words: this.#words, wordsPerValue: 2 };
  }
}

/** Widens what DuckDB keeps in 2 to 16 bytes to 16, with its sign. */
export class DecimalBuilder extends ColumnBuilder {
  readonly #words = new Uint32Array(4 * BATCH_ROWS);
  readonly #signed = new Int32Array(this.#words.buffer);

  protected copy({ memory, at, rows }: RecordPart): void {
    const { width, at: field } = this.field;
    const words = this.#signed;
    let next = 4 * this.rows;
    for (let row = 0; row < rows; row += 1, next += 4) {
      const record = at[row] ?? 0;
      if (width === 16) {
        for (let i = 0; i < 4; i += 1) words[next + i] = memory.words[record + field + i] ?? 0;
        continue;
      }
      const low =
        width === 2 ? (memory.halves[record * 2 + field] ?? 0) : (memory.words[record + field] ?? 0);
      const high = width === 8 ? (memory.words[record + field + 1] ?? 0) : low >> 31;
      words[next] = low;
      words[next + 1] = high;
      words[next + 2] = high >> 31;
      words[next + 3] = high >> 31;
    }
  }

  protected view(base: VectorBase): Vector {
    return { ...base, layout: "words", words: this.#words, wordsPerValue: 4 };
  }
}

export class BoolBuilder extends ColumnBuilder {
  readonly #bits = new Uint8Array(BATCH_ROWS / 8);

  protected copy({ memory, at, rows }: RecordPart): void {
    const field = this.field.at;
    for (let row = 0, bit = this.rows; row < rows; row += 1, bit += 1) {
      const mask = 1 << (bit & 7);
      const byte = this.#bits[bit >> 3] ?? 0;
      this.#bits[bit >> 3] = memory.bytes[(at[row] ?? 0) * 4 + field] === 0 ? byte & ~mask : byte | mask;
    }
  }

  protected view(base: VectorBase): Vector {
    return { ...base, layout: "bits", values: this.#bits };
  }
}
