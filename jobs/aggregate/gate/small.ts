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

/**
 * The groups, those of fewer than minUnits units not shown, and in the others nothing over a column in which fewer
 * units have a value: it may be one person's value. Small groups stay candidates only where there are totals, from
 * which they might be worked out.
 */
export function withoutSmall(program: AggregateProgram, merged: MergedLevels): Candidate[] {
  const { minUnits, levels } = program;
  const candidates: Candidate[] = [];
  for (let level = 0; level < levels.length; level += 1) {
    for (const group of merged.groups(level)) {
      const isShown = group.units >= minUnits;
      if (!isShown && levels.length === 1) continue;
      const withheld = Uint8Array.from(group.measures, ({ units }) => (units < minUnits ? EVERY_FIGURE : 0));
      candidates.push({ level, group, isShown, withheld });
    }
  }
  return candidates;
}
