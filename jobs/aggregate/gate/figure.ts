// The released value of one aggregate of one group: null where it is withheld, else rounded as the rules say.
import type { Cell } from "../cell.ts";
import { cellOf, wholeCell } from "../cell.ts";
import type { Moments } from "../moment.ts";
import type { MergedMeasure } from "../merged-measure.ts";
import type { AggregateProgram, Output } from "../program.ts";
import { isWithheld } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { distinctValues } from "./distinct.ts";
import { correlation, covariance } from "./joint-figure.ts";
import { quantile } from "./quantile.ts";
import { LEAST_STEPS, roundCount, roundFloat, roundSum, squareStep } from "./rounding.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

type MeasureOutput = Extract<Output, { readonly measure: number; readonly scale: number }>;

/** The one place where a figure becomes public. */
export function releaseFigure(program: AggregateProgram, output: Output, candidate: Candidate): Cell {
  const { group, isShown } = candidate;
  const { counts } = program.rounding;
  if (!("measure" in output)) {
    if (!isShown) return null;
    return wholeCell(roundCount(output.op === "count" ? group.passing : group.units, counts));
  }
  const measure = group.measures[output.measure];
  if (measure === undefined) throw new Error("internal: an output without its measure");
  const hides = (what: Parameters<typeof isWithheld>[2]): boolean =>
    isWithheld(candidate, output.measure, what);
  switch (output.op) {
    case "count_column":
      return hides("present") ? null : wholeCell(roundCount(measure.nonNull, counts));
    case "sum":
      return hides("value") ? null : saturate(output, roundedSum(program, output, measure));
    case "avg":
      return hides("value") || hides("present") ? null : average(program, output, measure);
    case "var":
      return hides("value") || hides("present") ? null : variance(program, output, measure);
    case "stddev":
      return hides("value") || hides("present") ? null : root(variance(program, output, measure));
    case "covar":
      return hidesJoint(candidate, output) ? null : covariance(program, output, measure);
    case "corr":
      return hidesJoint(candidate, output) ? null : correlation(program, output, measure);
    case "approx_quantile":
      return hides("present") ? null : quantile(program, output, candidate, measure);
    case "approx_distinct":
      return hides("distinct") ? null : distinctValues(program, output, measure);
    case "min":
    case "max":
      return hides(output.op) ? null : extreme(output, measure[output.op]?.value ?? null);
  }
}

function hidesJoint(candidate: Candidate, { measure, beside }: Extract<Output, { beside: number }>): boolean {
  return [measure, beside].some(
    (at) => isWithheld(candidate, at, "value") || isWithheld(candidate, at, "present"),
  );
}

function roundedSum(
  { rounding }: AggregateProgram,
  output: MeasureOutput,
  { sum }: MergedMeasure,
): bigint | number {
  if (sum === null) throw new Error("internal: a sum that was not computed");
  return roundSum(sum, rounding.sums[output.measure] ?? null);
}

/** Sums of integers saturate at the range of int64; decimal(38) holds whatever ExactSums can (2^84). */
function saturate({ type }: Output, sum: bigint | number): Cell {
  if (typeof sum === "number" || type.kind === "decimal") return sum;
  return sum < INT64_MIN ? INT64_MIN : sum > INT64_MAX ? INT64_MAX : sum;
}

/** The clipped sum by the non-null rows: the sum is rounded to float64 once, and the quotient once more. */
function average(program: AggregateProgram, output: MeasureOutput, measure: MergedMeasure): number | null {
  const sum = roundedSum(program, output, measure);
  const rows = roundCount(measure.nonNull, program.rounding.counts);
  if (rows === 0) return null;
  return (typeof sum === "number" ? sum : Number(`${sum}e-${output.scale}`)) / rows;
}

/** Of the sample: by one row less than there are. Null where that is none, and where it is too small for its rounding. */
function variance(
  program: AggregateProgram,
  output: MeasureOutput,
  { moments }: MergedMeasure,
): number | null {
  const rule = program.measures[output.measure]?.moments ?? null;
  if (moments === null || rule === null) throw new Error("internal: a variance that was not computed");
  const { counts, sums } = program.rounding;
  const rows = roundCount(moments.count, counts);
  if (rows < 2) return null;
  const step = squareStep(rule.upper - rule.lower, counts, sums[output.measure] ?? null);
  const squares = roundedSquares(moments, step);
  return squares === null ? null : (squares / (rows - 1)) * Number(`1e-${2 * output.scale}`);
}

/** With bounds that are one value there is nothing to round. */
function roundedSquares({ m2 }: Moments, step: number | null): number | null {
  if (step === null || step === 0) return m2;
  const squares = roundFloat(m2, step);
  // Of what is rounded, so that it tells no more.
  return squares < LEAST_STEPS * step ? null : squares;
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

function extreme({ type }: Output, value: bigint | number | null): Cell {
  return value === null ? null : cellOf(value, type);
}
