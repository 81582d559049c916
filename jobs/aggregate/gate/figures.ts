// Which figures are withheld together, and of whom they are, for what totals tell of them.
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { isWithheld, withhold } from "./candidate.ts";
import { isDominated } from "./dominance.ts";
import type { Figures } from "./remainder.ts";

/** A group with its counts of rows and units. */
export const GROUP_FIGURES: Figures = {
  isWithheld: ({ isShown }) => !isShown,
  withhold: (candidate) => {
    candidate.isShown = false;
  },
  units: ({ group }) => group.units,
  isDominated: () => false,
};

/** Of one column: how many rows have a value, or the figures that are made of the values. */
export function columnFigures(
  { maxShare }: AggregateProgram,
  measure: number,
  what: "present" | "value",
): Figures {
  return {
    isWithheld: (candidate) => isWithheld(candidate, measure, what),
    withhold: (candidate) => {
      withhold(candidate, measure, what);
    },
    units: ({ group }) => group.measures[measure]?.units ?? 0,
    isDominated: (left) => what === "value" && maxShare !== null && isOneUnits(left, measure, maxShare),
  };
}

/** As if the unit with the most in each of them were the same one: it may be. */
function isOneUnits(left: readonly Candidate[], measure: number, maxShare: number): boolean {
  const shares = left.flatMap(({ group }) => group.measures[measure]?.share ?? []);
  const sum = (part: "largest" | "absolute"): number =>
    shares.reduce((total, share) => total + Number(share[part]), 0);
  return isDominated({ largest: sum("largest"), absolute: sum("absolute") }, maxShare);
}
