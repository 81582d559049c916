// Zeroes what no reader should see before a vector is exported: the slots of null rows and the bits past the
// last row (the Arrow project's security notes: uninitialised null slots leak memory).
import type { Vector } from "./vector.ts";

/** The bitmap's bytes for `rows` rows, its spare bits zero. Changes the bitmap in place. */
export function clearSpareBits(bits: Uint8Array, rows: number): Uint8Array {
  const bytes = bits.subarray(0, (rows + 7) >> 3);
  const spare = rows & 7;
  const last = bytes.length - 1;
  if (spare !== 0) bytes[last] = (bytes[last] ?? 0) & ((1 << spare) - 1);
  return bytes;
}

/** Zeroes the slots of null rows in place. Text keeps its offsets and loses its bytes. */
export function clearNulls(vector: Vector, rows: number): void {
  const { validity } = vector;
  if (validity === null) return;
  if (vector.layout === "bits") {
    for (let i = 0; i < (rows + 7) >> 3; i += 1) {
      vector.values[i] = (vector.values[i] ?? 0) & (validity[i] ?? 0);
    }
    return;
  }
  const clear = clearerOf(vector);
  for (let byte = 0; byte < (rows + 7) >> 3; byte += 1) {
    const bits = validity[byte] ?? 0;
    if (bits === 0xff) continue;
    const end = Math.min(rows, byte * 8 + 8);
    for (let row = byte * 8; row < end; row += 1) {
      if (((bits >> (row & 7)) & 1) === 0) clear(row);
    }
  }
}

function clearerOf(vector: Exclude<Vector, { layout: "bits" }>): (row: number) => void {
  switch (vector.layout) {
    case "number": {
      const { values } = vector;
      return (row) => {
        values[row] = 0;
      };
    }
    case "words": {
      const { words, wordsPerValue } = vector;
      return (row) => words.fill(0, row * wordsPerValue, (row + 1) * wordsPerValue);
    }
    case "dictionary": {
      const { codes } = vector;
      return (row) => {
        codes[row] = 0;
      };
    }
    case "utf8": {
      const { offsets, bytes } = vector;
      return (row) => bytes.fill(0, offsets[row], offsets[row + 1]);
    }
  }
}
