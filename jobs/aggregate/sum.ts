// Running sums, one a group, in two float64 arrays. What is added is one unit's clipped contribution, or another
// sum's state when partials merge.
import { wholeCell } from "./cell.ts";
import { growFloat64, mapFloat64 } from "./grow.ts";
import { MAX_EXACT } from "./measure.ts";
import type { SumState } from "./partial.ts";
import type { ClipRule } from "./program.ts";

/** What the high part of an exact sum counts. */
export const TWO_32 = 4294967296;
/** Far beyond any result's range (2^84), and exact in a double. */
const MAX_HIGH: number = 2 ** 52;

export interface Sums {
  readonly high: Float64Array;
  readonly low: Float64Array;
  grow(groups: number): void;
  add(group: number, value: number): void;
  addAll(groups: Int32Array, values: Float64Array, count: number): void;
  /** Adds a sum of the same kind. */
  merge(group: number, high: number, low: number): void;
  /** bigint where sums are exact. */
  value(group: number): bigint | number;
}

/** The sums that a rule's contributions need. */
export function makeSums({ exact }: Pick<ClipRule, "exact">): Sums {
  return exact ? new ExactSums() : new CompensatedSums();
}

/** Adds the states of other sums, whose groups have these numbers here. */
export function mergeSums(sums: Sums | null, groups: Int32Array, { high, low }: SumState): void {
  if (sums === null) return;
  for (let at = 0; at < groups.length; at += 1) sums.merge(groups[at] ?? 0, high[at] ?? 0, low[at] ?? 0);
}

/** The state of some groups, in their order. */
export function pickState({ high, low }: Sums, groups: Int32Array): SumState {
  return {
    high: mapFloat64(groups, (group) => high[group] ?? 0),
    low: mapFloat64(groups, (group) => low[group] ?? 0),
  };
}

/**
 * Integers without rounding: the sum is high * 2^32 + low with |low| < 2^53. Values are integers within
 * +-(2^53 - 1). Saturates at +-2^84, which takes more than 2^31 units of the largest contribution.
 */
export class ExactSums implements Sums {
  high: Float64Array = new Float64Array(0);
  low: Float64Array = new Float64Array(0);

  grow(groups: number): void {
    this.high = growFloat64(this.high, groups);
    this.low = growFloat64(this.low, groups);
  }

  add(group: number, value: number): void {
    const low = (this.low[group] ?? 0) + value;
    // A sum past 2^53 may be rounded, but never back to within the bound.
    if (low >= -MAX_EXACT && low <= MAX_EXACT) this.low[group] = low;
    else this.#carry(group, value);
  }

  addAll(groups: Int32Array, values: Float64Array, count: number): void {
    const lows = this.low;
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const value = values[i] ?? 0;
      const low = (lows[group] ?? 0) + value;
      if (low >= -MAX_EXACT && low <= MAX_EXACT) lows[group] = low;
      else this.#carry(group, value);
    }
  }

  #carry(group: number, value: number): void {
    const { high, low } = addCarrying(this.high[group] ?? 0, this.low[group] ?? 0, value);
    this.high[group] = high;
    this.low[group] = low;
  }

  merge(group: number, high: number, low: number): void {
    this.add(group, low);
    this.high[group] = limitHigh((this.high[group] ?? 0) + high);
  }

  value(group: number): bigint {
    return exactSum(this.high[group] ?? 0, this.low[group] ?? 0);
  }
}

/** Adds a value for which the low part alone has no room. The sum's parts lie in one array. */
export function carryExact(parts: Float64Array, high: number, low: number, value: number): void {
  const sum = addCarrying(parts[high] ?? 0, parts[low] ?? 0, value);
  parts[high] = sum.high;
  parts[low] = sum.low;
}

function addCarrying(high: number, low: number, value: number): { high: number; low: number } {
  const [lowCarry, valueCarry] = [Math.floor(low / TWO_32), Math.floor(value / TWO_32)];
  return {
    high: limitHigh(high + lowCarry + valueCarry),
    low: low - lowCarry * TWO_32 + (value - valueCarry * TWO_32),
  };
}

function limitHigh(high: number): number {
  return Math.max(-MAX_HIGH, Math.min(MAX_HIGH, high));
}

/** The value of an exact sum's state. */
export function exactSum(high: number, low: number): bigint {
  return high === 0 ? wholeCell(low) : BigInt(high) * 0x100000000n + BigInt(low);
}

/**
 * Float64 with compensation: the sum is high + low, low gathering what rounding took from high (Neumaier's sum, with
 * the rounding error found by Knuth's branch-free TwoSum, which gives the same bits). The same additions in the same
 * order give the same sum. Bounds are within 2^53, so nothing overflows.
 */
export class CompensatedSums implements Sums {
  high: Float64Array = new Float64Array(0);
  low: Float64Array = new Float64Array(0);

  grow(groups: number): void {
    this.high = growFloat64(this.high, groups);
    this.low = growFloat64(this.low, groups);
  }

  add(group: number, value: number): void {
    const high = this.high[group] ?? 0;
    const sum = high + value;
    const valuePart = sum - high;
    this.high[group] = sum;
    this.low[group] = (this.low[group] ?? 0) + (high - (sum - valuePart) + (value - valuePart));
  }

  addAll(groups: Int32Array, values: Float64Array, count: number): void {
    const [highs, lows] = [this.high, this.low];
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      const value = values[i] ?? 0;
      const high = highs[group] ?? 0;
      const sum = high + value;
      const valuePart = sum - high;
      highs[group] = sum;
      lows[group] = (lows[group] ?? 0) + (high - (sum - valuePart) + (value - valuePart));
    }
  }

  merge(group: number, high: number, low: number): void {
    this.add(group, high);
    this.low[group] = (this.low[group] ?? 0) + low;
  }

  value(group: number): number {
    return (this.high[group] ?? 0) + (this.low[group] ?? 0);
  }
}

/** The sum's parts lie in one array. */
export function addCompensated(parts: Float64Array, at: number, lowAt: number, value: number): void {
  const high = parts[at] ?? 0;
  const sum = high + value;
  const valuePart = sum - high;
  parts[at] = sum;
  parts[lowAt] = (parts[lowAt] ?? 0) + (high - (sum - valuePart) + (value - valuePart));
}
