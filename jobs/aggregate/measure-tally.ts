// Per group of one level, of one measure: non-null rows, distinct units that have one, and what else the program asks
// of their values.
import { CHUNK_ROWS } from "./chunk.ts";
import { Contributions } from "./contribution.ts";
import { ExtremeTally } from "./extreme.ts";
import type { MeasureReader } from "./measure.ts";
import { MomentTally } from "./moment.ts";
import type { PartialMeasure } from "./partial.ts";
import type { ClipRule, Extreme, Measure } from "./program.ts";
import { ShareTally } from "./share.ts";
import { makeSums, pickState } from "./sum.ts";
import type { Sums } from "./sum.ts";
import type { ChunkRows, UnitTally } from "./unit-tally.ts";

export class MeasureTally {
  readonly #all: UnitTally;
  /** Non-null rows only; until the first null these are all rows, and there is nothing to count twice. */
  #present: UnitTally | null = null;
  readonly #sum: SumTally | null;
  readonly #moments: MomentTally | null;
  readonly #extremes: Readonly<Record<Extreme, ExtremeTally | null>>;
  readonly #groups = new Int32Array(CHUNK_ROWS);
  readonly #ordinals = new Int32Array(CHUNK_ROWS);

  /** `all` counts all passing rows, and each chunk of them after this measure has seen it. */
  constructor({ sum, share, moments, extremes }: Measure, all: UnitTally) {
    this.#all = all;
    this.#sum = sum && new SumTally(sum, share ? new ShareTally(sum) : null);
    this.#moments = moments && new MomentTally(moments);
    this.#extremes = {
      min: extremes.includes("min") ? new ExtremeTally("min") : null,
      max: extremes.includes("max") ? new ExtremeTally("max") : null,
    };
  }

  /** `reader` has read the same rows. */
  add(reader: MeasureReader, rows: ChunkRows): void {
    const present =
      reader.positions === null ? rows : this.#keepPresent(rows, reader.positions, reader.count);
    if (reader.positions !== null) this.#present ??= this.#all.copy();
    this.#present?.add(present);
    const { bound, groups, ordinals, count } = present;
    this.#sum?.add(present, reader.values);
    this.#moments?.grow(bound);
    this.#moments?.addAll(groups, reader.values, count);
    for (const extreme of [this.#extremes.min, this.#extremes.max]) {
      extreme?.grow(bound);
      extreme?.addAll(groups, reader.values, ordinals, count);
    }
  }

  #keepPresent({ bound, groups, ordinals }: ChunkRows, positions: Int32Array, count: number): ChunkRows {
    const [ownGroups, ownOrdinals] = [this.#groups, this.#ordinals];
    for (let i = 0; i < count; i += 1) ownGroups[i] = groups[positions[i] ?? 0] ?? 0;
    if (ordinals === null) return { bound, groups: ownGroups, ordinals, count };
    for (let i = 0; i < count; i += 1) ownOrdinals[i] = ordinals[positions[i] ?? 0] ?? 0;
    return { bound, groups: ownGroups, ordinals: ownOrdinals, count };
  }

  finish(formed: Int32Array): PartialMeasure {
    const present = this.#present ?? this.#all;
    return {
      nonNull: present.rows(formed),
      units: present.units(formed),
      ...(this.#sum?.finish(formed) ?? { sum: null, share: null }),
      moments: this.#moments?.finish(formed) ?? null,
      min: this.#extremes.min?.finish(formed) ?? null,
      max: this.#extremes.max?.finish(formed) ?? null,
    };
  }
}

class SumTally {
  readonly #share: ShareTally | null;
  readonly #contributions: Contributions;
  readonly #sums: Sums;

  constructor(rule: ClipRule, share: ShareTally | null) {
    this.#share = share;
    this.#contributions = new Contributions(rule);
    this.#sums = makeSums(rule);
  }

  add({ bound, groups, ordinals, count }: ChunkRows, values: Float64Array): void {
    const contributions = this.#contributions;
    const complete =
      ordinals === null
        ? contributions.addRows(groups, values, count)
        : contributions.addUnits(bound, groups, values, ordinals, count);
    this.#addAll(bound, contributions.groups, contributions.amounts, complete);
  }

  #addAll(bound: number, groups: Int32Array, amounts: Float64Array, count: number): void {
    this.#sums.grow(bound);
    this.#sums.addAll(groups, amounts, count);
    this.#share?.grow(bound);
    this.#share?.addAll(groups, amounts, count);
  }

  /** Once: it ends the units whose totals are running. */
  finish(formed: Int32Array): Pick<PartialMeasure, "sum" | "share"> {
    const bound = formed.reduce((most, group) => Math.max(most, group + 1), 0);
    for (const group of formed) {
      const last = this.#contributions.last(group);
      if (last !== null) this.#addAll(bound, Int32Array.of(group), Float64Array.of(last), 1);
    }
    return { sum: pickState(this.#sums, formed), share: this.#share?.finish(formed) ?? null };
  }
}
