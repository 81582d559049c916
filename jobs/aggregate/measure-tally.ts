// Per group, of one measure: non-null rows, distinct units that have one, and the sum of their contributions.
import type { ColumnBatch } from "../../core/column/vector.ts";
import { CHUNK_ROWS, compact } from "./chunk.ts";
import { Contributions } from "./contribution.ts";
import type { Passing } from "./dimension-coder.ts";
import { readMeasure } from "./measure.ts";
import type { PartialMeasure } from "./partial.ts";
import type { Measure, ClipRule } from "./program.ts";
import { CompensatedSums, ExactSums } from "./sum.ts";
import type { Sums } from "./sum.ts";
import type { ChunkRows, UnitTally } from "./unit-tally.ts";

export class MeasureTally {
  readonly #column: number;
  readonly #all: UnitTally;
  /** Non-null rows only; until the first null these are all rows, and there is nothing to count twice. */
  #present: UnitTally | null = null;
  readonly #sum: SumTally | null;
  readonly #values = new Float64Array(CHUNK_ROWS);
  readonly #groups = new Int32Array(CHUNK_ROWS);
  readonly #ordinals = new Int32Array(CHUNK_ROWS);

  /** `all` counts all passing rows, and each chunk of them after this measure has seen it. */
  constructor({ column, sum }: Measure, all: UnitTally) {
    this.#column = column;
    this.#all = all;
    this.#sum = sum && new SumTally(sum);
  }

  add(batch: ColumnBatch, passing: Passing, rows: ChunkRows): void {
    const vector = batch.columns[this.#column];
    if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
    const mayBeNull = readMeasure(vector, passing.start, passing.count, this.#values);
    if (passing.picked !== null) compact(this.#values, passing.picked, passing.passing);
    const present = mayBeNull ? this.#keepPresent(rows) : rows;
    if (mayBeNull) this.#present ??= this.#all.copy();
    this.#present?.add(present);
    this.#sum?.add(present, this.#values);
  }

  /** Moves the non-null values to the front, and gives the rows that have them. */
  #keepPresent({ bound, groups, ordinals, count }: ChunkRows): ChunkRows {
    const [values, ownGroups, ownOrdinals] = [this.#values, this.#groups, this.#ordinals];
    let present = 0;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] ?? 0;
      values[present] = value;
      ownGroups[present] = groups[i] ?? 0;
      if (ordinals !== null) ownOrdinals[present] = ordinals[i] ?? 0;
      present += Number.isNaN(value) ? 0 : 1;
    }
    return { bound, groups: ownGroups, ordinals: ordinals && ownOrdinals, count: present };
  }

  finish(formed: Int32Array): PartialMeasure {
    const present = this.#present ?? this.#all;
    return {
      nonNull: present.rows(formed),
      units: present.units(formed),
      sum: this.#sum?.finish(formed) ?? null,
    };
  }
}

class SumTally {
  readonly #contributions: Contributions;
  readonly #sums: Sums;

  constructor(rule: ClipRule) {
    this.#contributions = new Contributions(rule);
    this.#sums = rule.exact ? new ExactSums() : new CompensatedSums();
  }

  add({ bound, groups, ordinals, count }: ChunkRows, values: Float64Array): void {
    const contributions = this.#contributions;
    const complete =
      ordinals === null
        ? contributions.addRows(groups, values, count)
        : contributions.addUnits(bound, groups, values, ordinals, count);
    this.#sums.grow(bound);
    this.#sums.addAll(contributions.groups, contributions.amounts, complete);
  }

  finish(formed: Int32Array): PartialMeasure["sum"] {
    for (const group of formed) {
      const last = this.#contributions.last(group);
      if (last !== null) this.#sums.add(group, last);
    }
    const { high, low } = this.#sums;
    return {
      high: Float64Array.from(formed, (group) => high[group] ?? 0),
      low: Float64Array.from(formed, (group) => low[group] ?? 0),
    };
  }
}
