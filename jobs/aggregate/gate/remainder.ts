// What is left of a total when its shown parts are taken away is a figure too, and so is by how much its parts are more
// than it: both may be of very few units, however wide the intervals of single groups are. So what is left has to be of
// as many distinct units as a group that is shown, and dominated by none; else one more part is withheld, or the total.
import type { Relation } from "../complement/relation.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";

/** One kind of figure of every candidate: a group's counts, or what is released of a column in it. */
export interface Figures {
  isWithheld(candidate: Candidate): boolean;
  withhold(candidate: Candidate): void;
  /** Distinct units that the figure is of. A figure that is shown has at least minUnits. */
  units(candidate: Candidate): number;
  /** Whether one unit may have nearly all of what these have together. */
  isDominated(left: readonly Candidate[]): boolean;
}

export function withholdRemainders(
  program: AggregateProgram,
  candidates: readonly Candidate[],
  relations: readonly Relation[],
  figures: Figures,
): void {
  for (const { parent, children } of relations) {
    const total = candidates[parent];
    const parts = children.flatMap((child) => candidates[child] ?? []);
    if (total === undefined || figures.isWithheld(total)) continue;
    const shown = parts
      .filter((part) => !figures.isWithheld(part))
      .toSorted((a, b) => figures.units(a) - figures.units(b));
    const left = parts.filter((part) => figures.isWithheld(part));
    while (left.length > 0 && !isEnough(program, left, figures)) {
      const next = shown.shift();
      // Where no part is shown, what is left is the total itself.
      if (next === undefined) break;
      figures.withhold(next);
      left.push(next);
    }
    if (left.length === 0 && tellsOverlap(program, total, parts, figures)) figures.withhold(total);
  }
}

/** A unit may be in several parts, so the parts' distinct units are known to be as many as the largest part's. */
function isEnough(
  { unit, minUnits }: AggregateProgram,
  left: readonly Candidate[],
  figures: Figures,
): boolean {
  const units = left.map((part) => figures.units(part));
  const distinct = unit === "row" ? units.reduce((sum, part) => sum + part, 0) : Math.max(...units);
  return distinct >= minUnits && !figures.isDominated(left);
}

/** How many units are in several parts: none, or so many that at least minUnits distinct ones must be. */
function tellsOverlap(
  { minUnits }: AggregateProgram,
  total: Candidate,
  parts: readonly Candidate[],
  figures: Figures,
): boolean {
  const twice = parts.reduce((sum, part) => sum + figures.units(part), 0) - figures.units(total);
  return twice > 0 && twice < minUnits * (parts.length - 1);
}
