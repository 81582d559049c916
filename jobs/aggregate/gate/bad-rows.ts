// How many rows had a value that could not be used as it was, so coarsely that no row shows in it.
import type { BadRows, BadRowShare } from "../../../core/receipt/bad-rows.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";

/** The longest there is, for what a result may take. */
export const LONGEST_SHARE: BadRowShare = "more than 10%";

/** Says nothing of data of which nothing is shown. */
export function releaseBadRows(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  badRows: readonly number[],
): BadRows {
  const { columns, measures } = program;
  const isShown = candidates.some((candidate) => candidate.isShown);
  const passing = candidates.reduce((sum, { level, group }) => sum + (level === 0 ? group.passing : 0), 0);
  return Object.fromEntries(
    measures.map(({ column }, at) => {
      const share = isShown ? shareOf(badRows[at] ?? 0, passing, program.minUnits) : "none or few";
      return [columns[column]?.name ?? "", share];
    }),
  );
}

function shareOf(bad: number, passing: number, minUnits: number): BadRowShare {
  if (bad < minUnits) return "none or few";
  if (bad <= passing / 100) return "up to 1%";
  return bad <= passing / 10 ? "up to 10%" : "more than 10%";
}
