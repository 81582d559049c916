// One column of a batch, filled by a few thousand records at a time: values converted, texts copied to the end of each
// other. Its memory is used again for the batch after the next, as that of what is read of an object is.
import { bitmapBytes, valueWidth } from "../column/batch.ts";
import { numbersOf } from "../column/numbers.ts";
import type { ColumnType } from "../column/type.ts";
import type { Vector } from "../column/vector.ts";
import { valueMemory, valuesPutter, type PutValues, type ValueMemory, type ValueWidth } from "./put.ts";
import type { CsvFields } from "./records.ts";

export class CsvColumn {
  readonly type: ColumnType;
  readonly #validity: Uint8Array;
  #hasNulls = false;
  /** Null of text. */
  readonly #values: Values | null;
  readonly #texts: Texts | null;

  /** @param chunk the most records that are added at once */
  constructor(type: ColumnType, rows: number, chunk: number) {
    this.type = type;
    this.#validity = new Uint8Array(bitmapBytes(rows));
    this.#values = type.kind === "utf8" ? null : new Values(type, rows, chunk);
    this.#texts = type.kind === "utf8" ? new Texts(rows) : null;
  }

  /** Of texts, in the present batch. */
  get textBytes(): number {
    return this.#texts?.length ?? 0;
  }

  /** The records from row `at` on. @throws CsvFault of part `value` */
  add(
    bytes: Uint8Array,
    fields: CsvFields,
    nulls: Uint8Array,
    hasNulls: boolean,
    rows: number,
    at: number,
  ): void {
    if (at === 0) this.#hasNulls = false;
    this.#values?.add(bytes, fields, nulls, rows, at);
    this.#texts?.add(bytes, fields, nulls, rows, at);
    if (!hasNulls && !this.#hasNulls) return;
    if (!this.#hasNulls) setBits(this.#validity, 0, at);
    this.#hasNulls = true;
    for (let row = 0; row < rows; row += 1) setBit(this.#validity, at + row, nulls[row] === 0 ? 1 : 0);
  }

  vector(rows: number): Vector {
    const { type } = this;
    const validity = this.#hasNulls ? this.#validity.subarray(0, bitmapBytes(rows)) : null;
    const base = { type, rows, validity };
    if (this.#texts !== null) return { ...base, layout: "utf8", ...this.#texts.take(rows) };
    const bytes = this.#values?.take(rows) ?? new Uint8Array(0);
    if (type.kind === "bool") return { ...base, layout: "bits", values: bytes };
    const values = numbersOf(type, bytes);
    if (values !== undefined) return { ...base, layout: "number", values };
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    return { ...base, layout: "words", words, wordsPerValue: type.kind === "decimal" ? 4 : 2 };
  }
}

/** Converted beside each other for a chunk of records, then put behind those before. */
class Values {
  readonly #isBits: boolean;
  readonly #width: ValueWidth;
  readonly #chunk: ValueMemory;
  readonly #put: PutValues;
  readonly #bytes: Uint8Array;

  constructor(type: ColumnType, rows: number, chunk: number) {
    this.#isBits = type.kind === "bool";
    this.#width = this.#isBits ? 1 : (valueWidth(type) as ValueWidth);
    this.#chunk = valueMemory(Math.ceil((chunk * this.#width) / 4));
    this.#put = valuesPutter(type, this.#width, this.#chunk);
    this.#bytes = new Uint8Array(this.#isBits ? bitmapBytes(rows) : rows * this.#width);
  }

  add(bytes: Uint8Array, fields: CsvFields, nulls: Uint8Array, rows: number, at: number): void {
    this.#put(bytes, fields, nulls, rows);
    const values = this.#chunk.bytes;
    if (this.#isBits) for (let row = 0; row < rows; row += 1) setBit(this.#bytes, at + row, values[row] ?? 0);
    else this.#bytes.set(values.subarray(0, rows * this.#width), at * this.#width);
  }

  take(rows: number): Uint8Array {
    return this.#bytes.subarray(0, this.#isBits ? bitmapBytes(rows) : rows * this.#width);
  }
}

class Texts {
  readonly #offsets: Int32Array;
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;

  constructor(rows: number) {
    this.#offsets = new Int32Array(rows + 1);
  }

  get length(): number {
    return this.#length;
  }

  add(source: Uint8Array, { starts, lengths }: CsvFields, nulls: Uint8Array, rows: number, at: number): void {
    const offsets = this.#offsets;
    let end = at === 0 ? 0 : this.#length;
    let more = 0;
    for (let row = 0; row < rows; row += 1) if (nulls[row] === 0) more += lengths[row] ?? 0;
    this.#reserve(end + more);
    const bytes = this.#bytes;
    for (let row = 0; row < rows; row += 1) {
      if (nulls[row] === 0) {
        const start = starts[row] ?? 0;
        const length = lengths[row] ?? 0;
        for (let i = 0; i < length; i += 1) bytes[end + i] = source[start + i] ?? 0;
        end += length;
      }
      offsets[at + row + 1] = end;
    }
    this.#length = end;
  }

  take(rows: number): { readonly offsets: Int32Array; readonly bytes: Uint8Array } {
    return { offsets: this.#offsets.subarray(0, rows + 1), bytes: this.#bytes.subarray(0, this.#length) };
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.ceil(bytes * 1.5));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

function setBit(bits: Uint8Array, at: number, bit: number): void {
  const byte = at >> 3;
  const mask = 1 << (at & 7);
  bits[byte] = bit === 0 ? (bits[byte] ?? 0) & ~mask : (bits[byte] ?? 0) | mask;
}

function setBits(bits: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += 1) setBit(bits, at, 1);
}
