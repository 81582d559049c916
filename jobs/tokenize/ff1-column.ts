// FF1 over a column of texts: rows are gathered by length, encrypted together, and written back to their places, since
// a token is as long as its value. Rows that no token can stand for are told apart by their fate; nothing is passed on.
import type { Alphabet } from "../../core/token/alphabet.ts";
import { Ff1, MIN_DOMAIN } from "../../core/token/ff1.ts";
import { Ff1Rows, fitsRows } from "../../core/token/ff1-rows.ts";
import { numeralCodeOf } from "./numerals.ts";
import type { NumeralCode } from "./numerals.ts";
import { groupRows, NO_GROUP } from "./row-groups.ts";
import { FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

const BATCH_ROWS = 4096;
const MAX_LENGTH = 255;

export type Direction = "tokenize" | "reveal";

export interface Ff1Settings {
  readonly key: Uint8Array;
  /** Of ASCII characters. */
  readonly alphabet: Alphabet;
  readonly tweak: Uint8Array;
}

export class Ff1Column {
  readonly #settings: Ff1Settings;
  readonly #code: NumeralCode;
  readonly #single: Ff1;
  readonly #byLength = new Map<number, Ff1Rows>();
  readonly #left = new Float64Array(BATCH_ROWS);
  readonly #right = new Float64Array(BATCH_ROWS);

  constructor(settings: Ff1Settings) {
    this.#settings = settings;
    this.#code = numeralCodeOf(settings.alphabet);
    this.#single = new Ff1(settings.key, settings.alphabet.radix);
  }

  /**
   * Writes the tokens to `into`, which has a byte for each of the column's, at its offsets. Of rows whose fate is not
   * `done`, on entry or afterwards, nothing is written.
   */
  run(column: TextColumn, direction: Direction, fates: Uint8Array, into: Uint8Array): void {
    for (const [length, rows] of byLength(column, fates)) {
      const { radix } = this.#settings.alphabet;
      if (length > MAX_LENGTH) mark(fates, rows, FATE.length);
      else if (radix ** length < MIN_DOMAIN) mark(fates, rows, FATE.domain);
      else if (fitsRows(radix, length)) this.#together(column, length, rows, direction, fates, into);
      else this.#apart(column, rows, direction, fates, into);
    }
  }

  #together(
    { offsets, bytes }: TextColumn,
    length: number,
    rows: Int32Array,
    direction: Direction,
    fates: Uint8Array,
    into: Uint8Array,
  ): void {
    const [code, left, right] = [this.#code, this.#left, this.#right];
    const kernel = this.#kernelOf(length);
    const half = kernel.form.left;
    for (let start = 0; start < rows.length; start += BATCH_ROWS) {
      const batch = rows.subarray(start, start + BATCH_ROWS);
      for (let at = 0; at < batch.length; at++) {
        const row = batch[at] ?? 0;
        const from = offsets[row] ?? 0;
        const [a, b] = [code.read(bytes, from, half), code.read(bytes, from + half, length - half)];
        if (a < 0 || b < 0) fates[row] = FATE.character;
        left[at] = Math.max(0, a);
        right[at] = Math.max(0, b);
      }
      if (direction === "tokenize") kernel.encrypt(left, right, batch.length);
      else kernel.decrypt(left, right, batch.length);
      for (let at = 0; at < batch.length; at++) {
        const row = batch[at] ?? 0;
        if (fates[row] !== FATE.done) continue;
        const to = offsets[row] ?? 0;
        code.write(left[at] ?? 0, into, to, half);
        code.write(right[at] ?? 0, into, to + half, length - half);
      }
    }
  }

  #kernelOf(length: number): Ff1Rows {
    const known = this.#byLength.get(length);
    if (known !== undefined) return known;
    const { key, alphabet, tweak } = this.#settings;
    const kernel = new Ff1Rows(key, alphabet.radix, length, tweak, BATCH_ROWS);
    this.#byLength.set(length, kernel);
    return kernel;
  }

  /** Lengths whose halves are no exact doubles. */
  #apart(
    { offsets, bytes }: TextColumn,
    rows: Int32Array,
    direction: Direction,
    fates: Uint8Array,
    into: Uint8Array,
  ): void {
    const { tweak } = this.#settings;
    for (const row of rows) {
      const [from = 0, to = 0] = offsets.subarray(row, row + 2);
      const numerals: number[] = [];
      for (let at = from; at < to; at++) numerals.push(this.#code.read(bytes, at, 1));
      if (numerals.some((numeral) => numeral < 0)) {
        fates[row] = FATE.character;
        continue;
      }
      const found =
        direction === "tokenize"
          ? this.#single.encrypt(tweak, numerals)
          : this.#single.decrypt(tweak, numerals);
      for (const [at, numeral] of found.entries()) this.#code.write(numeral, into, from + at, 1);
    }
  }
}

/** Rows whose fate is open, by their length in bytes, in their order. What is too long is all of one length. */
function byLength({ rows, offsets }: TextColumn, fates: Uint8Array): ReadonlyMap<number, Int32Array> {
  const lengths = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) {
    const length = (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
    lengths[row] = fates[row] === FATE.done ? Math.min(length, MAX_LENGTH + 1) : NO_GROUP;
  }
  return groupRows(lengths);
}

function mark(fates: Uint8Array, rows: Int32Array, fate: number): void {
  for (const row of rows) fates[row] = fate;
}
