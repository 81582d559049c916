// Counts of a column in which each unit weighs one, however many rows it has: of a unit's values, the share that matches
// is added. So no unit moves a count by more than one, and a count of n is of at least n units.
import { DETECTORS } from "../../core/detect/detectors.ts";
import { addToSet } from "../../core/detect/verdicts.ts";
import type { DetectorSet } from "../../core/detect/verdicts.ts";

/** A unit's one in whole parts, rounded down, so that sums are the same in any order; exact up to 2^37 units. */
export const WHOLE: number = 2 ** 16;

export interface Counts {
  /** In parts of WHOLE, each. */
  readonly values: number;
  /** By the detector's place in DETECTORS. */
  readonly matched: Float64Array;
  readonly failed: Float64Array;
}

export class UnitShares {
  #values = 0;
  readonly #matched = new Float64Array(DETECTORS.length);
  readonly #failed = new Float64Array(DETECTORS.length);
  /** Of the unit whose rows these are. */
  #rows = 0;
  #sets: DetectorSet = 0;
  readonly #matchedRows = new Float64Array(DETECTORS.length);
  readonly #failedRows = new Float64Array(DETECTORS.length);

  /** A row with a value, of the unit that is open. */
  add(matched: DetectorSet, failed: DetectorSet): void {
    this.#rows += 1;
    if ((matched | failed) === 0) return;
    this.#sets |= matched | failed;
    addToSet(this.#matchedRows, matched, 1);
    addToSet(this.#failedRows, failed, 1);
  }

  /** What comes next is another unit's. */
  endUnit(): void {
    if (this.#rows === 0) return;
    this.#values += WHOLE;
    for (let left = this.#sets; left !== 0; left &= left - 1) {
      const index = 31 - Math.clz32(left & -left);
      this.#settle(this.#matched, this.#matchedRows, index);
      this.#settle(this.#failed, this.#failedRows, index);
    }
    this.#sets = 0;
    this.#rows = 0;
  }

  #settle(sums: Float64Array, rows: Float64Array, index: number): void {
    sums[index] = (sums[index] ?? 0) + Math.floor(((rows[index] ?? 0) * WHOLE) / this.#rows);
    rows[index] = 0;
  }

  counts(): Counts {
    return { values: this.#values, matched: this.#matched, failed: this.#failed };
  }
}
