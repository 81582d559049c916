// Adds up the partials of all objects, in the manifest's order, which the caller keeps: float sums depend on it. A
// unit never spans two objects, so distinct units and clipped sums simply add.
import type { Cell } from "./cell.ts";
import { growFloat64 } from "./grow.ts";
import { MergedKeys } from "./merged-keys.ts";
import { addAt, MeasureMerge } from "./merged-measure.ts";
import type { MergedMeasure } from "./merged-measure.ts";
import type { Partial, PartialLevel } from "./partial.ts";
import type { AggregateProgram } from "./program.ts";

/** One group of all objects. Nothing in it has been through the gate. */
export interface MergedGroup {
  /** One cell for each of the program's dimensions; null too for those that the level totals. */
  readonly key: readonly Cell[];
  readonly passing: number;
  readonly units: number;
  readonly measures: readonly MergedMeasure[];
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
