// Which pass a row belongs to, by a hash of its key. Both sides hash values alike, so partners meet in one pass; a row
// without a key is of the first. Not secret: who crafts keys that all fall into one pass has his job refused (JOIN_SIZE).
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { murmur3 } from "../aggregate/hash.ts";
import { markNulls } from "./key-words.ts";
import type { KeyType, Share } from "./program.ts";

const SEED = 0x6a6f696e;

/** 0 for rows of this share, -1 for others. */
export function sharedRows(
  { rows, columns }: ColumnBatch,
  keys: readonly number[],
  types: readonly KeyType[],
  { pass, passes }: Share,
): Int32Array {
  const marks = new Int32Array(rows);
  if (passes === 1) return marks;
  const hashes = new Uint32Array(rows);
  const nulls = new Int32Array(rows);
  keys.forEach((key, at) => {
    const vector = columns[key];
    if (vector === undefined) throw new Error("internal: a batch lacks a key");
    markNulls(vector, nulls);
    addHashes(vector, types[at]?.kind ?? "integer", hashes);
  });
  for (let row = 0; row < rows; row += 1) {
    const share = nulls[row] === -1 ? 0 : (hashes[row] ?? 0) % passes;
    if (share !== pass) marks[row] = -1;
  }
  return marks;
}

function addHashes(vector: Vector, kind: KeyType["kind"], hashes: Uint32Array): void {
  const hashAt = hasher(vector, kind);
  hashes.forEach((hash, row) => {
    hashes[row] = Math.imul(hash, 31) + hashAt(row);
  });
}

/** Of numbers the lower 64 bits, drawn out as key-words.ts does. */
function hasher(vector: Vector, kind: KeyType["kind"]): (row: number) => number {
  if (kind === "text") return textHasher(vector);
  const bytes = new Uint8Array(8);
  const pair = new Uint32Array(bytes.buffer);
  if (vector.layout === "number") {
    const { values } = vector;
    const isSigned = vector.type.kind !== "int" || vector.type.signed;
    return (row) => {
      const value = values[row] ?? 0;
      pair[0] = value;
      pair[1] = isSigned && value < 0 ? 0xffff_ffff : 0;
      return murmur3(bytes, SEED);
    };
  }
  if (vector.layout !== "words") throw new Error("internal: a key of another type");
  const { words, wordsPerValue } = vector;
  return (row) => {
    pair[0] = words[row * wordsPerValue] ?? 0;
    pair[1] = words[row * wordsPerValue + 1] ?? 0;
    return murmur3(bytes, SEED);
  };
}

function textHasher(vector: Vector): (row: number) => number {
  if (vector.layout === "dictionary") {
    const encoder = new TextEncoder();
    const hashes = vector.values.map((text) => murmur3(encoder.encode(text), SEED));
    return (row) => hashes[vector.codes[row] ?? 0] ?? 0;
  }
  if (vector.layout !== "utf8") throw new Error("internal: a text of numbers");
  const { offsets, bytes } = vector;
  return (row) => murmur3(bytes.subarray(offsets[row], offsets[row + 1]), SEED);
}
