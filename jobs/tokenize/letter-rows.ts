// Numbers of k decimal digits as k letters: the number in the letters' radix, then FF1 over letters. There are far more
// texts of k letters than numbers, so one that is no token almost never opens to a number. Rows of one k at once.
import { Alphabet } from "../../core/token/alphabet.ts";
import { MIN_DOMAIN } from "../../core/token/ff1.ts";
import { Ff1Rows } from "../../core/token/ff1-rows.ts";
import { NumeralCode } from "./numerals.ts";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const BOTH = LOWER + LOWER.toUpperCase();
export const LETTER_BATCH_ROWS = 4096;

/** Whether there are at least a million texts of so many letters. */
export function haveLetters(digits: number): boolean {
  return BOTH.length ** digits >= MIN_DOMAIN;
}

export class LetterRows {
  readonly #digits: number;
  readonly #letters: NumeralCode;
  readonly #kernel: Ff1Rows;
  readonly #left = new Float64Array(LETTER_BATCH_ROWS);
  readonly #right = new Float64Array(LETTER_BATCH_ROWS);

  /**
   * a to z; where those have less than a million texts of so many letters, A to Z too. Every row has a tweak of
   * `tweakBytes`, at most 12. Errors: TOKEN_KEY, TOKEN_DOMAIN.
   */
  constructor(key: Uint8Array, digits: number, tweakBytes: number) {
    const letters = LOWER.length ** digits >= MIN_DOMAIN ? LOWER : BOTH;
    this.#digits = digits;
    this.#letters = new NumeralCode(new Alphabet(letters));
    this.#kernel = new Ff1Rows(key, letters.length, digits, new Uint8Array(tweakBytes), LETTER_BATCH_ROWS);
  }

  /** Writes the letters of numbers below 10^digits, at most 4096, to `into` at `to`. */
  encipher(numbers: Float64Array, rows: number, tweaks: Uint8Array, into: Uint8Array, to: Int32Array): void {
    const { left, right } = this.#kernel.form;
    const modulus = this.#letters.radix ** right;
    for (let row = 0; row < rows; row++) {
      const number = numbers[row] ?? 0;
      const high = Math.floor(number / modulus);
      this.#left[row] = high;
      this.#right[row] = number - high * modulus;
    }
    this.#kernel.encrypt(this.#left, this.#right, rows, this.#kernel.startsOf(tweaks, rows));
    for (let row = 0; row < rows; row++) {
      const place = to[row] ?? 0;
      this.#letters.write(this.#left[row] ?? 0, into, place, left);
      this.#letters.write(this.#right[row] ?? 0, into, place + left, right);
    }
  }

  /** The numbers of letters at `from`; -1 for other characters, -2 for letters that no number has under this key. */
  decipher(bytes: Uint8Array, from: Int32Array, rows: number, tweaks: Uint8Array): Float64Array {
    const { left, right } = this.#kernel.form;
    const numbers = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      const place = from[row] ?? 0;
      const high = this.#letters.read(bytes, place, left);
      const low = this.#letters.read(bytes, place + left, right);
      if (high < 0 || low < 0) numbers[row] = -1;
      this.#left[row] = Math.max(0, high);
      this.#right[row] = Math.max(0, low);
    }
    this.#kernel.decrypt(this.#left, this.#right, rows, this.#kernel.startsOf(tweaks, rows));
    const modulus = this.#letters.radix ** right;
    const most = 10 ** this.#digits;
    for (let row = 0; row < rows; row++) {
      if ((numbers[row] ?? 0) < 0) continue;
      const number = (this.#left[row] ?? 0) * modulus + (this.#right[row] ?? 0);
      numbers[row] = number < most ? number : -2;
    }
    return numbers;
  }
}
