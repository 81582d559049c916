// How many rows of a group have no value is a figure too, and may be of few units. How many have one tells it to whoever
// knows the rows: from count(*), from the count of a column without nulls, from the public number of rows. So that count
// is withheld where it would tell few units apart, and with it what is divided by it: out of an average or a variance it
// can be worked out.
import type { AggregateProgram, Output } from "../program.ts";
import type { Candidate } from "./candidate.ts";
import { withhold } from "./candidate.ts";

export function withholdRarelyMissing(program: AggregateProgram, candidates: readonly Candidate[]): void {
  const { minUnits, measures, rounding } = program;
  // Counts that are rounded this coarsely differ by as much for none as for many.
  if ((rounding.counts ?? 0) >= minUnits) return;
  const counted = measures.flatMap((_, at) => (releasesPresent(program, at) ? [at] : []));
  for (const candidate of candidates) {
    const { group } = candidate;
    for (const at of counted) {
      const measure = group.measures[at];
      if (measure === undefined) throw new Error("internal: a group of another program");
      if (measure.missing > 0 && measure.missing < minUnits) withhold(candidate, at, "present");
    }
  }
}

/** Whether the result says how many rows a group has. */
export function releasesRows({ outputs, unit }: AggregateProgram): boolean {
  return outputs.some(({ op }) => op === "count" || (op === "count_units" && unit === "row"));
}

/** Whether the result says how many units a group has, and its rows do not say it already. */
export function releasesUnits({ outputs, unit }: AggregateProgram): boolean {
  return unit !== "row" && outputs.some(({ op }) => op === "count_units");
}

/** Whether the result says, or lets anyone work out, how many rows have a value in a measure. */
export function releasesPresent({ outputs }: AggregateProgram, measure: number): boolean {
  return outputs.some((output) => isOf(output, measure) && PRESENT_OPS.includes(output.op));
}

/** Whether the result has a figure that is made of the values of a measure. */
export function releasesValue({ outputs }: AggregateProgram, measure: number): boolean {
  return outputs.some((output) => isOf(output, measure) && VALUE_OPS.includes(output.op));
}

function isOf(output: Output, measure: number): boolean {
  if (!("measure" in output)) return false;
  return output.measure === measure || ("beside" in output && output.beside === measure);
}

/** How many rows lie below an edge, of how many, follows from many quantiles. */
const PRESENT_OPS: readonly string[] = [
  "count_column",
  "avg",
  "var",
  "stddev",
  "covar",
  "corr",
  "approx_quantile",
];
const VALUE_OPS: readonly string[] = ["sum", "avg", "var", "stddev", "covar", "corr"];
