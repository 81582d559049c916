// Covariances and correlations as they are released: made of rounded parts, so that they tell no more than these.
import type { JointMoments } from "../joint-moment.ts";
import type { MergedMeasure } from "../merged-measure.ts";
import type { AggregateProgram, Output } from "../program.ts";
import { LEAST_STEPS, roundCount, roundFloat } from "./rounding.ts";

type JointOutput = Extract<Output, { readonly beside: number }>;

/** Sums of squared distances from the mean, and of the products of two. */
type Spread = Readonly<Record<"left" | "right" | "products", number>>;

const TINY = 1e-280;

/** Of the sample: by one row less than there are. Null where that is none, and where a column's spread is too small. */
export function covariance(
  program: AggregateProgram,
  output: JointOutput,
  measure: MergedMeasure,
): number | null {
  const joint = jointOf(measure);
  const rows = roundCount(joint.left.count, program.rounding.counts);
  const spread = roundedSpread(program, output, joint);
  if (rows < 2 || spread === null) return null;
  return (spread.products / (rows - 1)) * Number(`1e-${output.scale}`);
}

/** From -1 to 1; null where a column's values are all one, too. */
export function correlation(
  program: AggregateProgram,
  output: JointOutput,
  measure: MergedMeasure,
): number | null {
  const spread = roundedSpread(program, output, jointOf(measure));
  if (spread === null || spread.left === 0 || spread.right === 0) return null;
  const squares = spread.left * spread.right;
  // One root is nearer than two; but of squares of tiny floats it would be none.
  const root = squares > TINY ? Math.sqrt(squares) : Math.sqrt(spread.left) * Math.sqrt(spread.right);
  return Math.min(1, Math.max(-1, spread.products / root));
}

function jointOf({ joint }: MergedMeasure): JointMoments {
  if (joint === null) throw new Error("internal: a covariance that was not computed");
  return joint;
}

/**
 * A row moves a sum of squares by no more than the square of its column's range, the distance of the bounds, and one of
 * products by no more than both ranges' product. So many rows have to hide in each as in the coarser of the two columns'
 * sums, or as counts are rounded to. Null where a column's spread is below so many steps that rounding may be more than
 * a tenth of it. Of what is rounded, so that it tells no more.
 */
function roundedSpread(
  { measures, rounding: { counts, sums } }: AggregateProgram,
  { measure, beside }: JointOutput,
  joint: JointMoments,
): Spread | null {
  const rules = measures[measure]?.joint ?? null;
  if (rules === null) throw new Error("internal: a covariance without its rule");
  const exact = { left: joint.left.m2, right: joint.right.m2, products: joint.products };
  const [left, right] = [rules[0].upper - rules[0].lower, rules[1].upper - rules[1].lower];
  const [step, otherStep] = [sums[measure] ?? null, sums[beside] ?? null];
  if (counts === null && step === null && otherStep === null) return exact;
  // With bounds that are one value there is nothing to round.
  if (left === 0 || right === 0) return exact;
  const rows = Math.max(counts ?? 0, (step ?? 0) / left, (otherStep ?? 0) / right);
  const rounded = {
    left: roundFloat(exact.left, rows * left * left),
    right: roundFloat(exact.right, rows * right * right),
    products: roundFloat(exact.products, rows * left * right),
  };
  const isTooSmall =
    rounded.left < LEAST_STEPS * rows * left * left || rounded.right < LEAST_STEPS * rows * right * right;
  return isTooSmall ? null : rounded;
}
