// The minimum of distinct units: of a group, and of those in it who have a value in a column.
import type { MergedGroup } from "../merge.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { EVERY_FIGURE } from "./candidate.ts";

/** What is read of the merge, which has seen all objects. */
export interface MergedLevels {
  /** The groups of one of the program's levels, in any order. */
  groups(level: number): Iterable<MergedGroup>;
}

/** Where groups are judged one by one, so many at a time: what is held of them meanwhile is many times what is released. */
const SLICE = 4096;

/**
 * The groups, those of fewer than minUnits units not shown, and in the others nothing over a column in which fewer
 * units have a value: it may be one person's value. Small groups stay candidates only where there are totals, from
 * which they might be worked out; and then all are judged together.
 */
export function* withoutSmall(program: AggregateProgram, merged: MergedLevels): Generator<Candidate[], void> {
  const { minUnits, levels } = program;
  let candidates: Candidate[] = [];
  for (let level = 0; level < levels.length; level += 1) {
    for (const group of merged.groups(level)) {
      const isShown = group.units >= minUnits;
      if (!isShown && levels.length === 1) continue;
      const withheld = Uint8Array.from(group.measures, ({ units }) => (units < minUnits ? EVERY_FIGURE : 0));
      candidates.push({ level, group, isShown, withheld });
      if (candidates.length < SLICE || levels.length > 1) continue;
      yield candidates;
      candidates = [];
    }
  }
  yield candidates;
}
