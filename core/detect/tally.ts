// How many values of a column each detector took, and how many it would have but for a check digit or rule. Tallies are
// plain data (for structured cloning) and sums: the same whatever the order and the split of the rows. They are exact,
// so they stay where the values are; what may be told of them is classify.ts's.
import type { Utf8Vector } from "../column/vector.ts";
import { VERDICT } from "./detector.ts";
import { DETECTORS } from "./detectors.ts";
import { Dispatch, runAt } from "./dispatch.ts";
import { MAX_VALUE_BYTES, trimmedEnd, trimmedStart } from "./match.ts";

export interface ColumnTally {
  /** Values that are neither null nor blank. */
  readonly values: number;
  /** By the detector's place in DETECTORS. */
  readonly matched: readonly number[];
  readonly failed: readonly number[];
}

export type TextRows = Pick<Utf8Vector, "rows" | "offsets" | "bytes" | "validity">;

const DISPATCH = new Dispatch(DETECTORS);

export class ColumnCounter {
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
    const from = trimmedStart(bytes, start, end);
    if (from === end || times === 0) return;
    this.#values += times;
    const to = trimmedEnd(bytes, from, end);
    if (to - from > MAX_VALUE_BYTES) return;
    for (const index of DISPATCH.at(bytes[from] ?? 0, runAt(bytes, from, to))) {
      const verdict = DETECTORS[index]?.judge(bytes, from, to) ?? VERDICT.other;
      if (verdict === VERDICT.other) continue;
      const counts = verdict === VERDICT.matched ? this.#matched : this.#failed;
      counts[index] = (counts[index] ?? 0) + times;
    }
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
