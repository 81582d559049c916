// Adds up the partials of all objects, in the manifest's order, which the caller keeps: float sums depend on it. A
// unit never spans two objects, so distinct units and clipped sums simply add.
import type { Cell } from "./cell.ts";
import { growFloat64 } from "./grow.ts";
import type { Partial, PartialLevel, PartialMeasure } from "./partial.ts";
import type { AggregateProgram, Measure } from "./program.ts";
import { CompensatedSums, ExactSums, exactSum } from "./sum.ts";
import type { Sums } from "./sum.ts";
import { WordTable } from "./word-table.ts";

/** One group of all objects. Nothing in it has been through the gate. */
export interface MergedGroup {
  /** One cell for each of the program's dimensions; null too for those that the level totals. */
  readonly key: readonly Cell[];
  readonly passing: number;
  readonly units: number;
  readonly measures: readonly MergedMeasure[];
}

export interface MergedMeasure {
  readonly nonNull: number;
  readonly units: number;
  /** Of the units' clipped totals: bigint in the column's smallest unit, float64 for floats, null if not asked. */
  readonly sum: bigint | number | null;
  readonly share: MergedShare | null;
  readonly moments: MergedMoments | null;
  readonly min: MergedExtreme | null;
  readonly max: MergedExtreme | null;
}

/** Of the units' clipped totals, taken without their signs: the largest, and all together. As `sum` in type and unit. */
export interface MergedShare {
  readonly largest: bigint | number;
  readonly absolute: bigint | number;
}

/** Of the non-null rows, each clipped; in the column's smallest unit, and `m2` in its square. */
export interface MergedMoments {
  readonly count: number;
  readonly mean: number;
  /** The sum of the squared distances from the mean; by count - 1, the sample's variance. */
  readonly m2: number;
}

export interface MergedExtreme {
  /** Saturated, not clipped: bigint in the smallest unit, float64 for floats, null where there is no value. */
  readonly value: bigint | number | null;
  /** Distinct units that hold it. */
  readonly units: number;
}

export class Merge {
  readonly #levels: readonly LevelMerge[];
  readonly #badRows: number[];

  constructor(program: AggregateProgram) {
    this.#levels = program.levels.map((level) => new LevelMerge(program, level));
    this.#badRows = program.measures.map(() => 0);
  }

  /** Errors: AGGREGATE_GROUPS. */
  add(partial: Partial): void {
    this.#levels.forEach((level, at) => {
      level.add(partial.levels[at]);
    });
    partial.badRows.forEach((rows, at) => {
      this.#badRows[at] = (this.#badRows[at] ?? 0) + rows;
    });
  }

  /** A level's groups, in no order that means anything; one at a time, since most may be too small to keep. */
  *groups(level: number): Generator<MergedGroup, void> {
    yield* this.#levels[level]?.groups() ?? [];
  }

  /** By measure, the passing rows whose value was NaN or had to be saturated. */
  badRows(): readonly number[] {
    return this.#badRows;
  }
}

class LevelMerge {
  readonly #dimensions: number;
  readonly #kept: readonly number[];
  readonly #keys: MergedKeys;
  readonly #measures: readonly MeasureMerge[];
  #passing: Float64Array = new Float64Array(0);
  #units: Float64Array = new Float64Array(0);

  constructor({ dimensions, maxFormed, measures }: AggregateProgram, kept: readonly number[]) {
    this.#dimensions = dimensions.length;
    this.#kept = kept;
    this.#keys = new MergedKeys(kept.length, maxFormed);
    this.#measures = measures.map((measure) => new MeasureMerge(measure));
  }

