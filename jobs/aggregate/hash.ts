// A fixed hash of 64 bits for values: two MurmurHash3_x86_32 (Austin Appleby, public domain) of the same bytes, with
// two seeds. Not secret: what is made of it is only released coarsely, and equal values have to meet on all machines.
import type { Vector } from "../../core/column/vector.ts";
import { CHUNK_ROWS } from "./chunk.ts";

const SEEDS = [0x53656131, 0x6c726d32] as const;

/** Hashes of the values that a chunk's rows have; the arrays are reused. */
export class ValueHasher {
  readonly high: Uint32Array = new Uint32Array(CHUNK_ROWS);
  readonly low: Uint32Array = new Uint32Array(CHUNK_ROWS);
  readonly #float = new Float64Array(1);
  /** Of the dictionary that was met last. */
  #dictionary: readonly string[] | null = null;
  #entries: readonly (readonly [number, number])[] = [];

  /** Of the rows `rowAt(0)` up to `rowAt(count - 1)`, all of which have a value; at most a chunk. */
  hash(vector: Vector, rowAt: (index: number) => number, count: number): void {
    const hashAt = this.#hashOf(vector);
    for (let i = 0; i < count; i += 1) {
      const [high, low] = hashAt(rowAt(i));
      this.high[i] = high;
      this.low[i] = low;
    }
  }

  #hashOf(vector: Vector): (row: number) => readonly [number, number] {
    switch (vector.layout) {
      case "bits": {
        const { values } = vector;
        return (row) => hashBytes(Uint8Array.of(((values[row >>> 3] ?? 0) >>> (row & 7)) & 1));
      }
      case "number": {
        const [{ values }, float] = [vector, this.#float];
        const bytes = new Uint8Array(float.buffer);
        return (row) => {
          // Negative zero is zero.
          float[0] = (values[row] ?? 0) + 0;
          return hashBytes(bytes);
        };
      }
      case "words": {
        const { words, wordsPerValue: width } = vector;
        const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
        return (row) => hashBytes(bytes.subarray(4 * width * row, 4 * width * (row + 1)));
      }
      case "utf8": {
        const { offsets, bytes } = vector;
        return (row) => hashBytes(bytes.subarray(offsets[row], offsets[row + 1]));
      }
      case "dictionary": {
        if (this.#dictionary !== vector.values) {
          const encoder = new TextEncoder();
          this.#dictionary = vector.values;
          this.#entries = vector.values.map((text) => hashBytes(encoder.encode(text)));
        }
        const [{ codes }, entries] = [vector, this.#entries];
        return (row) => entries[codes[row] ?? 0] ?? [0, 0];
      }
    }
  }
}

export function hashBytes(bytes: Uint8Array): readonly [high: number, low: number] {
  return [murmur3(bytes, SEEDS[0]), murmur3(bytes, SEEDS[1])];
}

/** MurmurHash3_x86_32. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const whole = bytes.length & ~3;
  let hash = seed;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(wordAt(bytes, at, 4));
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  if (bytes.length > whole) hash ^= scramble(wordAt(bytes, whole, bytes.length - whole));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function wordAt(bytes: Uint8Array, at: number, length: number): number {
  let word = 0;
  for (let byte = length - 1; byte >= 0; byte -= 1) word = (word << 8) | (bytes[at + byte] ?? 0);
  return word;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}
