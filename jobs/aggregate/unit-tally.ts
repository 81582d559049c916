// Per group: rows, and distinct units among them. The three numbers of a group lie side by side, so that a group
// among many costs one cache miss; the loops have no branch that follows the data.
import { growInt32 } from "./grow.ts";

const WIDTH = 4;
const ROWS = 0;
const UNITS = 1;
/** Ordinal of the last unit seen; 0 is none. */
const LAST_UNIT = 2;

/** What a chunk says of its passing rows. */
export interface ChunkRows {
  /** The group of each, all below `bound`. */
  readonly groups: Int32Array;
  readonly bound: number;
  /** The ordinal of each row's unit; null where each row is a unit. */
  readonly ordinals: Int32Array | null;
  readonly count: number;
}

export class UnitTally {
  #state: Int32Array = new Int32Array(0);
  #isEachRowAUnit = true;

  add({ bound, groups, ordinals, count }: ChunkRows): void {
    this.#state = growInt32(this.#state, bound * WIDTH);
    if (ordinals === null) {
      countRows(this.#state, groups, count);
    } else {
      this.#isEachRowAUnit = false;
      countUnits(this.#state, groups, ordinals, count);
    }
  }

  /** A tally of its own that has counted the same. */
  copy(): UnitTally {
    const copy = new UnitTally();
    copy.#state = this.#state.slice();
    copy.#isEachRowAUnit = this.#isEachRowAUnit;
    return copy;
  }

  /** Numbers of the groups that have rows, rising. */
  formedGroups(): Int32Array {
    const groups: number[] = [];
    for (let group = 0; group * WIDTH < this.#state.length; group += 1) {
      if (this.#state[group * WIDTH + ROWS] !== 0) groups.push(group);
    }
    return Int32Array.from(groups);
  }

  rows(groups: Int32Array): Float64Array {
    return Float64Array.from(groups, (group) => this.#state[group * WIDTH + ROWS] ?? 0);
  }

  units(groups: Int32Array): Float64Array {
    if (this.#isEachRowAUnit) return this.rows(groups);
    return Float64Array.from(groups, (group) => this.#state[group * WIDTH + UNITS] ?? 0);
  }
}

function countRows(state: Int32Array, groups: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const at = (groups[i] ?? 0) * WIDTH;
    state[at] = (state[at] ?? 0) + 1;
  }
}

function countUnits(state: Int32Array, groups: Int32Array, ordinals: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const at = (groups[i] ?? 0) * WIDTH;
    const unit = ordinals[i] ?? 0;
    const changed = (state[at + LAST_UNIT] ?? 0) ^ unit;
    state[at] = (state[at] ?? 0) + 1;
    // The sign bit of x | -x is set unless x is 0.
    state[at + UNITS] = (state[at + UNITS] ?? 0) + ((changed | -changed) >>> 31);
    state[at + LAST_UNIT] = unit;
  }
}
