// The released value of one aggregate over one group that is large enough.
import type { Cell } from "./cell.ts";
import type { MergedGroup } from "./merge.ts";
import type { Output } from "./program.ts";

const INT64_MAX = 2n ** 63n - 1n;
const DECIMAL38_MAX = 10n ** 38n - 1n;

/** Null where fewer than `minUnits` distinct units have a non-null value in the aggregate's column. */
export function releaseCell(output: Output, group: MergedGroup, minUnits: number): Cell {
  if (!("measure" in output)) return BigInt(output.op === "count" ? group.passing : group.units);
  const measure = group.measures[output.measure];
  if (measure === undefined) throw new Error("internal: an output without its measure");
  const { nonNull, units, sum } = measure;
  if (units < minUnits) return null;
  if (output.op === "count_column") return BigInt(nonNull);
  if (sum === null) throw new Error("internal: a sum that was not computed");
  return output.op === "sum" ? sumCell(output, sum) : average(sum, output.scale, nonNull);
}

/** Integers saturate at the range of the result's type. */
function sumCell({ type }: Output, sum: bigint | number): Cell {
  if (typeof sum === "number") return sum;
  if (type.kind === "decimal") return saturate(sum, -DECIMAL38_MAX, DECIMAL38_MAX);
  return saturate(sum, -INT64_MAX - 1n, INT64_MAX);
}

function saturate(value: bigint, least: bigint, most: bigint): bigint {
  return value < least ? least : value > most ? most : value;
}

/** The clipped sum by the non-null rows: the sum is rounded to float64 once, and the quotient once more. */
function average(sum: bigint | number, scale: number, nonNull: number): number {
  const rounded = typeof sum === "number" ? sum : Number(`${sum}e-${scale}`);
  return rounded / nonNull;
}
