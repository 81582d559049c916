// A vector's cells as plain values, one by one: slow and short, for tests to compare with.
import type { Vector } from "../../core/column/vector.ts";

export type TestCell = string | number | bigint | boolean | null;

export function cellsOf(vector: Vector): readonly TestCell[] {
  const { validity } = vector;
  return Array.from({ length: vector.rows }, (_, row) => {
    if (validity !== null && (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 0) return null;
    return cellOf(vector, row);
  });
}

function cellOf(vector: Vector, row: number): TestCell {
  switch (vector.layout) {
    case "bits":
      return (((vector.values[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
    case "number":
      return vector.values[row] ?? 0;
    case "words": {
      const { words, wordsPerValue } = vector;
      const parts = Array.from(words.subarray(row * wordsPerValue, (row + 1) * wordsPerValue)).toReversed();
      return BigInt.asIntN(
        32 * wordsPerValue,
        parts.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n),
      );
    }
    case "dictionary":
      return vector.values[vector.codes[row] ?? 0] ?? null;
    case "utf8":
      return new TextDecoder().decode(vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1]));
  }
}
