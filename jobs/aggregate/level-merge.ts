// One level of all objects. A unit never spans two objects, so distinct units and clipped sums simply add; scattered
// units are in pairs with their groups, whose totals add.
import type { Cell } from "./cell.ts";
import { growFloat64 } from "./grow.ts";
import type { MergedGroup } from "./merge.ts";
import { MergedKeys } from "./merged-keys.ts";
import { addAt, MeasureMerge } from "./merged-measure.ts";
import type { PartialLevel } from "./partial.ts";
import type { AggregateProgram } from "./program.ts";

/** Groups of pairs are folded this many at a time. */
const SLICE = 65_536;

export class LevelMerge {
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

  /**
   * Where the groups are pairs of a group and a unit, as which the last part of their key counts: what each unit adds
   * to its group, as partials of one row a pair. Keys stand there as often as they have units.
   */
  *pairs({ measures }: AggregateProgram): Generator<PartialLevel, void> {
    for (let start = 0; start < this.#keys.size; start += SLICE) {
      const pairs = Int32Array.from(
        { length: Math.min(SLICE, this.#keys.size - start) },
        (_, at) => start + at,
      );
      yield {
        groups: pairs.length,
        keys: this.#kept.slice(0, -1).map((_, at) => this.#keys.column(pairs, at)),
        passing: Float64Array.from(pairs, (pair) => this.#passing[pair] ?? 0),
        units: new Float64Array(pairs.length).fill(1),
        measures: this.#measures.map((measure, at) => measure.pairs(measures[at], pairs)),
      };
    }
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
    // Each level's dimensions rise, so that of all there are they are in their order.
    if (this.#kept.length === this.#dimensions) return this.#keys.key(group);
    const cells = Array.from({ length: this.#dimensions }, (): Cell => null);
    this.#keys.key(group).forEach((cell, at) => {
      cells[this.#kept[at] ?? 0] = cell;
    });
    return cells;
  }
}