  add(partial: PartialLevel | undefined): void {
    if (partial === undefined) throw new Error("internal: a partial of another program");
    const groups = this.#keys.assign(partial);
    this.#passing = growFloat64(this.#passing, this.#keys.size);
    this.#units = growFloat64(this.#units, this.#keys.size);
    addAt(this.#passing, groups, partial.passing);
    addAt(this.#units, groups, partial.units);
    this.#measures.forEach((measure, at) => {
      measure.add(partial.measures[at], groups, this.#keys.size);
    });
  }

  *groups(): Generator<MergedGroup, void> {
    for (let group = 0; group < this.#keys.size; group += 1) {
      yield {
        key: this.#key(group),
        passing: this.#passing[group] ?? 0,
        units: this.#units[group] ?? 0,
        measures: this.#measures.map((measure) => measure.read(group)),
      };
    }
  }

  #key(group: number): readonly Cell[] {
    const cells = Array.from({ length: this.#dimensions }, (): Cell => null);
    this.#keys.key(group).forEach((cell, at) => {
      cells[this.#kept[at] ?? 0] = cell;
    });
    return cells;
  }
}

/** Numbers the distinct keys of all partials. */
class MergedKeys {
  readonly #codes: readonly Map<Cell, number>[];
  readonly #cells: readonly Cell[][];
  readonly #tuples: WordTable;

  constructor(dimensions: number, maxGroups: number) {
    this.#codes = Array.from({ length: dimensions }, () => new Map<Cell, number>());
    this.#cells = Array.from({ length: dimensions }, () => []);
    this.#tuples = new WordTable(dimensions, maxGroups);
  }

  get size(): number {
    return this.#tuples.size;
  }

  key(group: number): readonly Cell[] {
    return this.#cells.map((cells, dimension) => cells[this.#tuples.word(group, dimension)] ?? null);
  }

  /** The numbers of a partial's groups. Errors: AGGREGATE_GROUPS. */
  assign({ keys, groups }: PartialLevel): Int32Array {
    const width = this.#codes.length;
    const words = new Uint32Array(groups * width);
    keys.forEach(({ codes, cells }, dimension) => {
      const mergedCodes = cells.map((cell) => this.#code(dimension, cell));
      codes.forEach((code, group) => {
        words[group * width + dimension] = mergedCodes[code] ?? 0;
      });
    });
    const numbers = new Int32Array(groups);
    this.#tuples.encode(words, groups, numbers);
    return numbers;
  }

  #code(dimension: number, cell: Cell): number {
    const [codes, cells] = [this.#codes[dimension], this.#cells[dimension]];
    if (codes === undefined || cells === undefined) throw new Error("internal: a partial of another program");
    const known = codes.get(cell);
    if (known !== undefined) return known;
    codes.set(cell, cells.length);
    return cells.push(cell) - 1;
  }
}

class MeasureMerge {
  readonly #rule: Measure["sum"];
  readonly #sums: Sums;
  #nonNull: Float64Array = new Float64Array(0);
  #units: Float64Array = new Float64Array(0);

  constructor({ sum }: Measure) {
    this.#rule = sum;
    this.#sums = sum?.exact === false ? new CompensatedSums() : new ExactSums();
  }

  add(partial: PartialMeasure | undefined, groups: Int32Array, size: number): void {
    if (partial === undefined) throw new Error("internal: a partial of another program");
    this.#nonNull = growFloat64(this.#nonNull, size);
    this.#units = growFloat64(this.#units, size);
    addAt(this.#nonNull, groups, partial.nonNull);
    addAt(this.#units, groups, partial.units);
    const { sum } = partial;
    if (sum === null) return;
    this.#sums.grow(size);
    groups.forEach((group, at) => {
      this.#sums.merge(group, sum.high[at] ?? 0, sum.low[at] ?? 0);
    });
  }

  read(group: number): MergedMeasure {
    const [high, low] = [this.#sums.high[group] ?? 0, this.#sums.low[group] ?? 0];
    const sum = this.#rule === null ? null : this.#rule.exact ? exactSum(high, low) : high + low;
    return {
      nonNull: this.#nonNull[group] ?? 0,
      units: this.#units[group] ?? 0,
      sum,
      share: null,
      moments: null,
      min: null,
      max: null,
    };
  }
}

function addAt(totals: Float64Array, groups: Int32Array, values: Float64Array): void {
  groups.forEach((group, at) => {
    totals[group] = (totals[group] ?? 0) + (values[at] ?? 0);
  });
}
