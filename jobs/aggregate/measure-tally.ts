// Per group of one level, of one measure: non-null rows, distinct units that have one, and what else the program asks
// of their values.
import { BinTally } from "./bin-tally.ts";
import { CHUNK_ROWS } from "./chunk.ts";
import { SumTally } from "./contribution.ts";
import { DistinctTally } from "./distinct-tally.ts";
import { ExtremeTally } from "./extreme.ts";
import { JointTally } from "./joint-moment.ts";
import type { MeasureReader } from "./measure.ts";
import { MomentTally } from "./moment.ts";
import type { PartialMeasure } from "./partial.ts";
import type { Extreme, Measure } from "./program.ts";
import { UnitSums } from "./unit-sums.ts";
import { UnitTally } from "./unit-tally.ts";
import type { ChunkRows } from "./unit-tally.ts";
import { KERNELS } from "./wasm/kernels.ts";

export class MeasureTally {
  readonly #all: UnitTally;
  /** Non-null rows only; until the first null these are all rows, and there is nothing to count twice. */
  #present: UnitTally | null = null;
  /** Null rows only, where their units are asked for. */
  readonly #missing: UnitTally | null;
  readonly #sum: UnitSums | SumTally | null;
  readonly #share: boolean;
  readonly #moments: MomentTally | null;
  readonly #joint: JointTally | null;
  readonly #extremes: Readonly<Record<Extreme, ExtremeTally | null>>;
  readonly #bins: BinTally | null;
  readonly #distinct: DistinctTally | null;
  readonly #groups = new Int32Array(CHUNK_ROWS);
  readonly #ordinals = new Int32Array(CHUNK_ROWS);

  /** `all` counts all passing rows. */
  constructor({ sum, share, moments, joint, extremes, bins, distinct, missing }: Measure, all: UnitTally) {
    this.#all = all;
    this.#missing = missing ? new UnitTally() : null;
    this.#share = share;
    this.#sum = sum && (!share || UnitSums.fits(sum) ? new UnitSums(sum) : new SumTally(sum));
    this.#moments = moments && new MomentTally(moments);
    this.#joint = joint && new JointTally(joint);
    this.#extremes = {
      min: extremes.includes("min") ? new ExtremeTally("min") : null,
      max: extremes.includes("max") ? new ExtremeTally("max") : null,
    };
    this.#bins = bins && new BinTally(bins);
    this.#distinct = distinct && new DistinctTally(distinct);
  }

  /** What counts the rows that have a value: until `separate`, the same that counts all. */
  get units(): UnitTally {
    return this.#present ?? this.#all;
  }

  /** Before the first row without a value is counted. */
  separate(): void {
    this.#present ??= this.#all.copy();
  }

  /** Its sums, where they are added up in one pass. */
  get unitSums(): UnitSums | null {
    return this.#sum instanceof UnitSums ? this.#sum : null;
  }

  /** Before `all` counts the rows that `reader` has read. */
  prepare({ positions }: MeasureReader): void {
    if (positions !== null) this.separate();
  }

  /** After it has; `firsts` is what it returned. `beside` has read the column of the measure beside this one. */
  add(reader: MeasureReader, rows: ChunkRows, firsts: Uint8Array, beside: MeasureReader | null): void {
    const { positions, values } = reader;
    // First: it uses the same buffers.
    this.#addMissing(rows, positions, reader.count);
    const present = positions === null ? rows : this.#keep(rows, positions, reader.count);
    const { bound, groups, ordinals, count } = present;
    const ownFirsts = this.#present?.add(present) ?? firsts;
    this.#sum?.grow(bound);
    this.#sum?.addAll(present, ownFirsts, values);
    this.#moments?.grow(bound);
    this.#moments?.addAll(groups, values, count);
    this.#joint?.grow(bound);
    if (beside !== null) this.#joint?.addAll(present, values, beside.values);
    this.#bins?.grow(bound);
    this.#bins?.addAll(present, values);
    this.#distinct?.grow(bound);
    if (reader.hasher !== null) this.#distinct?.addAll(present, reader.hasher.high, reader.hasher.low);
    for (const extreme of [this.#extremes.min, this.#extremes.max]) {
      extreme?.grow(bound);
      extreme?.addAll(groups, values, ordinals, count);
    }
  }

  /** Some rows of a chunk, by their positions among the passing ones. */
  #keep(
    { groups, ordinals, count: rows, ...rest }: ChunkRows,
    positions: Int32Array,
    count: number,
  ): ChunkRows {
    KERNELS.ordinals.set(positions.subarray(0, count));
    const pick = (all: Int32Array, own: Int32Array): Int32Array => {
      KERNELS.groups.set(all.subarray(0, rows));
      KERNELS.keepGroups(0, count);
      own.set(KERNELS.groups.subarray(0, count));
      return own;
    };
    const ownGroups = pick(groups, this.#groups);
    return { ...rest, groups: ownGroups, ordinals: ordinals && pick(ordinals, this.#ordinals), count };
  }

  /** Counts the rows that have none: all but those at `present` of the `positions`. */
  #addMissing(rows: ChunkRows, positions: Int32Array | null, present: number): void {
    if (this.#missing === null || positions === null) {
      this.#missing?.add({ ...rows, count: 0 });
      return;
    }
    const missing = new Int32Array(rows.count);
    let [count, next] = [0, 0];
    for (let row = 0; row < rows.count; row += 1) {
      const isPresent = next < present && positions[next] === row;
      if (isPresent) next += 1;
      else missing[count++] = row;
    }
    this.#missing.add(this.#keep(rows, missing, count));
  }

  finish(formed: Int32Array): PartialMeasure {
    const present = this.#present ?? this.#all;
    const sum = this.#sum && this.#sum.finish(formed);
    return {
      nonNull: present.rows(formed),
      units: present.units(formed),
      missing: this.#missing?.units(formed) ?? null,
      sum: sum?.sum ?? null,
      share: this.#share && sum !== null ? sum.share : null,
      moments: this.#moments?.finish(formed) ?? null,
      joint: this.#joint?.finish(formed) ?? null,
      min: this.#extremes.min?.finish(formed) ?? null,
      max: this.#extremes.max?.finish(formed) ?? null,
      bins: this.#bins?.finish(formed) ?? null,
      distinct: this.#distinct?.finish(formed) ?? null,
    };
  }
}
