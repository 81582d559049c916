// How many rows had a value that could not be used as it was, so coarsely that no row shows in it.
import type { BadRows, BadRowShare } from "../../../core/receipt/bad-rows.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";

/** The longest there is, for what a result may take. */
export const LONGEST_SHARE: BadRowShare = "more than 10%";

/** The group of all rows that passed the filter, where the result shows it. */
export function findWhole({ levels }: AggregateProgram, candidates: readonly Candidate[]): Candidate | null {
  return candidates.find(({ level, isShown }) => isShown && levels[level]?.length === 0) ?? null;
}

/**
 * Of all rows that passed the filter, and so only where the result shows them as one group, ungrouped or totalled: groups
 * that are withheld are in no other figure.
 */
export function releaseBadRows(
  { measures, minUnits }: AggregateProgram,
  whole: Candidate | null,
  badRows: readonly number[],
): BadRows {
  return Object.fromEntries(
    measures.map(({ name }, at) => {
      const share = whole === null ? "not told" : shareOf(badRows[at] ?? 0, whole.group.passing, minUnits);
      return [name, share];
    }),
  );
}

function shareOf(bad: number, passing: number, minUnits: number): BadRowShare {
  if (bad < minUnits) return "none or few";
  if (bad <= passing / 100) return "up to 1%";
  return bad <= passing / 10 ? "up to 10%" : "more than 10%";
}
