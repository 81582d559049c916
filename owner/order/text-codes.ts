// The dictionary of a column while its rows are read: a code for each distinct text, in the order in which they come.
// When it is full, further texts have no code.
import { randomBytes } from "../../core/crypto.ts";
import { copyText, equalWords, textWords } from "./text-words.ts";

export const MAX_DICTIONARY: number = 65_536;
/** A dictionary is read whole, so its texts are few and short. */
const MAX_DICTIONARY_WORDS = 4 * 1024 * 1024;
const FREE = -1;

export class TextCodes {
  #count = 0;
  #isComplete = true;
  /** Codes by hash; at most half full. */
  #slots = new Int32Array(1024).fill(FREE);
  #words = new Int32Array(4096);
  #used = 0;
  readonly #starts = new Int32Array(MAX_DICTIONARY);
  readonly #lengths = new Int32Array(MAX_DICTIONARY);
  readonly #hashes = new Int32Array(MAX_DICTIONARY);
  /** So that no input is made to collide. */
  readonly #seed = new Int32Array(randomBytes(4).buffer)[0] ?? 0;

  get count(): number {
    return this.#count;
  }

  /** False when some text found no place. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The text's code; -1 when it has none. */
  codeOf(source: Int32Array, start: number, length: number): number {
    const words = textWords(length);
    if (this.#used + words > this.#words.length) this.#growWords(words);
    const at = this.#used;
    copyText(source, start, length, this.#words, at);
    let hash = this.#seed ^ length;
    for (let i = 0; i < words; i += 1) {
      hash = Math.imul(hash ^ (this.#words[at + i] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let code = this.#slots[slot] ?? FREE; code !== FREE; code = this.#slots[slot] ?? FREE) {
      if (this.#hashes[code] === hash && this.#lengths[code] === length) {
        if (equalWords(this.#words, this.#starts[code] ?? 0, this.#words, at, words)) return code;
      }
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, hash, length);
  }

  #add(slot: number, hash: number, length: number): number {
    const words = textWords(length);
    if (this.#count === MAX_DICTIONARY || this.#used + words > MAX_DICTIONARY_WORDS) {
      this.#isComplete = false;
      return -1;
    }
    const code = this.#count++;
    this.#starts[code] = this.#used;
    this.#lengths[code] = length;
    this.#hashes[code] = hash;
    this.#used += words;
    this.#slots[slot] = code;
    if (this.#count * 2 > this.#slots.length) this.#growSlots();
    return code;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 4).fill(FREE);
    const mask = slots.length - 1;
    for (let code = 0; code < this.#count; code += 1) {
      let slot = (this.#hashes[code] ?? 0) & mask;
      while (slots[slot] !== FREE) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.#slots = slots;
  }

  #growWords(more: number): void {
    const words = new Int32Array(Math.max(2 * this.#words.length, this.#used + more));
    words.set(this.#words);
    this.#words = words;
  }

  /** The bytes of all texts, by code. */
  texts(): readonly Uint8Array[] {
    const bytes = new Uint8Array(this.#words.buffer);
    return Array.from({ length: this.#count }, (_, code) => {
      const start = (this.#starts[code] ?? 0) * 4;
      return bytes.subarray(start, start + (this.#lengths[code] ?? 0));
    });
  }
}
