// Dominance: where one unit has nearly all of a sum, the sum is that unit's value to whoever knows the rest a little.
import type { MergedShare } from "../merged-measure.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { withhold } from "./candidate.ts";

/** Withholds sums, averages and variances of which one unit has more than the rules' share. */
export function withholdDominated({ maxShare }: AggregateProgram, candidates: readonly Candidate[]): void {
  if (maxShare === null) return;
  for (const candidate of candidates) {
    candidate.group.measures.forEach(({ share }, measure) => {
      if (share !== null && isDominated(share, maxShare)) withhold(candidate, measure, "value");
    });
  }
}

/** Contributions count without their signs: else a large one hides behind another that takes from the sum. */
export function isDominated({ largest, absolute }: MergedShare, maxShare: number): boolean {
  return Number(largest) > maxShare * Number(absolute);
}
