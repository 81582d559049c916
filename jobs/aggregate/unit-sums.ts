// The sums of units' clipped totals, in one pass over a chunk: what contribution.ts, sum.ts and share.ts do in four,
// bit for bit, where the bounds have one sign, so that the sum of absolute contributions is the sum itself.
import { growFloat64, mapFloat64 } from "./grow.ts";
import { MAX_EXACT } from "./measure.ts";
import type { ShareState, SumState } from "./partial.ts";
import type { ClipRule } from "./program.ts";
import { addCompensated, carryExact } from "./sum.ts";
import type { ChunkRows } from "./unit-tally.ts";
import { KERNELS } from "./wasm/kernels.ts";
import type { Slot } from "./wasm/kernels.ts";

const WIDTH = 4;
/** The total of the unit that the group saw last, not clipped yet; NaN where there was none. */
const TOTAL = 0;
const HIGH = 1;
const LOW = 2;
/** The largest clipped total, without its sign. */
const LARGEST = 3;

export class UnitSums {
  readonly #rule: ClipRule;
  #state: Float64Array = new Float64Array(0);

  constructor(rule: ClipRule) {
    this.#rule = rule;
  }

  static fits({ lower, upper }: ClipRule): boolean {
    return lower >= 0 || upper <= 0;
  }

  grow(groups: number): void {
    const known = this.#state.length;
    if (groups * WIDTH <= known) return;
    this.#state = growFloat64(this.#state, groups * WIDTH);
    for (let at = known; at < this.#state.length; at += WIDTH) this.#state[at + TOTAL] = NaN;
  }

  /** Goes on from what others have added: by group total, high, low, largest. */
  restore(state: Float64Array): void {
    this.#state = state;
  }

  /** `firsts` marks the rows that are the first of their unit in their group. At most a chunk. */
  addAll({ groups, isDistinct, count }: ChunkRows, firsts: Uint8Array, values: Float64Array): void {
    let done = 0;
    if (this.#state.length <= KERNELS.sums.length) {
      KERNELS.groups.set(groups.subarray(0, count));
      KERNELS.values.set(values.subarray(0, count));
      done =
        isDistinct && count > 2 * this.#state.length
          ? this.#addRows(count - 1)
          : this.#addUnits(firsts, count);
    }
    if (this.#rule.exact) addExact(this.#state, this.#rule, groups, firsts, values, done, count);
    else addFloats(this.#state, this.#rule, groups, firsts, values, done, count);
  }

  /** Returns how many rows it has added. */
  #addUnits(firsts: Uint8Array, count: number): number {
    const { lower, upper, exact } = this.#rule;
    KERNELS.firsts.set(firsts.subarray(0, count));
    KERNELS.sums.set(this.#state);
    const done = KERNELS[exact ? "addExact" : "addFloats"](0, count, lower, upper);
    this.#state.set(KERNELS.sums.subarray(0, this.#state.length));
    return done;
  }

  /** The same where each row is a unit. The chunk's last one is not for it: its unit may go on in the next chunk. */
  #addRows(count: number): number {
    const { lower, upper, exact } = this.#rule;
    this.#endUnits(Int32Array.from({ length: this.#state.length / WIDTH }, (_, group) => group));
    KERNELS.sums.set(this.#state);
    const done = KERNELS[exact ? "addExactRows" : "addFloatRows"](0, count, lower, upper);
    this.#state.set(KERNELS.sums.subarray(0, this.#state.length));
    return done;
  }

  /** Lends the sums of the groups below `bound` to a slot, until `leave`. */
  enter({ offset, sums }: Slot, bound: number): void {
    this.grow(bound);
    sums.set(this.#state.subarray(0, bound * WIDTH));
    if (this.#rule.exact) KERNELS.enterExact(0, bound, offset);
  }

  leave({ offset, sums }: Slot, bound: number): void {
    if (this.#rule.exact) KERNELS.leaveExact(0, bound, offset);
    this.#state.set(sums.subarray(0, bound * WIDTH));
  }

  /** Adds the totals that are running. */
  #endUnits(groups: Int32Array): void {
    const firsts = new Uint8Array(groups.length).fill(1);
    // A next unit ends the last one, and is itself none.
    const next = new Float64Array(groups.length).fill(NaN);
    if (this.#rule.exact) addExact(this.#state, this.#rule, groups, firsts, next, 0, groups.length);
    else addFloats(this.#state, this.#rule, groups, firsts, next, 0, groups.length);
  }

  /** Once. */
  finish(formed: Int32Array): { readonly sum: SumState; readonly share: ShareState } {
    this.#endUnits(formed);
    // Not -0: what was added one by one has none.
    const state = this.#state;
    const pick = (part: number, sign: number): Float64Array =>
      mapFloat64(formed, (group) => sign * (state[group * WIDTH + part] ?? 0) + 0);
    const sum = { high: pick(HIGH, 1), low: pick(LOW, 1) };
    const absolute = this.#rule.lower >= 0 ? sum : { high: pick(HIGH, -1), low: pick(LOW, -1) };
    return { sum, share: { largest: pick(LARGEST, 1), absolute } };
  }
}

/** From row `from` to row `count`. */
export function addExact(
  state: Float64Array,
  { lower, upper }: ClipRule,
  groups: Int32Array,
  firsts: Uint8Array,
  values: Float64Array,
  from: number,
  count: number,
): void {
  for (let i = from; i < count; i += 1) {
    const at = (groups[i] ?? 0) * WIDTH;
    const total = state[at + TOTAL] ?? 0;
    if (firsts[i] === 0) {
      state[at + TOTAL] = clip(total + (values[i] ?? 0), -MAX_EXACT, MAX_EXACT);
      continue;
    }
    state[at + TOTAL] = values[i] ?? 0;
    if (Number.isNaN(total)) continue;
    const amount = clip(total, lower, upper);
    const low = (state[at + LOW] ?? 0) + amount;
    if (low >= -MAX_EXACT && low <= MAX_EXACT) state[at + LOW] = low;
    else carryExact(state, at + HIGH, at + LOW, amount);
    state[at + LARGEST] = Math.max(state[at + LARGEST] ?? 0, Math.abs(amount));
  }
}

/** As addExact. */
export function addFloats(
  state: Float64Array,
  { lower, upper }: ClipRule,
  groups: Int32Array,
  firsts: Uint8Array,
  values: Float64Array,
  from: number,
  count: number,
): void {
  for (let i = from; i < count; i += 1) {
    const at = (groups[i] ?? 0) * WIDTH;
    const total = state[at + TOTAL] ?? 0;
    if (firsts[i] === 0) {
      state[at + TOTAL] = clip(total + (values[i] ?? 0), -Number.MAX_VALUE, Number.MAX_VALUE);
      continue;
    }
    state[at + TOTAL] = values[i] ?? 0;
    if (Number.isNaN(total)) continue;
    const amount = clip(total, lower, upper);
    addCompensated(state, at + HIGH, at + LOW, amount);
    state[at + LARGEST] = Math.max(state[at + LARGEST] ?? 0, Math.abs(amount));
  }
}

function clip(value: number, lower: number, upper: number): number {
  return value < lower ? lower : value > upper ? upper : value;
}
