// Adds up the partials of all objects, in the manifest's order, which the caller keeps: float sums depend on it.
import type { Cell } from "./cell.ts";
import { LevelMerge } from "./level-merge.ts";
import type { MergedMeasure } from "./merged-measure.ts";
import type { Partial } from "./partial.ts";
import type { AggregateProgram } from "./program.ts";
import { pairProgram } from "./scattered.ts";

/** One group of all objects. Nothing in it has been through the gate. */
export interface MergedGroup {
  /** One cell for each of the program's dimensions; null too for those that the level totals. */
  readonly key: readonly Cell[];
  readonly passing: number;
  readonly units: number;
  readonly measures: readonly MergedMeasure[];
}

export class Merge {
  readonly #program: AggregateProgram;
  /** Of groups, or of pairs of group and unit where units are scattered. */
  readonly #levels: readonly LevelMerge[];
  readonly #badRows: number[];

  constructor(program: AggregateProgram) {
    const merged = program.unit === "scattered" ? pairProgram(program) : program;
    this.#program = program;
    this.#levels = merged.levels.map((kept) => new LevelMerge(merged, kept));
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

  /**
   * A level's groups, in no order that means anything; one at a time, since most may be too small to keep.
   * Errors: AGGREGATE_GROUPS.
   */
  *groups(level: number): Generator<MergedGroup, void> {
    const merged = this.#levels[level];
    const kept = this.#program.levels[level];
    if (merged === undefined || kept === undefined) throw new Error("internal: no such level");
    if (this.#program.unit !== "scattered") {
      yield* merged.groups();
      return;
    }
    const folded = new LevelMerge(this.#program, kept);
    for (const pairs of merged.pairs(this.#program)) folded.add(pairs);
    yield* folded.groups();
  }

  /** By measure, the passing rows whose value was NaN or had to be saturated. */
  badRows(): readonly number[] {
    return this.#badRows;
  }
}
