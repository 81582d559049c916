// Account numbers to digits, of which the last four stay: FF1 on all before the digit before those, and that digit such
// that the Luhn sum is the version's residue, 1 to 9. So no token is ever a card number, and one in ten forgeries passes.
import { defaultAlphabet } from "../../core/token/alphabet.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import { isDigit } from "./canonical.ts";
import { makeFf1Column } from "./ff1-text.ts";
import type { Direction, Ff1Column } from "./ff1-column.ts";
import { luhnResidue } from "./luhn.ts";
import type { TextKernel } from "./operator.ts";
import { canonicalPans, LAST, MAX_PAN, MIN_PAN } from "./pan.ts";
import { columnOf, copyBytes, FATE, lengthsOf } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

const ZERO = 0x30;
/** The last digits, and the one before them. */
const KEPT = LAST + 1;
const RESIDUES = 9;

export class PanLast4 implements TextKernel {
  readonly takes = "text";
  readonly gives = "text";
  readonly #ff1: Ff1Column;
  readonly #residue: number;

  constructor(master: TokenMaster, parameters: Readonly<Record<string, string>>) {
    this.#ff1 = makeFf1Column(master, "pan", parameters, defaultAlphabet(10));
    this.#residue = 1 + (master.version % RESIDUES);
  }

  tokenize(column: TextColumn, fates: Uint8Array): TextColumn {
    return this.#run(canonicalPans(column, fates), "tokenize", fates, this.#residue);
  }

  /** Fates: `form`, `forged` where the residue is not the version's. */
  reveal(tokens: TextColumn, fates: Uint8Array): TextColumn {
    const { rows, offsets, bytes } = tokens;
    for (let row = 0; row < rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
      let isForm = to - from >= MIN_PAN && to - from <= MAX_PAN;
      for (let at = from; isForm && at < to; at++) isForm = isDigit(bytes[at] ?? 0);
      if (!isForm) fates[row] = FATE.form;
      else if (luhnResidue(bytes, from, to) !== this.#residue) fates[row] = FATE.forged;
    }
    return this.#run(tokens, "reveal", fates, 0);
  }

  /** With a Luhn sum of `residue`. */
  #run(numbers: TextColumn, direction: Direction, fates: Uint8Array, residue: number): TextColumn {
    const lengths = lengthsOf(numbers, fates);
    const heads = columnOf(lengths.map((length) => Math.max(0, length - KEPT)));
    for (let row = 0; row < numbers.rows; row++) {
      const from = numbers.offsets[row] ?? 0;
      const to = heads.offsets[row] ?? 0;
      copyBytes(numbers.bytes, from, from + (heads.offsets[row + 1] ?? 0) - to, heads.bytes, to);
    }
    const found = new Uint8Array(heads.bytes.length);
    this.#ff1.run(heads, direction, fates, found);
    const given = columnOf(lengths);
    for (let row = 0; row < numbers.rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const [start = 0, end = 0] = [heads.offsets[row], heads.offsets[row + 1]];
      const [to, last] = [given.offsets[row] ?? 0, numbers.offsets[row + 1] ?? 0];
      copyBytes(found, start, end, given.bytes, to);
      const place = to + end - start;
      given.bytes[place] = ZERO;
      copyBytes(numbers.bytes, last - LAST, last, given.bytes, place + 1);
      // An odd distance from the end: this digit counts once.
      const sum = luhnResidue(given.bytes, to, place + KEPT);
      given.bytes[place] = ZERO + ((residue - sum + 10) % 10);
    }
    return given;
  }
}
