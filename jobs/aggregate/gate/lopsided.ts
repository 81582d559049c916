// A covariance is a sum of one column's values, weighted by how far the other's lie from their mean. Where nearly all
// have one and the same value in the other, what those few add who have another stands out, however evenly the values
// themselves are spread: whoever knows the few has their values. Looked at are the ends of the clipped values, where
// such a value lies of counts, costs and days, and of all that is clipped.
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { withhold } from "./candidate.ts";

/** Withholds covariances of a column in which fewer than minUnits units lie off its least, or its greatest, value. */
export function withholdLopsided(
  { minUnits, measures }: AggregateProgram,
  candidates: readonly Candidate[],
): void {
  for (const candidate of candidates) {
    candidate.group.measures.forEach(({ joint, units }, measure) => {
      if (joint === null || units - joint.atEnd >= minUnits) return;
      for (const side of [measure, measures[measure]?.beside ?? measure]) withhold(candidate, side, "value");
    });
  }
}
