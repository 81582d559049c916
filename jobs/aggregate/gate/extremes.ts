// The least or greatest value is shown only if it is the value of many: else it is one person's.
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { withhold } from "./candidate.ts";

export function withholdRareExtremes({ minUnits }: AggregateProgram, candidates: readonly Candidate[]): void {
  for (const candidate of candidates) {
    candidate.group.measures.forEach((measure, at) => {
      for (const extreme of ["min", "max"] as const) {
        if ((measure[extreme]?.units ?? 0) < minUnits) withhold(candidate, at, extreme);
      }
    });
  }
}
