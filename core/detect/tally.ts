// How many values of a column each detector took, and how many it would have but for a check digit or rule. Tallies are
// plain data (for structured cloning) and sums: the same whatever the order and the split of the rows. They are exact,
// so they stay where the values are; what may be told of them is classify.ts's.
import type { Utf8Vector } from "../column/vector.ts";
import { DETECTORS } from "./detectors.ts";
import { addToSet, ValueJudge } from "./verdicts.ts";

export interface ColumnTally {
  /** Values that are neither null nor blank. */
  readonly values: number;
  /** By the detector's place in DETECTORS. */
  readonly matched: readonly number[];
  readonly failed: readonly number[];
}

export type TextRows = Pick<Utf8Vector, "rows" | "offsets" | "bytes" | "validity">;

export class ColumnCounter {
  readonly #judge = new ValueJudge();
  #values = 0;
  readonly #matched = new Float64Array(DETECTORS.length);
  readonly #failed = new Float64Array(DETECTORS.length);

  /** Rows of UTF-8 texts; nulls are left out. */
  addRows({ rows, offsets, bytes, validity }: TextRows): void {
    for (let row = 0; row < rows; row++) {
      if (validity !== null && (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 0) continue;
      this.addValue(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0, 1);
    }
  }

  /** A value that `times` rows have, as of a dictionary. */
  addValue(bytes: Uint8Array, start: number, end: number, times: number): void {
    if (times === 0 || !this.#judge.judge(bytes, start, end)) return;
    this.#values += times;
    addToSet(this.#matched, this.#judge.matched, times);
    addToSet(this.#failed, this.#judge.failed, times);
  }

  tally(): ColumnTally {
    return { values: this.#values, matched: [...this.#matched], failed: [...this.#failed] };
  }
}

/** Of a column's parts, that of the whole. */
export function mergeTallies(tallies: readonly ColumnTally[]): ColumnTally {
  const sum = (counts: (tally: ColumnTally) => readonly number[]): readonly number[] =>
    DETECTORS.map((_, index) => tallies.reduce((total, tally) => total + (counts(tally)[index] ?? 0), 0));
  return {
    values: tallies.reduce((total, { values }) => total + values, 0),
    matched: sum(({ matched }) => matched),
    failed: sum(({ failed }) => failed),
  };
}
