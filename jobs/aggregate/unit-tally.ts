// Per group: passing rows, and distinct units among them.
import { growInt32 } from "./grow.ts";

export class UnitTally {
  #rows: Int32Array = new Int32Array(0);
  #units: Int32Array = new Int32Array(0);
  /** One more than the ordinal of the last unit seen, so that the zero of a new group is no unit. */
  #lastUnit: Int32Array = new Int32Array(0);
  #isEachRowAUnit = true;

  /** Group numbers are below `bound`; `ordinals` is null where each row is a unit. */
  add(bound: number, groups: Int32Array, ordinals: Int32Array | null, count: number): void {
    this.#rows = growInt32(this.#rows, bound);
    if (ordinals === null) {
      countRows(this.#rows, groups, count);
      return;
    }
    this.#isEachRowAUnit = false;
    this.#units = growInt32(this.#units, bound);
    this.#lastUnit = growInt32(this.#lastUnit, bound);
    countUnits(this.#rows, this.#units, this.#lastUnit, groups, ordinals, count);
  }

  /** Numbers of the groups that have rows, rising. */
  formedGroups(): Int32Array {
    const rows = this.#rows;
    let formed = 0;
    for (const count of rows) formed += count === 0 ? 0 : 1;
    const groups = new Int32Array(formed);
    for (let group = 0, at = 0; group < rows.length; group += 1) {
      if (rows[group] !== 0) groups[at++] = group;
    }
    return groups;
  }

  finish(formed: Int32Array): { passing: Float64Array; units: Float64Array } {
    const units = this.#isEachRowAUnit ? this.#rows : this.#units;
    return { passing: pick(this.#rows, formed), units: pick(units, formed) };
  }
}

/** The entries of the formed groups, in float64, where a merge may add up more than 32 bits hold. */
export function pick(values: Int32Array | Float64Array, formed: Int32Array): Float64Array {
  return Float64Array.from(formed, (group) => values[group] ?? 0);
}

function countRows(rows: Int32Array, groups: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const group = groups[i] ?? 0;
    rows[group] = (rows[group] ?? 0) + 1;
  }
}

function countUnits(
  rows: Int32Array,
  units: Int32Array,
  lastUnit: Int32Array,
  groups: Int32Array,
  ordinals: Int32Array,
  count: number,
): void {
  for (let i = 0; i < count; i += 1) {
    const group = groups[i] ?? 0;
    const unit = (ordinals[i] ?? 0) + 1;
    rows[group] = (rows[group] ?? 0) + 1;
    if (lastUnit[group] !== unit) {
      lastUnit[group] = unit;
      units[group] = (units[group] ?? 0) + 1;
    }
  }
}
