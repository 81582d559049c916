// The units behind each count of a column whose units are scattered. Marks are made when a count first has any.
import { DETECTORS } from "../../core/detect/detectors.ts";
import type { DetectorSet } from "../../core/detect/verdicts.ts";
import { addMarks, countMarks, makeMarks, markUnit } from "./unit-marks.ts";
import type { UnitMarks } from "./unit-marks.ts";

/** Of the values; then, by detector, of those that match, and of those that fail. */
const COUNTS: number = 1 + 2 * DETECTORS.length;

/** Null where a count has no unit. */
export type MarksByCount = readonly (UnitMarks | null)[];

export class UnitsBehind {
  readonly #minUnits: number;
  readonly #marks: (UnitMarks | null)[] = Array<null>(COUNTS).fill(null);

  constructor(minUnits: number) {
    this.#minUnits = minUnits;
  }

  /** A value of the unit with this hash. */
  add(hash: number, matched: DetectorSet, failed: DetectorSet): void {
    markUnit(this.#at(0), hash);
    for (let left = matched; left !== 0; left &= left - 1) {
      markUnit(this.#at(1 + indexOf(left)), hash);
    }
    for (let left = failed; left !== 0; left &= left - 1) {
      markUnit(this.#at(1 + DETECTORS.length + indexOf(left)), hash);
    }
  }

  merge(more: MarksByCount): void {
    for (const [count, marks] of more.entries()) if (marks !== null) addMarks(this.#at(count), marks);
  }

  marks(): MarksByCount {
    return this.#marks;
  }

  /** Whether the rules' minimum of units is behind the column's values. */
  hasValues(): boolean {
    return this.#isEnough(0);
  }

  hasMatched(detector: number): boolean {
    return this.#isEnough(1 + detector);
  }

  hasFailed(detector: number): boolean {
    return this.#isEnough(1 + DETECTORS.length + detector);
  }

  #isEnough(count: number): boolean {
    const marks = this.#marks[count];
    return marks !== null && marks !== undefined && countMarks(marks) >= this.#minUnits;
  }

  #at(count: number): UnitMarks {
    return (this.#marks[count] ??= makeMarks(this.#minUnits));
  }
}

/** The place of a set's lowest detector. */
function indexOf(set: DetectorSet): number {
  return 31 - Math.clz32(set & -set);
}
