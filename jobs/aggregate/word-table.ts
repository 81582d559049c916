// A growing hash table from keys of a few 32-bit words to dense codes 0, 1, 2.. in order of first appearance.
// Open addressing on typed arrays, at most half full; a slot holds its key, so that a lookup costs one cache miss.
// Keys may be crafted to collide. A worker thread that is held up so is ended (enclave-worker/watchdog.ts); where nobody
// can end it, in the main thread, a table has a secret. No code depends on it.
import { SealroomError } from "../../core/errors.ts";

const FIRST_SLOTS = 1024;

export class WordTable {
  readonly #width: number;
  readonly #limit: number;
  readonly #secret: number;
  /** A slot is one word, its code plus one or 0 where it is free, and then the words of its key. */
  #slots: Uint32Array;
  #mask: number = FIRST_SLOTS - 1;
  /** The keys by code, for reading them back. */
  #keys: Uint32Array;
  #size = 0;

  /** Keys have `width` words; the table refuses to hold more than `limit` of them. */
  constructor(width: number, limit: number, secret = 0) {
    this.#width = width;
    this.#secret = secret;
    this.#limit = limit;
    this.#slots = new Uint32Array(FIRST_SLOTS * (1 + width));
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
   * passed over and the entry kept. Errors: AGGREGATE_GROUPS, with no number: how many keys there are is data.
   */
  encode(words: Uint32Array, count: number, codes: Int32Array): void {
    if (this.#width === 1) this.#encodeSingle(words, count, codes);
    else this.#encodeTuples(words, count, codes);
  }

  /** As #encodeTuples with the loops over one word unrolled. */
  #encodeSingle(words: Uint32Array, count: number, codes: Int32Array): void {
    const secret = this.#secret;
    let slots = this.#slots;
    for (let i = 0; i < count; i += 1) {
      if ((codes[i] ?? 0) < 0) continue;
      const word = words[i] ?? 0;
      let slot = mix(word ^ secret) & this.#mask;
      let filled = slots[slot * 2] ?? 0;
      while (filled !== 0 && slots[slot * 2 + 1] !== word) {
        slot = (slot + 1) & this.#mask;
        filled = slots[slot * 2] ?? 0;
      }
      if (filled === 0) {
        filled = this.#insert(words, i, slot);
        slots = this.#slots;
      }
      codes[i] = filled - 1;
    }
  }

  #encodeTuples(words: Uint32Array, count: number, codes: Int32Array): void {
    const width = this.#width;
    const stride = 1 + width;
    let slots = this.#slots;
    for (let i = 0; i < count; i += 1) {
      if ((codes[i] ?? 0) < 0) continue;
      let slot = hashWords(words, i * width, width, this.#secret) & this.#mask;
      let filled = slots[slot * stride] ?? 0;
      while (filled !== 0 && !isKey(slots, slot * stride + 1, words, i * width, width)) {
        slot = (slot + 1) & this.#mask;
        filled = slots[slot * stride] ?? 0;
      }
      if (filled === 0) {
        filled = this.#insert(words, i, slot);
        slots = this.#slots;
      }
      codes[i] = filled - 1;
    }
  }

  /** As encode, of keys that are there: of others the code is -1. */
  find(words: Uint32Array, count: number, codes: Int32Array): void {
    const width = this.#width;
    const stride = 1 + width;
    const slots = this.#slots;
    for (let i = 0; i < count; i += 1) {
      if ((codes[i] ?? 0) < 0) continue;
      const hash =
        width === 1 ? mix((words[i] ?? 0) ^ this.#secret) : hashWords(words, i * width, width, this.#secret);
      let slot = hash & this.#mask;
      let filled = slots[slot * stride] ?? 0;
      while (filled !== 0 && !isKey(slots, slot * stride + 1, words, i * width, width)) {
        slot = (slot + 1) & this.#mask;
        filled = slots[slot * stride] ?? 0;
      }
      codes[i] = filled - 1;
    }
  }

  /** Returns the new code plus one. */
  #insert(words: Uint32Array, index: number, slot: number): number {
    if (this.#size >= this.#limit) throw new SealroomError("AGGREGATE_GROUPS");
    const width = this.#width;
    const filled = this.#size + 1;
    for (let at = 0; at < width; at += 1) {
      const word = words[index * width + at] ?? 0;
      this.#keys[this.#size * width + at] = word;
      this.#slots[slot * (1 + width) + 1 + at] = word;
    }
    this.#slots[slot * (1 + width)] = filled;
    this.#size = filled;
    if (filled * 2 > this.#mask) this.#grow();
    return filled;
  }

  #grow(): void {
    const width = this.#width;
    const stride = 1 + width;
    const keys = new Uint32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#mask * 2 + 1;
    for (let code = 0; code < this.#size; code += 1) {
      const hash =
        width === 1
          ? mix((keys[code] ?? 0) ^ this.#secret)
          : hashWords(keys, code * width, width, this.#secret);
      let slot = hash & mask;
      while (slots[slot * stride] !== 0) slot = (slot + 1) & mask;
      slots[slot * stride] = code + 1;
      slots.set(keys.subarray(code * width, (code + 1) * width), slot * stride + 1);
    }
    this.#keys = keys;
    this.#slots = slots;
    this.#mask = mask;
  }
}

function isKey(slots: Uint32Array, at: number, words: Uint32Array, from: number, width: number): boolean {
  for (let word = 0; word < width; word += 1) {
    if (slots[at + word] !== words[from + word]) return false;
  }
  return true;
}

/** A finalizer in the manner of MurmurHash3: every bit of the word moves the low bits that pick the slot. */
function mix(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function hashWords(words: Uint32Array, from: number, width: number, secret: number): number {
  let hash = width ^ secret;
  for (let at = from; at < from + width; at += 1) hash = mix(Math.imul(hash, 0x9e3779b1) ^ (words[at] ?? 0));
  return hash;
}
