// A growing hash table from keys of a few 32-bit words to dense codes 0, 1, 2.. in order of first appearance.
// Open addressing on typed arrays, at most half full. The hash has no secret: keys are the owner's own data, and
// whoever crafts collisions slows down only jobs over his own data set.
import { PolicyError } from "../../core/errors.ts";

const FREE = -1;
const FIRST_SLOTS = 1024;

export class WordTable {
  readonly #width: number;
  readonly #limit: number;
  #slots: Int32Array = new Int32Array(FIRST_SLOTS).fill(FREE);
  #keys: Uint32Array;
  #size = 0;

  /** Keys have `width` words; the table refuses to hold more than `limit` of them. */
  constructor(width: number, limit: number) {
    this.#width = width;
    this.#limit = limit;
    this.#keys = new Uint32Array((FIRST_SLOTS / 2) * width);
  }

  get size(): number {
    return this.#size;
  }

  word(code: number, at: number): number {
    return this.#keys[code * this.#width + at] ?? 0;
  }

  /**
   * Codes of `count` keys that lie one after the other in `words`. Where `codes[i]` is negative on entry, key i is
   * passed over and the entry kept. Errors: GATE_GROUPS, with no number: how many keys there are is data.
   */
  encode(words: Uint32Array, count: number, codes: Int32Array): void {
    if (this.#width === 1) this.#encodeSingle(words, count, codes);
    else this.#encodeTuples(words, count, codes);
  }

  #encodeSingle(words: Uint32Array, count: number, codes: Int32Array): void {
    let slots = this.#slots;
    for (let i = 0; i < count; i += 1) {
      if ((codes[i] ?? 0) < 0) continue;
      const word = words[i] ?? 0;
      let slot = mix(word) & (slots.length - 1);
      let code = slots[slot] ?? FREE;
      while (code !== FREE && this.#keys[code] !== word) {
        slot = (slot + 1) & (slots.length - 1);
        code = slots[slot] ?? FREE;
      }
      if (code === FREE) {
        code = this.#insert(words, i, slot);
        slots = this.#slots;
      }
      codes[i] = code;
    }
  }

  #encodeTuples(words: Uint32Array, count: number, codes: Int32Array): void {
    const width = this.#width;
    let slots = this.#slots;
    for (let i = 0; i < count; i += 1) {
      if ((codes[i] ?? 0) < 0) continue;
      let slot = hashWords(words, i * width, width) & (slots.length - 1);
      let code = slots[slot] ?? FREE;
      while (code !== FREE && !this.#isKey(code, words, i)) {
        slot = (slot + 1) & (slots.length - 1);
        code = slots[slot] ?? FREE;
      }
      if (code === FREE) {
        code = this.#insert(words, i, slot);
        slots = this.#slots;
      }
      codes[i] = code;
    }
  }

  #isKey(code: number, words: Uint32Array, index: number): boolean {
    const width = this.#width;
    for (let at = 0; at < width; at += 1) {
      if (this.#keys[code * width + at] !== words[index * width + at]) return false;
    }
    return true;
  }

  #insert(words: Uint32Array, index: number, slot: number): number {
    if (this.#size >= this.#limit) throw new PolicyError("GATE_GROUPS");
    const code = this.#size;
    const width = this.#width;
    this.#keys.set(words.subarray(index * width, (index + 1) * width), code * width);
    this.#slots[slot] = code;
    this.#size = code + 1;
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    return code;
  }

  #grow(): void {
    const width = this.#width;
    const keys = new Uint32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const slots = new Int32Array(this.#slots.length * 2).fill(FREE);
    for (let code = 0; code < this.#size; code += 1) {
      const hash = width === 1 ? mix(keys[code] ?? 0) : hashWords(keys, code * width, width);
      let slot = hash & (slots.length - 1);
      while (slots[slot] !== FREE) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = code;
    }
    this.#slots = slots;
  }
}

/** A finalizer in the manner of MurmurHash3: every bit of the word moves the low bits that pick the slot. */
function mix(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function hashWords(words: Uint32Array, from: number, width: number): number {
  let hash = width;
  for (let at = from; at < from + width; at += 1) hash = mix(Math.imul(hash, 0x9e3779b1) ^ (words[at] ?? 0));
  return hash;
}
