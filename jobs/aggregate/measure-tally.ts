// Per group, of one measure: non-null rows, distinct units that have one, and the sum of their clipped totals.
import type { ColumnBatch } from "../../core/column/vector.ts";
import { CHUNK_ROWS, compact } from "./chunk.ts";
import type { Passing } from "./dimension-coder.ts";
import { growFloat64, growInt32 } from "./grow.ts";
import { MAX_EXACT, readMeasure } from "./measure.ts";
import type { PartialMeasure } from "./partial.ts";
import type { Measure, SumRule } from "./program.ts";
import { CompensatedSums, ExactSums } from "./sum.ts";
import type { Sums } from "./sum.ts";
import { pick } from "./unit-tally.ts";

export class MeasureTally {
  readonly #column: number;
  readonly #rule: SumRule | null;
  readonly #sums: Sums;
  readonly #values = new Float64Array(CHUNK_ROWS);
  #nonNull: Int32Array = new Int32Array(0);
  #units: Int32Array = new Int32Array(0);
  /** One more than the ordinal of the last unit seen, so that the zero of a new group is no unit. */
  #lastUnit: Int32Array = new Int32Array(0);
  /** The running total of that unit. */
  #total: Float64Array = new Float64Array(0);
  #isEachRowAUnit = true;

  constructor({ column, sum }: Measure) {
    this.#column = column;
    this.#rule = sum;
    this.#sums = sum?.exact === false ? new CompensatedSums() : new ExactSums();
  }

  add(
    batch: ColumnBatch,
    rows: Passing,
    bound: number,
    groups: Int32Array,
    ordinals: Int32Array | null,
  ): void {
    const vector = batch.columns[this.#column];
    if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
    readMeasure(vector, rows.start, rows.count, this.#values);
    if (rows.picked !== null) compact(this.#values, rows.picked, rows.passing);
    this.#nonNull = growInt32(this.#nonNull, bound);
    if (this.#rule !== null) this.#sums.grow(bound);
    if (ordinals === null) {
      if (this.#rule === null) this.#countRows(groups, rows.passing);
      else this.#addRows(this.#rule, groups, rows.passing);
      return;
    }
    this.#isEachRowAUnit = false;
    this.#units = growInt32(this.#units, bound);
    this.#lastUnit = growInt32(this.#lastUnit, bound);
    this.#total = growFloat64(this.#total, bound);
    this.#addUnits(groups, ordinals, rows.passing);
  }

  finish(formed: Int32Array): PartialMeasure {
    const rule = this.#rule;
    if (rule !== null && !this.#isEachRowAUnit) {
      for (const group of formed) this.#closeUnit(rule, group);
    }
    return {
      nonNull: pick(this.#nonNull, formed),
      units: pick(this.#isEachRowAUnit ? this.#nonNull : this.#units, formed),
      sum: rule && { high: pick(this.#sums.high, formed), low: pick(this.#sums.low, formed) },
    };
  }

  #countRows(groups: Int32Array, count: number): void {
    const nonNull = this.#nonNull;
    for (let i = 0; i < count; i += 1) {
      const group = groups[i] ?? 0;
      nonNull[group] = (nonNull[group] ?? 0) + (Number.isNaN(this.#values[i]) ? 0 : 1);
    }
  }

  /** Each row is a unit, whose total is the row's value. */
  #addRows({ lower, upper }: SumRule, groups: Int32Array, count: number): void {
    const [nonNull, values, sums] = [this.#nonNull, this.#values, this.#sums];
    for (let i = 0; i < count; i += 1) {
      const value = values[i] ?? 0;
      if (Number.isNaN(value)) continue;
      const group = groups[i] ?? 0;
      nonNull[group] = (nonNull[group] ?? 0) + 1;
      sums.add(group, clip(value, lower, upper));
    }
  }

  #addUnits(groups: Int32Array, ordinals: Int32Array, count: number): void {
    const [nonNull, values, lastUnit, total] = [this.#nonNull, this.#values, this.#lastUnit, this.#total];
    const rule = this.#rule;
    // Saturating keeps a running total exact (integers) or finite (floats), whatever the rows say.
    const limit = rule?.exact === false ? Number.MAX_VALUE : MAX_EXACT;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] ?? 0;
      if (Number.isNaN(value)) continue;
      const group = groups[i] ?? 0;
      const unit = (ordinals[i] ?? 0) + 1;
      nonNull[group] = (nonNull[group] ?? 0) + 1;
      if (lastUnit[group] === unit) {
        total[group] = clip((total[group] ?? 0) + value, -limit, limit);
      } else {
        if (rule !== null) this.#closeUnit(rule, group);
        lastUnit[group] = unit;
        this.#units[group] = (this.#units[group] ?? 0) + 1;
        total[group] = value;
      }
    }
  }

  /** Adds the last unit's clipped total to the group's sum; there is none before the first non-null row. */
  #closeUnit({ lower, upper }: SumRule, group: number): void {
    if ((this.#lastUnit[group] ?? 0) === 0) return;
    this.#sums.add(group, clip(this.#total[group] ?? 0, lower, upper));
  }
}

function clip(value: number, lower: number, upper: number): number {
  return value < lower ? lower : value > upper ? upper : value;
}
