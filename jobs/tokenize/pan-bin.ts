// Account numbers of which the first six or eight digits and the last four stay, and the digits between are letters. BIN
// and last digits are each row's tweak. Letters are no card number; but of the kept digits' few possible numbers, only
// one in ten has a right check digit: docs/tokenization.md says how small the secret is.
import { deriveTokenKey, SUITE } from "../../core/token/keys.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import { isDigit } from "./canonical.ts";
import { FF1_KEY_BYTES } from "./ff1-text.ts";
import { haveLetters, LETTER_BATCH_ROWS, LetterRows } from "./letter-rows.ts";
import { luhnResidue } from "./luhn.ts";
import type { TextKernel } from "./operator.ts";
import { canonicalPans, LAST, MAX_PAN, MIN_PAN } from "./pan.ts";
import { groupRows, NO_GROUP } from "./row-groups.ts";
import { columnOf, copyBytes, FATE, lengthsOf, squeezed } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

const ZERO = 0x30;

export class PanBin implements TextKernel {
  readonly takes = "text";
  readonly gives = "text";
  readonly #bin: 6 | 8;
  readonly #key: Uint8Array;
  readonly #kernels = new Map<number, LetterRows>();

  constructor(master: TokenMaster, bin: 6 | 8, parameters: Readonly<Record<string, string>>) {
    const use = { operator: "pan", part: "value", suite: SUITE.ff1, parameters };
    this.#bin = bin;
    this.#key = deriveTokenKey(master, use, FF1_KEY_BYTES);
  }

  /** Fate: `domain` for lengths with less than a million texts of letters in their middle. */
  tokenize(column: TextColumn, fates: Uint8Array): TextColumn {
    const pans = canonicalPans(column, fates);
    this.#checkMiddles(pans, fates);
    const given = columnOf(lengthsOf(pans, fates));
    this.#eachBatch(pans, fates, (rows, middle, kernel) => {
      const numbers = new Float64Array(rows.length);
      const to = new Int32Array(rows.length);
      for (let at = 0; at < rows.length; at++) {
        const row = rows[at] ?? 0;
        const [from, place] = [pans.offsets[row] ?? 0, given.offsets[row] ?? 0];
        numbers[at] = readNumber(pans.bytes, from + this.#bin, middle);
        copyBytes(pans.bytes, from, pans.offsets[row + 1] ?? 0, given.bytes, place);
        to[at] = place + this.#bin;
      }
      kernel.encipher(numbers, rows.length, this.#tweaks(pans, rows), given.bytes, to);
    });
    return given;
  }

  /** Fates: `form`, `domain`, `forged` for letters that are no number's, or of a wrong check digit. */
  reveal(tokens: TextColumn, fates: Uint8Array): TextColumn {
    this.#checkForms(tokens, fates);
    this.#checkMiddles(tokens, fates);
    const given = columnOf(lengthsOf(tokens, fates));
    this.#eachBatch(tokens, fates, (rows, middle, kernel) => {
      const from = rows.map((row) => (tokens.offsets[row] ?? 0) + this.#bin);
      const numbers = kernel.decipher(tokens.bytes, from, rows.length, this.#tweaks(tokens, rows));
      for (let at = 0; at < rows.length; at++) {
        const row = rows[at] ?? 0;
        const number = numbers[at] ?? 0;
        const [start, to] = [tokens.offsets[row] ?? 0, given.offsets[row] ?? 0];
        const end = to + this.#bin + middle + LAST;
        if (number < 0) fates[row] = number === -1 ? FATE.form : FATE.forged;
        else {
          copyBytes(tokens.bytes, start, start + end - to, given.bytes, to);
          writeNumber(number, given.bytes, to + this.#bin, middle);
          if (luhnResidue(given.bytes, to, end) !== 0) fates[row] = FATE.forged;
        }
      }
    });
    return squeezed(given, fates);
  }

  #eachBatch(
    column: TextColumn,
    fates: Uint8Array,
    work: (rows: Int32Array, middle: number, kernel: LetterRows) => void,
  ): void {
    const lengths = lengthsOf(column, fates);
    const middles = Uint16Array.from(lengths, (length, row) =>
      fates[row] === FATE.done ? this.#middleOf(length) : NO_GROUP,
    );
    for (const [middle, rows] of groupRows(middles)) {
      const kernel = this.#kernelOf(middle);
      for (let start = 0; start < rows.length; start += LETTER_BATCH_ROWS) {
        work(rows.subarray(start, start + LETTER_BATCH_ROWS), middle, kernel);
      }
    }
  }

  #kernelOf(middle: number): LetterRows {
    const known = this.#kernels.get(middle);
    if (known !== undefined) return known;
    const kernel = new LetterRows(this.#key, middle, this.#bin + LAST);
    this.#kernels.set(middle, kernel);
    return kernel;
  }

  #middleOf(length: number): number {
    return length - this.#bin - LAST;
  }

  #checkMiddles({ rows, offsets }: TextColumn, fates: Uint8Array): void {
    for (let row = 0; row < rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const length = (offsets[row + 1] ?? 0) - (offsets[row] ?? 0);
      if (!haveLetters(this.#middleOf(length))) fates[row] = FATE.domain;
    }
  }

  #checkForms({ rows, offsets, bytes }: TextColumn, fates: Uint8Array): void {
    for (let row = 0; row < rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
      const isLong = to - from >= MIN_PAN && to - from <= MAX_PAN;
      if (!isLong || !areDigits(bytes, from, from + this.#bin) || !areDigits(bytes, to - LAST, to)) {
        fates[row] = FATE.form;
      }
    }
  }

  #tweaks({ offsets, bytes }: TextColumn, rows: Int32Array): Uint8Array {
    const size = this.#bin + LAST;
    const tweaks = new Uint8Array(rows.length * size);
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
      copyBytes(bytes, from, from + this.#bin, tweaks, at * size);
      copyBytes(bytes, to - LAST, to, tweaks, at * size + this.#bin);
    }
    return tweaks;
  }
}

function areDigits(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isDigit(bytes[at] ?? 0)) return false;
  return true;
}

/** Of at most 15 ASCII digits. */
export function readNumber(bytes: Uint8Array, start: number, digits: number): number {
  let number = 0;
  for (let at = start; at < start + digits; at++) number = number * 10 + (bytes[at] ?? 0) - ZERO;
  return number;
}

export function writeNumber(number: number, into: Uint8Array, to: number, digits: number): void {
  let rest = number;
  for (let at = to + digits - 1; at >= to; at--) {
    into[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
