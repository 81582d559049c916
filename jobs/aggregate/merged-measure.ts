// One measure of one level over all objects, and what it comes to in a group. Nothing here has been through the gate.
import { BinTally } from "./bin-tally.ts";
import type { MergedBin } from "./bin-tally.ts";
import { DistinctTally } from "./distinct-tally.ts";
import { ExtremeTally } from "./extreme.ts";
import { growFloat64 } from "./grow.ts";
import { JointTally } from "./joint-moment.ts";
import type { JointMoments } from "./joint-moment.ts";
import { MomentTally } from "./moment.ts";
import type { Moments } from "./moment.ts";
import type { ExtremeState, PartialMeasure, ShareState, SumState } from "./partial.ts";
import type { ClipRule, Extreme, Measure } from "./program.ts";
import { ShareTally } from "./share.ts";
import { makeSums, mergeSums, TWO_32 } from "./sum.ts";
import type { Sums } from "./sum.ts";

export interface MergedMeasure {
  readonly nonNull: number;
  readonly units: number;
  /** Distinct units that have a row without a value; 0 if not asked. */
  readonly missing: number;
  /** Of the units' clipped totals: bigint in the column's smallest unit, float64 for floats, null if not asked. */
  readonly sum: bigint | number | null;
  readonly share: MergedShare | null;
  readonly moments: Moments | null;
  readonly joint: JointMoments | null;
  readonly min: MergedExtreme | null;
  readonly max: MergedExtreme | null;
  readonly bins: readonly MergedBin[] | null;
  /** About how many distinct values; null if not asked. */
  readonly distinct: number | null;
}

/** Of the units' clipped totals, taken without their signs: the largest, and all together. As `sum` in type and unit. */
export interface MergedShare {
  readonly largest: bigint | number;
  readonly absolute: bigint | number;
}

export interface MergedExtreme {
  /** Saturated, not clipped: bigint in the smallest unit, float64 for floats, null where there is no value. */
  readonly value: bigint | number | null;
  /** Distinct units that hold it. */
  readonly units: number;
}

export class MeasureMerge {
  readonly #isExact: boolean;
  readonly #sums: Sums | null;
  readonly #share: ShareTally | null;
  readonly #moments: MomentTally | null;
  readonly #joint: JointTally | null;
  readonly #extremes: Readonly<Record<Extreme, ExtremeTally | null>>;
  readonly #bins: BinTally | null;
  readonly #distinct: DistinctTally | null;
  #nonNull: Float64Array = new Float64Array(0);
  #units: Float64Array = new Float64Array(0);
  #missing: Float64Array = new Float64Array(0);

