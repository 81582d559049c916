// Per group: rows, and how many of them are not the first of their unit there; so also distinct units. The numbers
// of a group lie side by side, so that a group among many costs one cache miss.
import { CHUNK_ROWS } from "./chunk.ts";
import { growInt32, mapFloat64 } from "./grow.ts";
import { KERNELS } from "./wasm/kernels.ts";
import type { Slot } from "./wasm/kernels.ts";

const WIDTH = 4;
const ROWS = 0;
const REPEATS = 1;
/** Ordinal of the last unit seen; 0 is none. */
const LAST_UNIT = 2;

const ALL_FIRST: Uint8Array = new Uint8Array(CHUNK_ROWS).fill(1);

/** What a chunk says of its passing rows. */
export interface ChunkRows {
  /** The group of each, all below `bound`. */
  readonly groups: Int32Array;
  readonly bound: number;
  /** The ordinal of each row's unit; null where each row is a unit. */
  readonly ordinals: Int32Array | null;
  /** Whether no two rows are of one unit, and none of a unit of an earlier chunk. */
  readonly isDistinct: boolean;
  readonly count: number;
}

export class UnitTally {
  #state: Int32Array = new Int32Array(0);
  readonly #firsts = new Uint8Array(CHUNK_ROWS);

  /** Returns, by row, whether it is the first of its unit in its group. The array is reused. */
  add({ bound, groups, ordinals, isDistinct, count }: ChunkRows): Uint8Array {
    this.#state = growInt32(this.#state, bound * WIDTH);
    if (!isDistinct && ordinals !== null) {
      if (this.#state.length <= KERNELS.units.length) this.#countByKernel(groups, ordinals, count);
      else countUnits(this.#state, groups, ordinals, count, this.#firsts);
      return this.#firsts;
    }
    if (this.#state.length <= KERNELS.units.length) this.#countRowsByKernel(groups, count);
    else countRows(this.#state, groups, count);
    // Of these units only the last may have more rows in a later chunk.
    const last = (groups[count - 1] ?? 0) * WIDTH + LAST_UNIT;
    if (ordinals !== null && count > 0) this.#state[last] = ordinals[count - 1] ?? 0;
    return ALL_FIRST;
  }

  #countByKernel(groups: Int32Array, ordinals: Int32Array, count: number): void {
    KERNELS.groups.set(groups.subarray(0, count));
    KERNELS.ordinals.set(ordinals.subarray(0, count));
    KERNELS.units.set(this.#state);
    KERNELS.countUnits(0, count);
    this.#state.set(KERNELS.units.subarray(0, this.#state.length));
    this.#firsts.set(KERNELS.firsts.subarray(0, count));
  }

  #countRowsByKernel(groups: Int32Array, count: number): void {
    KERNELS.groups.set(groups.subarray(0, count));
    KERNELS.units.set(this.#state);
    KERNELS.countRows(0, count);
    this.#state.set(KERNELS.units.subarray(0, this.#state.length));
  }

  /** Lends the counts of the groups below `bound` to a slot, until `leave`. */
  enter(slot: Slot, bound: number): void {
    this.#state = growInt32(this.#state, bound * WIDTH);
    slot.units.set(this.#state.subarray(0, bound * WIDTH));
  }

  leave(slot: Slot, bound: number): void {
    this.#state.set(slot.units.subarray(0, bound * WIDTH));
  }

  /** Goes on from what others have counted: by group rows, repeats, last unit, nothing. */
  restore(state: Int32Array): void {
    this.#state = state;
  }

  /** A tally of its own that has counted the same. */
  copy(): UnitTally {
    const copy = new UnitTally();
    copy.#state = this.#state.slice();
    return copy;
  }

  /** Numbers of the groups that have rows, rising. */
  formedGroups(): Int32Array {
    const groups = new Int32Array(this.#state.length / WIDTH);
    let count = 0;
    for (let group = 0; group < groups.length; group += 1) {
      groups[count] = group;
      count += this.#state[group * WIDTH + ROWS] === 0 ? 0 : 1;
    }
    return groups.slice(0, count);
  }

  rows(groups: Int32Array): Float64Array {
    const state = this.#state;
    return mapFloat64(groups, (group) => state[group * WIDTH + ROWS] ?? 0);
  }

  units(groups: Int32Array): Float64Array {
    const state = this.#state;
    return mapFloat64(
      groups,
      (group) => (state[group * WIDTH + ROWS] ?? 0) - (state[group * WIDTH + REPEATS] ?? 0),
    );
  }
}

function countRows(state: Int32Array, groups: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const at = (groups[i] ?? 0) * WIDTH;
    state[at] = (state[at] ?? 0) + 1;
  }
}

/** What the kernel of this name does. */
export function countUnits(
  state: Int32Array,
  groups: Int32Array,
  ordinals: Int32Array,
  count: number,
  firsts: Uint8Array,
): void {
  for (let i = 0; i < count; i += 1) {
    const at = (groups[i] ?? 0) * WIDTH;
    const unit = ordinals[i] ?? 0;
    const changed = (state[at + LAST_UNIT] ?? 0) ^ unit;
    // The sign bit of x | -x is set unless x is 0.
    const isFirst = (changed | -changed) >>> 31;
    state[at] = (state[at] ?? 0) + 1;
    state[at + REPEATS] = (state[at + REPEATS] ?? 0) + (isFirst ^ 1);
    state[at + LAST_UNIT] = unit;
    firsts[i] = isFirst;
  }
}
