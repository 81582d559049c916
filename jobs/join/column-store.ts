// One column of the rows that a join holds, as it grows, and then put together from all objects in memory that threads
// share. Text is bytes, whichever way it came: as strings it would be many times as large.
import type { ColumnType } from "../../core/column/type.ts";
import { isSet } from "../../core/column/validity.ts";
import type { NumberVector, Utf8Vector, Vector } from "../../core/column/vector.ts";
import { gather } from "./gather.ts";

/** Vectors of rows that come one after another; of one type and layout, no dictionaries. */
export interface StoredColumn {
  readonly parts: readonly Exclude<Vector, { readonly layout: "dictionary" }>[];
}

export class ColumnStore {
  readonly #parts: Exclude<Vector, { readonly layout: "dictionary" }>[] = [];
  #bytes = 0;
  /** Of an object, whose batches have it in common. */
  #dictionary: readonly string[] | null = null;
  #texts: readonly Uint8Array[] = [];

  /** Of values, as they are held. */
  get bytes(): number {
    return this.#bytes;
  }

  add(vector: Vector, rows: Int32Array): void {
    const picked = gather(vector, rows);
    const part = picked.layout === "dictionary" ? spelledOut(picked, this.#textsOf(picked.values)) : picked;
    this.#parts.push(part);
    this.#bytes += valueBytes(part);
  }

  #textsOf(values: readonly string[]): readonly Uint8Array[] {
    if (this.#dictionary === values) return this.#texts;
    const encoder = new TextEncoder();
    this.#dictionary = values;
    this.#texts = values.map((text) => encoder.encode(text));
    return this.#texts;
  }

  /** Undefined where there was no batch. */
  finish(): StoredColumn | undefined {
    return this.#parts.length === 0 ? undefined : { parts: this.#parts };
  }
}

export function valueBytes(vector: StoredColumn["parts"][number]): number {
  switch (vector.layout) {
    case "bits":
    case "number":
      return vector.values.byteLength;
    case "words":
      return vector.words.byteLength;
    case "utf8":
      return vector.bytes.byteLength + vector.offsets.byteLength;
  }
}

function spelledOut(
  { type, rows, validity, codes }: Extract<Vector, { readonly layout: "dictionary" }>,
  texts: readonly Uint8Array[],
): Utf8Vector {
  const offsets = new Int32Array(rows + 1);
  const textOf = (row: number): Uint8Array | undefined =>
    isSet(validity, row) ? texts[codes[row] ?? 0] : undefined;
  for (let row = 0; row < rows; row += 1) {
    offsets[row + 1] = (offsets[row] ?? 0) + (textOf(row)?.length ?? 0);
  }
  const bytes = new Uint8Array(offsets[rows] ?? 0);
  for (let row = 0; row < rows; row += 1) {
    const text = textOf(row);
    if (text !== undefined) bytes.set(text, offsets[row] ?? 0);
  }
  return { type, rows, validity, layout: "utf8", offsets, bytes };
}

/** All parts as one vector over shared memory; of a column without rows, one of none. */
export function sharedVector(type: ColumnType, columns: readonly StoredColumn[], rows: number): Vector {
  const parts = columns.flatMap((column) => column.parts);
  const [first] = parts;
  const base = { type, rows, validity: sharedValidity(parts, rows) };
  if (first === undefined) return emptyVector(type);
  switch (first.layout) {
    case "bits":
      return { ...base, layout: "bits", values: sharedBits(parts, rows) };
    case "number": {
      const values = shared(first.values, rows);
      let at = 0;
      for (const part of parts) {
        if (part.layout === "number") values.set(part.values, at);
        at += part.rows;
      }
      return { ...base, layout: "number", values };
    }
    case "words": {
      const { wordsPerValue } = first;
      const words = shared(first.words, rows * wordsPerValue);
      let at = 0;
      for (const part of parts) {
        if (part.layout === "words") words.set(part.words, at);
        at += part.rows * wordsPerValue;
      }
      return { ...base, layout: "words", words, wordsPerValue };
    }
    case "utf8":
      return { ...base, layout: "utf8", ...sharedText(parts, rows) };
  }
}

function emptyVector(type: ColumnType): Vector {
  const base = { type, rows: 0, validity: null };
  switch (type.kind) {
    case "utf8":
      return { ...base, layout: "utf8", offsets: new Int32Array(1), bytes: new Uint8Array(0) };
    case "bool":
      return { ...base, layout: "bits", values: new Uint8Array(0) };
    case "decimal":
      return { ...base, layout: "words", words: new Uint32Array(0), wordsPerValue: 4 };
    case "timestamp":
      return { ...base, layout: "words", words: new Uint32Array(0), wordsPerValue: 2 };
    case "int":
      if (type.bits === 64) return { ...base, layout: "words", words: new Uint32Array(0), wordsPerValue: 2 };
      if (type.bits === 8) return { ...base, layout: "number", values: new Int8Array(0) };
      return { ...base, layout: "number", values: new Int32Array(0) };
    case "date":
      return { ...base, layout: "number", values: new Int32Array(0) };
    case "float":
      return { ...base, layout: "number", values: new Float64Array(0) };
  }
}

function shared<T extends NumberVector["values"] | Uint32Array>(like: T, length: number): T {
  const kind = like.constructor as new (buffer: SharedArrayBuffer) => T;
  return new kind(new SharedArrayBuffer(length * like.BYTES_PER_ELEMENT));
}

function sharedText(parts: StoredColumn["parts"], rows: number): Pick<Utf8Vector, "offsets" | "bytes"> {
  const texts = parts.flatMap((part) => (part.layout === "utf8" ? [part] : []));
  const offsets = shared(new Int32Array(0), rows + 1);
  const bytes = shared(
    new Uint8Array(0),
    texts.reduce((sum, part) => sum + part.bytes.length, 0),
  );
  let [row, at] = [0, 0];
  for (const part of texts) {
    bytes.set(part.bytes, at);
    for (let of = 1; of <= part.rows; of += 1) offsets[row + of] = at + (part.offsets[of] ?? 0);
    row += part.rows;
    at += part.bytes.length;
  }
  return { offsets, bytes };
}

function sharedValidity(parts: StoredColumn["parts"], rows: number): Uint8Array | null {
  if (parts.every(({ validity }) => validity === null)) return null;
  return putBits(parts, rows, (part, row) => isSet(part.validity, row));
}

function sharedBits(parts: StoredColumn["parts"], rows: number): Uint8Array {
  return putBits(parts, rows, (part, row) => part.layout === "bits" && isSet(part.values, row));
}

function putBits(
  parts: StoredColumn["parts"],
  rows: number,
  isOne: (part: StoredColumn["parts"][number], row: number) => boolean,
): Uint8Array {
  const bits = shared(new Uint8Array(0), (rows + 7) >>> 3);
  let at = 0;
  for (const part of parts) {
    for (let row = 0; row < part.rows; row += 1, at += 1) {
      if (isOne(part, row)) bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
    }
  }
  return bits;
}
