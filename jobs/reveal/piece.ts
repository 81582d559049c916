// Rows that are kept of batches, one vector a column, and how they are cut out and put together. Copies, always: a batch's
// own memory is used again. No vector is of codes: a dictionary would list strings that no row has.
import type { NumberVector, Utf8Vector, Vector } from "../../core/column/vector.ts";

export interface Piece {
  readonly rows: number;
  readonly vectors: readonly Vector[];
}

/** These rows of the vector, in this order. */
export function cut(vector: Vector, rows: Int32Array): Vector {
  const base = { type: vector.type, rows: rows.length, validity: cutBits(vector.validity, rows) };
  switch (vector.layout) {
    case "bits":
      return { ...base, layout: "bits", values: cutBits(vector.values, rows) ?? new Uint8Array(0) };
    case "number": {
      const values = roomLike(vector.values, rows.length);
      for (let at = 0; at < rows.length; at++) values[at] = vector.values[rows[at] ?? 0] ?? 0;
      return { ...base, layout: "number", values };
    }
    case "words": {
      const { wordsPerValue } = vector;
      const words = new Uint32Array(rows.length * wordsPerValue);
      for (let at = 0; at < rows.length; at++) {
        const from = (rows[at] ?? 0) * wordsPerValue;
        words.set(vector.words.subarray(from, from + wordsPerValue), at * wordsPerValue);
      }
      return { ...base, layout: "words", words, wordsPerValue };
    }
    case "utf8": {
      const texts = Array.from(rows, (row) =>
        vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1]),
      );
      return { ...base, layout: "utf8", ...laidOut(texts) };
    }
    case "dictionary": {
      const encoder = new TextEncoder();
      // The code of a row that is null may be anything.
      const texts = Array.from(rows, (row) => encoder.encode(vector.values[vector.codes[row] ?? -1] ?? ""));
      return { ...base, layout: "utf8", ...laidOut(texts) };
    }
  }
}

function cutBits(bits: Uint8Array | null, rows: Int32Array): Uint8Array | null {
  if (bits === null) return null;
  const given = new Uint8Array((rows.length + 7) >> 3);
  for (let at = 0; at < rows.length; at++) if (isSet(bits, rows[at] ?? 0)) setBit(given, at);
  return given;
}

/** One piece of all, in their order; of the same columns. */
export function join(pieces: readonly Piece[]): Piece {
  const [first, ...more] = pieces;
  if (first === undefined) throw new Error("internal: a piece of nothing");
  if (more.length === 0) return first;
  return {
    rows: pieces.reduce((sum, { rows }) => sum + rows, 0),
    vectors: first.vectors.map((_, column) =>
      joinVectors(pieces.flatMap((piece) => piece.vectors[column] ?? [])),
    ),
  };
}

function joinVectors(vectors: readonly Vector[]): Vector {
  const [first] = vectors;
  if (first === undefined) throw new Error("internal: a column of nothing");
  const rows = vectors.reduce((sum, vector) => sum + vector.rows, 0);
  const base = { type: first.type, rows, validity: joinValidity(vectors, rows) };
  switch (first.layout) {
    case "bits": {
      const bits = vectors.map((vector) => (vector.layout === "bits" ? vector.values : null));
      return { ...base, layout: "bits", values: joinBits(vectors, bits, rows) };
    }
    case "number": {
      const values = roomLike(first.values, rows);
      let at = 0;
      for (const vector of vectors) {
        if (vector.layout === "number") values.set(vector.values.subarray(0, vector.rows), at);
        at += vector.rows;
      }
      return { ...base, layout: "number", values };
    }
    case "words": {
      const { wordsPerValue } = first;
      const words = new Uint32Array(rows * wordsPerValue);
      let at = 0;
      for (const vector of vectors) {
        if (vector.layout === "words") words.set(vector.words.subarray(0, vector.rows * wordsPerValue), at);
        at += vector.rows * wordsPerValue;
      }
      return { ...base, layout: "words", words, wordsPerValue };
    }
    case "utf8": {
      const texts = vectors.filter((vector) => vector.layout === "utf8");
      return { ...base, layout: "utf8", ...joinTexts(texts, rows) };
    }
    case "dictionary":
      throw new Error("internal: codes in a piece");
  }
}

function joinTexts(vectors: readonly Utf8Vector[], rows: number): Pick<Utf8Vector, "offsets" | "bytes"> {
  const offsets = new Int32Array(rows + 1);
  let [at, end] = [0, 0];
  for (const vector of vectors) {
    const first = vector.offsets[0] ?? 0;
    for (let row = 0; row < vector.rows; row++) {
      offsets[at + row + 1] = end + (vector.offsets[row + 1] ?? 0) - first;
    }
    at += vector.rows;
    end = offsets[at] ?? 0;
  }
  const bytes = new Uint8Array(end);
  at = 0;
  for (const vector of vectors) {
    bytes.set(vector.bytes.subarray(vector.offsets[0], vector.offsets[vector.rows]), offsets[at]);
    at += vector.rows;
  }
  return { offsets, bytes };
}

function joinValidity(vectors: readonly Vector[], rows: number): Uint8Array | null {
  if (vectors.every(({ validity }) => validity === null)) return null;
  return joinBits(
    vectors,
    vectors.map(({ validity }) => validity),
    rows,
  );
}

/** Where there are no bits, all are set. */
function joinBits(
  vectors: readonly Vector[],
  bits: readonly (Uint8Array | null)[],
  rows: number,
): Uint8Array {
  const given = new Uint8Array((rows + 7) >> 3);
  let before = 0;
  for (const [at, vector] of vectors.entries()) {
    const own = bits[at] ?? null;
    for (let row = 0; row < vector.rows; row++) {
      if (own === null || isSet(own, row)) setBit(given, before + row);
    }
    before += vector.rows;
  }
  return given;
}

function isSet(bits: Uint8Array, at: number): boolean {
  return (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
}

function roomLike(values: NumberVector["values"], length: number): NumberVector["values"] {
  return Reflect.construct(values.constructor, [length]) as NumberVector["values"];
}

function laidOut(texts: readonly Uint8Array[]): { readonly offsets: Int32Array; readonly bytes: Uint8Array } {
  const offsets = new Int32Array(texts.length + 1);
  for (const [at, text] of texts.entries()) offsets[at + 1] = (offsets[at] ?? 0) + text.length;
  const bytes = new Uint8Array(offsets[texts.length] ?? 0);
  for (const [at, text] of texts.entries()) bytes.set(text, offsets[at]);
  return { offsets, bytes };
}

/** What the piece takes in memory and, nearly, in an Arrow file. */
export function bytesOf({ vectors }: Piece): number {
  return vectors.reduce((sum, vector) => sum + (vector.validity?.length ?? 0) + valueBytes(vector), 0);
}

function valueBytes(vector: Vector): number {
  switch (vector.layout) {
    case "bits":
    case "number":
      return vector.values.byteLength;
    case "words":
      return vector.words.byteLength;
    case "utf8":
      return vector.offsets.byteLength + vector.bytes.length;
    case "dictionary":
      return vector.codes.byteLength;
  }
}
