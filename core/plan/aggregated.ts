// Which columns an aggregate is of.
import type { Aggregate } from "./plan.ts";

/** None of those that count rows or units as such. */
export function aggregatedColumns(aggregate: Aggregate): readonly string[] {
  if (!("column" in aggregate)) return [];
  return "with" in aggregate ? [aggregate.column, aggregate.with] : [aggregate.column];
}
