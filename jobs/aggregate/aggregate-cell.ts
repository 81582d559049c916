// The released value of one aggregate over one group that is large enough.
import type { Cell } from "./cell.ts";
import type { MergedGroup } from "./merge.ts";
import type { Output } from "./program.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

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

/** Sums of integers saturate at the range of int64; decimal(38) holds whatever ExactSums can (2^84). */
function sumCell({ type }: Output, sum: bigint | number): Cell {
  if (typeof sum === "number" || type.kind === "decimal") return sum;
  return sum < INT64_MIN ? INT64_MIN : sum > INT64_MAX ? INT64_MAX : sum;
}

/** The clipped sum by the non-null rows: the sum is rounded to float64 once, and the quotient once more. */
function average(sum: bigint | number, scale: number, nonNull: number): number {
  const rounded = typeof sum === "number" ? sum : Number(`${sum}e-${scale}`);
  return rounded / nonNull;
}