  constructor({ sum, share, moments, joint, extremes, bins, distinct, exact }: Measure) {
    this.#isExact = exact;
    this.#sums = sum && makeSums(sum);
    this.#share = sum && share ? new ShareTally(sum) : null;
    this.#moments = moments && new MomentTally(moments);
    this.#joint = joint && new JointTally(joint);
    this.#extremes = {
      min: extremes.includes("min") ? new ExtremeTally("min") : null,
      max: extremes.includes("max") ? new ExtremeTally("max") : null,
    };
    this.#bins = bins && new BinTally(bins);
    this.#distinct = distinct && new DistinctTally(distinct);
  }

  /** `groups` are the numbers here, below `size`, of the partial's groups. */
  add(partial: PartialMeasure | undefined, groups: Int32Array, size: number): void {
    if (partial === undefined) throw new Error("internal: a partial of another program");
    this.#nonNull = growFloat64(this.#nonNull, size);
    this.#units = growFloat64(this.#units, size);
    addAt(this.#nonNull, groups, partial.nonNull);
    addAt(this.#units, groups, partial.units);
    this.#missing = growFloat64(this.#missing, size);
    if (partial.missing !== null) addAt(this.#missing, groups, partial.missing);
    const { min, max } = this.#extremes;
    for (const tally of [this.#sums, this.#share, this.#moments, this.#joint, min, max]) tally?.grow(size);
    if (partial.sum !== null) mergeSums(this.#sums, groups, partial.sum);
    if (partial.share !== null) this.#share?.merge(groups, partial.share);
    if (partial.moments !== null) this.#moments?.merge(groups, partial.moments);
    if (partial.joint !== null) this.#joint?.merge(groups, partial.joint);
    if (partial.min !== null) min?.merge(groups, partial.min);
    if (partial.max !== null) max?.merge(groups, partial.max);
    if (partial.bins !== null) this.#bins?.merge(groups, partial.bins);
    this.#distinct?.grow(size);
    if (partial.distinct !== null) this.#distinct?.merge(groups, partial.distinct);
  }

  read(group: number): MergedMeasure {
    const nonNull = this.#nonNull[group] ?? 0;
    return {
      nonNull,
      units: this.#units[group] ?? 0,
      missing: this.#missing[group] ?? 0,
      sum: this.#sums?.value(group) ?? null,
      share: this.#share && this.#readShare(this.#share, group),
      moments: this.#moments?.read(group, nonNull) ?? null,
      joint: this.#joint?.read(group, nonNull) ?? null,
      min: this.#readExtreme("min", group),
      max: this.#readExtreme("max", group),
      bins: this.#bins?.read(group) ?? null,
      distinct: this.#distinct?.read(group) ?? null,
    };
  }

  /**
   * Where groups are pairs of a group and a unit, and nothing was clipped: what each unit adds, clipped as `measure`
   * says. Its total is one number: past 2^53 it is rounded, but never back to within bounds that it has passed.
   */
  pairs(measure: Measure | undefined, pairs: Int32Array): PartialMeasure {
    if (measure === undefined) throw new Error("internal: pairs of another program");
    const units = Float64Array.from(pairs, (pair) => Math.min(1, this.#nonNull[pair] ?? 0));
    const extreme = (tally: ExtremeTally | null): ExtremeState | null =>
      tally && { value: tally.finish(pairs).value, units };
    const sum = this.#sums && measure.sum && this.#clippedTotals(this.#sums, measure.sum, pairs);
    return {
      nonNull: Float64Array.from(pairs, (pair) => this.#nonNull[pair] ?? 0),
      units,
      missing: measure.missing
        ? Float64Array.from(pairs, (pair) => Math.min(1, this.#missing[pair] ?? 0))
        : null,
      sum,
      share: measure.share && sum !== null ? shareOf(sum, this.#isExact) : null,
      moments: this.#moments?.finish(pairs) ?? null,
      joint: this.#joint?.finishPairs(pairs, units) ?? null,
      min: extreme(this.#extremes.min),
      max: extreme(this.#extremes.max),
      bins: this.#bins?.finishPairs(pairs) ?? null,
      distinct: this.#distinct?.finishPairs(pairs) ?? null,
    };
  }

  #clippedTotals(sums: Sums, { lower, upper, exact }: ClipRule, pairs: Int32Array): SumState {
    const totals = Float64Array.from(pairs, (pair) => {
      // A unit without a value adds nothing, whatever the bounds say.
      if ((this.#nonNull[pair] ?? 0) === 0) return 0;
      const total = (sums.high[pair] ?? 0) * (exact ? TWO_32 : 1) + (sums.low[pair] ?? 0);
      return Math.min(upper, Math.max(lower, total));
    });
    return sumState(totals, exact);
  }

  #readShare(share: ShareTally, group: number): MergedShare {
    const largest = share.largest(group);
    return { largest: this.#isExact ? BigInt(largest) : largest, absolute: share.absolute(group) };
  }

  #readExtreme(extreme: Extreme, group: number): MergedExtreme | null {
    const tally = this.#extremes[extreme];
    if (tally === null) return null;
    const value = tally.value(group);
    return { value: value !== null && this.#isExact ? BigInt(value) : value, units: tally.units(group) };
  }
}

function shareOf({ high, low }: SumState, isExact: boolean): ShareState {
  const largest = (isExact ? low : high).map(Math.abs);
  return { largest, absolute: sumState(largest, isExact) };
}

/** Sums of one number each, within 2^53. */
function sumState(numbers: Float64Array, isExact: boolean): SumState {
  const zeros = new Float64Array(numbers.length);
  return isExact ? { high: zeros, low: numbers } : { high: numbers, low: zeros };
}

/** Adds a number to each of the named places. */
export function addAt(totals: Float64Array, places: Int32Array, values: Float64Array): void {
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at] ?? 0;
    totals[place] = (totals[place] ?? 0) + (values[at] ?? 0);
  }
}
