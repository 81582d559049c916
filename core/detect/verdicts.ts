// What all detectors say of one value, as two sets of them: for whoever counts by more than the column.
import { VERDICT } from "./detector.ts";
import { DETECTORS } from "./detectors.ts";
import { Dispatch, runAt } from "./dispatch.ts";
import { MAX_VALUE_BYTES, trimmedEnd, trimmedStart } from "./match.ts";

/** A bit for each detector, by its place in DETECTORS. */
export type DetectorSet = number;

const DISPATCH = new Dispatch(DETECTORS);

export class ValueJudge {
  /** Of the value judged last. */
  matched: DetectorSet = 0;
  failed: DetectorSet = 0;

  /** Whether `bytes[start, end)` is more than blanks. Of values past MAX_VALUE_BYTES nothing is read but their ends. */
  judge(bytes: Uint8Array, start: number, end: number): boolean {
    this.matched = 0;
    this.failed = 0;
    const from = trimmedStart(bytes, start, end);
    if (from === end) return false;
    const to = trimmedEnd(bytes, from, end);
    if (to - from > MAX_VALUE_BYTES) return true;
    for (const index of DISPATCH.at(bytes[from] ?? 0, runAt(bytes, from, to))) {
      const verdict = DETECTORS[index]?.judge(bytes, from, to) ?? VERDICT.other;
      if (verdict === VERDICT.matched) this.matched |= 1 << index;
      else if (verdict === VERDICT.failed) this.failed |= 1 << index;
    }
    return true;
  }
}

/** Adds to the counts of a set's detectors. */
export function addToSet(counts: Float64Array, set: DetectorSet, amount: number): void {
  for (let left = set; left !== 0; left &= left - 1) {
    const index = 31 - Math.clz32(left & -left);
    counts[index] = (counts[index] ?? 0) + amount;
  }
}
