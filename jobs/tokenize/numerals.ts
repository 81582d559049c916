// Rows of single-byte characters as numbers and back: what an FF1 half is. Two characters at once where they are read, two
// or four where they are written.
import { SealroomError } from "../../core/errors.ts";
import type { Alphabet } from "../../core/token/alphabet.ts";

/** Four characters have a table where it has no more entries than this. */
const MAX_TABLE = 16_384;
const NO_NUMERAL = -1;

const CODES = new WeakMap<Alphabet, NumeralCode>();

/** One for all kernels of an alphabet: its tables are larger than everything else that a kernel keeps. */
export function numeralCodeOf(alphabet: Alphabet): NumeralCode {
  const known = CODES.get(alphabet);
  if (known !== undefined) return known;
  const code = new NumeralCode(alphabet);
  CODES.set(alphabet, code);
  return code;
}

export class NumeralCode {
  readonly radix: number;
  /** By byte, and by two bytes as a little-endian machine has them. */
  readonly #places = new Int16Array(256).fill(NO_NUMERAL);
  readonly #pairs = new Int16Array(65_536).fill(NO_NUMERAL);
  /** How many characters an entry of the table has, and the number of entries. */
  readonly #width: 2 | 4;
  readonly #entries: number;
  /** The characters of a number, the first in the lowest byte. */
  readonly #table: Uint32Array;
  readonly #characters: Uint8Array;

  /** Error: TOKEN_ALPHABET where a character is not ASCII. */
  constructor({ characters, radix }: Alphabet) {
    this.radix = radix;
    const codes = characters.map((character) => character.codePointAt(0) ?? 0);
    if (codes.some((code) => code > 0x7f)) throw new SealroomError("TOKEN_ALPHABET", { fault: "not ASCII" });
    this.#characters = Uint8Array.from(codes);
    for (const [high, first] of this.#characters.entries()) {
      this.#places[first] = high;
      for (const [low, second] of this.#characters.entries()) {
        this.#pairs[first | (second << 8)] = high * radix + low;
      }
    }
    this.#width = radix ** 4 <= MAX_TABLE ? 4 : 2;
    this.#entries = radix ** this.#width;
    this.#table = new Uint32Array(this.#entries);
    for (let entry = 0; entry < this.#entries; entry++) this.#table[entry] = this.#packed(entry);
  }

  #packed(entry: number): number {
    let word = 0;
    for (let at = 0, rest = entry; at < this.#width; at++, rest = Math.floor(rest / this.radix)) {
      word = (word << 8) | (this.#characters[rest % this.radix] ?? 0);
    }
    return word;
  }

  /** The number that `length` bytes from `start` stand for; below zero where one is none of the alphabet's. */
  read(bytes: Uint8Array, start: number, length: number): number {
    const pairs = this.#pairs;
    const square = this.radix * this.radix;
    const end = start + length;
    let at = start;
    let number = 0;
    let signs = 0;
    if ((length & 1) === 1) {
      number = this.#places[bytes[at++] ?? 0] ?? NO_NUMERAL;
      signs = number;
    }
    for (; at < end; at += 2) {
      const pair = pairs[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? NO_NUMERAL;
      signs |= pair;
      number = number * square + pair;
    }
    return signs < 0 ? NO_NUMERAL : number;
  }

  write(number: number, bytes: Uint8Array, start: number, length: number): void {
    const width = this.#width;
    const entries = this.#entries;
    const table = this.#table;
    let rest = number;
    let end = start + length;
    for (; end - start >= width; end -= width) {
      const quotient = Math.floor(rest / entries);
      const word = table[rest - quotient * entries] ?? 0;
      rest = quotient;
      bytes[end - width] = word;
      bytes[end - width + 1] = word >>> 8;
      if (width === 2) continue;
      bytes[end - 2] = word >>> 16;
      bytes[end - 1] = word >>> 24;
    }
    // The last characters of an entry: those before them are zeros.
    let word = table[rest] ?? 0;
    for (let skip = width - (end - start); skip > 0; skip--) word >>>= 8;
    for (let at = start; at < end; at++, word >>>= 8) bytes[at] = word;
  }
}
