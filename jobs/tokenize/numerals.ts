// Rows of single-byte characters as numbers and back: what an FF1 half is. Several characters at once where a table of
// them stays small.
import type { Alphabet } from "../../core/token/alphabet.ts";

const MAX_TABLE = 16_384;
const NO_NUMERAL = -1;

export class NumeralCode {
  readonly radix: number;
  /** By byte. */
  readonly #places = new Int32Array(256).fill(NO_NUMERAL);
  /** How many characters an entry of the table has, and the number of entries. */
  readonly #width: number;
  readonly #entries: number;
  readonly #table: Uint8Array;
  readonly #characters: Uint8Array;

  /** All of the alphabet's characters are ASCII. */
  constructor({ characters, radix }: Alphabet) {
    this.radix = radix;
    this.#characters = Uint8Array.from(characters, (character) => character.charCodeAt(0));
    for (const [place, byte] of this.#characters.entries()) this.#places[byte] = place;
    this.#width = Math.max(1, Math.floor(Math.log(MAX_TABLE) / Math.log(radix)));
    this.#entries = radix ** this.#width;
    this.#table = this.#makeTable();
  }

  #makeTable(): Uint8Array {
    const table = new Uint8Array(this.#entries * this.#width);
    for (let entry = 0; entry < this.#entries; entry++) {
      let rest = entry;
      for (let at = this.#width - 1; at >= 0; at--) {
        table[entry * this.#width + at] = this.#characters[rest % this.radix] ?? 0;
        rest = Math.floor(rest / this.radix);
      }
    }
    return table;
  }

  /** The number that `length` bytes from `start` stand for; below zero where one is none of the alphabet's. */
  read(bytes: Uint8Array, start: number, length: number): number {
    const places = this.#places;
    const radix = this.radix;
    let number = 0;
    let signs = 0;
    for (let at = start; at < start + length; at++) {
      const place = places[bytes[at] ?? 0] ?? NO_NUMERAL;
      signs |= place;
      number = number * radix + place;
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
      const from = (rest - quotient * entries) * width;
      for (let at = 0; at < width; at++) bytes[end - width + at] = table[from + at] ?? 0;
      rest = quotient;
    }
    // The last characters of an entry: those before them are zeros.
    const from = (rest + 1) * width;
    for (let at = 1; start <= end - at; at++) bytes[end - at] = table[from - at] ?? 0;
  }
}
