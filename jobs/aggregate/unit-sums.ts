// The sums of units' clipped totals, in one pass over a chunk: what contribution.ts, sum.ts and share.ts do in four,
// bit for bit, where the bounds have one sign, so that the sum of absolute contributions is the sum itself.
import { growFloat64 } from "./grow.ts";
import { MAX_EXACT } from "./measure.ts";
import type { ShareState, SumState } from "./partial.ts";
import type { ClipRule } from "./program.ts";
import { addCompensated, carryExact } from "./sum.ts";

export class UnitSums {
  readonly #rule: ClipRule;
  /** The total of the unit that the group saw last, not clipped yet; NaN where there was none. */
  #total: Float64Array = new Float64Array(0);
  #high: Float64Array = new Float64Array(0);
  #low: Float64Array = new Float64Array(0);
  /** The largest clipped total, without its sign. */
  #largest: Float64Array = new Float64Array(0);

  constructor(rule: ClipRule) {
    this.#rule = rule;
  }

  static fits({ lower, upper }: ClipRule): boolean {
    return lower >= 0 || upper <= 0;
  }

  grow(groups: number): void {
    const known = this.#total.length;
    this.#total = growFloat64(this.#total, groups).fill(NaN, known);
    this.#high = growFloat64(this.#high, groups);
    this.#low = growFloat64(this.#low, groups);
    this.#largest = growFloat64(this.#largest, groups);
  }

  /** `firsts` marks the rows that are the first of their unit in their group. */
  addAll(groups: Int32Array, firsts: Uint8Array, values: Float64Array, count: number): void {
    if (this.#rule.exact) this.#addExact(groups, firsts, values, count);
    else this.#addFloats(groups, firsts, values, count);
  }

  #addExact(groups: Int32Array, firsts: Uint8Array, values: Float64Array, count: number): void {
    const { lower, upper } = this.#rule;
    const [totals, highs, lows, largest] = [this.#total, this.#high, this.#low, this.#largest];
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const value = values[i] ?? 0;
      const total = totals[group] ?? 0;
      if (firsts[i] === 0) {
        totals[group] = clip(total + value, -MAX_EXACT, MAX_EXACT);
        continue;
      }
      totals[group] = value;
      if (Number.isNaN(total)) continue;
      const amount = clip(total, lower, upper);
      const low = (lows[group] ?? 0) + amount;
      if (low >= -MAX_EXACT && low <= MAX_EXACT) lows[group] = low;
      else carryExact(highs, lows, group, amount);
      const size = Math.abs(amount);
      if (size > (largest[group] ?? 0)) largest[group] = size;
    }
  }

  #addFloats(groups: Int32Array, firsts: Uint8Array, values: Float64Array, count: number): void {
    const { lower, upper } = this.#rule;
    const [totals, highs, lows, largest] = [this.#total, this.#high, this.#low, this.#largest];
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const value = values[i] ?? 0;
      const total = totals[group] ?? 0;
      if (firsts[i] === 0) {
        totals[group] = clip(total + value, -Number.MAX_VALUE, Number.MAX_VALUE);
        continue;
      }
      totals[group] = value;
      if (Number.isNaN(total)) continue;
      const amount = clip(total, lower, upper);
      addCompensated(highs, lows, group, amount);
      const size = Math.abs(amount);
      if (size > (largest[group] ?? 0)) largest[group] = size;
    }
  }

  /** Once: it ends the units whose totals are running. */
  finish(formed: Int32Array): { readonly sum: SumState; readonly share: ShareState } {
    // A next unit ends the last one, and is itself not counted.
    const count = formed.length;
    this.addAll(formed, new Uint8Array(count).fill(1), new Float64Array(count), count);
    const pick = (state: Float64Array, sign: number): Float64Array =>
      Float64Array.from(formed, (group) => sign * (state[group] ?? 0));
    const sum = { high: pick(this.#high, 1), low: pick(this.#low, 1) };
    const absolute = this.#rule.lower >= 0 ? sum : { high: pick(this.#high, -1), low: pick(this.#low, -1) };
    return { sum, share: { largest: pick(this.#largest, 1), absolute } };
  }
}

function clip(value: number, lower: number, upper: number): number {
  return value < lower ? lower : value > upper ? upper : value;
}
