// A growing hash table from UTF-8 strings, as they lie in an Arrow buffer, to dense codes in order of first
// appearance. Strings are compared by bytes: the owner normalises before sealing, nothing here folds variants.
import { SealroomError } from "../../core/errors.ts";

const FREE = -1;
const FIRST_SLOTS = 1024;
const FIRST_BYTES = 16_384;

export class TextTable {
  readonly #limit: number;
  #slots: Int32Array = new Int32Array(FIRST_SLOTS).fill(FREE);
  #hashes: Int32Array = new Int32Array(FIRST_SLOTS / 2);
  /** Where each code's bytes begin in `#bytes`, and after the last one where they end. */
  #offsets: Float64Array = new Float64Array(FIRST_SLOTS / 2 + 1);
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  text(code: number): string {
    const bytes = this.#bytes.subarray(this.#offsets[code], this.#offsets[code + 1]);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  /** The code of `bytes[from, to)`. Errors: AGGREGATE_GROUPS, when one string more than the limit appears. */
  encode(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(bytes, from, to);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const code = this.#slots[slot] ?? FREE;
      if (code === FREE) return this.#insert(bytes, from, to, hash, slot);
      if (this.#hashes[code] === hash && this.#isText(code, bytes, from, to)) return code;
      slot = (slot + 1) & mask;
    }
  }

  /** As encode, of a string that is there; else -1. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(bytes, from, to);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot] ?? FREE;
      if (code === FREE || (this.#hashes[code] === hash && this.#isText(code, bytes, from, to))) return code;
    }
  }

  #isText(code: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#offsets[code] ?? 0;
    const length = to - from;
    if ((this.#offsets[code + 1] ?? 0) - start !== length) return false;
    for (let at = 0; at < length; at += 1) {
      if (this.#bytes[start + at] !== bytes[from + at]) return false;
    }
    return true;
  }

  #insert(bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    if (this.#size >= this.#limit) throw new SealroomError("AGGREGATE_GROUPS");
    const code = this.#size;
    const start = this.#offsets[code] ?? 0;
    const end = start + to - from;
    if (end > this.#bytes.length) this.#growBytes(end);
    this.#bytes.set(bytes.subarray(from, to), start);
    this.#offsets[code + 1] = end;
    this.#hashes[code] = hash;
    this.#slots[slot] = code;
    this.#size = code + 1;
    if (this.#size * 2 >= this.#slots.length) this.#growSlots();
    return code;
  }

  #growBytes(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(FREE);
    const hashes = new Int32Array(slots.length / 2);
    const offsets = new Float64Array(slots.length / 2 + 1);
    hashes.set(this.#hashes);
    offsets.set(this.#offsets);
    for (let code = 0; code < this.#size; code += 1) {
      let slot = (hashes[code] ?? 0) & (slots.length - 1);
      while (slots[slot] !== FREE) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = code;
    }
    this.#slots = slots;
    this.#hashes = hashes;
    this.#offsets = offsets;
  }
}

/** FNV-1a, then the high bits folded down to where the slot is picked. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}
