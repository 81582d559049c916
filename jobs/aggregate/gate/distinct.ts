// A count of distinct values, so coarse that all values of as many units as a group must have could hide in it.
import type { Cell } from "../cell.ts";
import type { MergedMeasure } from "../merged-measure.ts";
import type { AggregateProgram, Output } from "../program.ts";
import { roundCount } from "./rounding.ts";

type DistinctOutput = Extract<Output, { readonly op: "approx_distinct" }>;

export function distinctValues(
  { measures, minUnits, rounding: { counts } }: AggregateProgram,
  { measure }: DistinctOutput,
  { distinct }: MergedMeasure,
): Cell {
  const rule = measures[measure]?.distinct ?? null;
  if (distinct === null || rule === null) throw new Error("internal: values that were not counted");
  return BigInt(roundCount(distinct, Math.max(minUnits * rule.perUnit, counts ?? 0)));
}
