// How many rows had a value that could not be used as it was, so coarsely that no row shows in it.
import type { BadRows, BadRowShare } from "../../../core/receipt/bad-rows.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";

/** The longest there is, for what a result may take. */
export const LONGEST_SHARE: BadRowShare = "more than 10%";

/**
 * Of all rows that passed the filter, and so only where the result shows them as one group, ungrouped or totalled: groups
 * that are withheld are in no other figure.
 */
export function releaseBadRows(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  badRows: readonly number[],
): BadRows {
  const { measures, levels } = program;
  const whole = candidates.find(({ level, isShown }) => isShown && levels[level]?.length === 0);
  return Object.fromEntries(
    measures.map(({ name }, at) => {
      const share =
        whole === undefined ? "not told" : shareOf(badRows[at] ?? 0, whole.group.passing, program.minUnits);
      return [name, share];
    }),
  );
}

function shareOf(bad: number, passing: number, minUnits: number): BadRowShare {
  if (bad < minUnits) return "none or few";
  if (bad <= passing / 100) return "up to 1%";
  return bad <= passing / 10 ? "up to 10%" : "more than 10%";
}
