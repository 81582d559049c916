// Whether two records are of one unit, and an order of units that have equal hashes.
import { HASH_LOW, type RecordLayout, type RecordMemory } from "./record-layout.ts";
import { textWords } from "./text-words.ts";

export class UnitCompare {
  readonly #memory: RecordMemory;
  readonly #fixedWords: number;
  readonly #at: number;
  readonly #width: number;
  readonly #isText: boolean;

  constructor(memory: RecordMemory, layout: RecordLayout, unit: number) {
    const field = layout.fields[unit];
    this.#memory = memory;
    this.#fixedWords = layout.fixedWords;
    this.#at = field?.at ?? 0;
    this.#width = field?.width ?? 4;
    this.#isText = field?.layout === "text";
  }

  areEqual(a: number, b: number): boolean {
    return this.#unitOrder(a, b) === 0;
  }

  /** By the rest of the hash, then by the unit as it lies. */
  compare(a: number, b: number): number {
    const { words } = this.#memory;
    const order = (words[a + HASH_LOW] ?? 0) - (words[b + HASH_LOW] ?? 0);
    return order === 0 ? this.#unitOrder(a, b) : order;
  }

  #unitOrder(a: number, b: number): number {
    const { words, halves, bytes } = this.#memory;
    const at = this.#at;
    if (this.#width === 1) return (bytes[a * 4 + at] ?? 0) - (bytes[b * 4 + at] ?? 0);
    if (this.#width === 2) return (halves[a * 2 + at] ?? 0) - (halves[b * 2 + at] ?? 0);
    if (!this.#isText) return wordOrder(words, a + at, b + at, this.#width / 4);
    const value = words[a + at] ?? 0;
    const order = value - (words[b + at] ?? 0);
    // A unit's text is the first in its record.
    if (order !== 0) return order;
    return wordOrder(words, a + this.#fixedWords, b + this.#fixedWords, textWords(~value));
  }
}

function wordOrder(words: Int32Array, a: number, b: number, count: number): number {
  for (let i = 0; i < count; i += 1) {
    const order = (words[a + i] ?? 0) - (words[b + i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
