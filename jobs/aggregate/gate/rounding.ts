// Rounding to multiples, by rule. What is released is a function of rounded counts and sums only, so that nothing finer
// can be worked out from several figures of one row: sum / avg is a rounded count, and a variance is of rounded parts.

/** To the nearest multiple; from the middle away from zero. */
export function roundCount(count: number, step: number | null): number {
  return step === null ? count : Math.floor(count / step + 0.5) * step;
}

/** As roundCount; integers exactly. */
export function roundSum(sum: bigint | number, step: number | null): bigint | number {
  if (step === null) return sum;
  if (typeof sum === "number") return roundFloat(sum, step);
  const whole = BigInt(step);
  const half = sum < 0n ? -whole : whole;
  return ((2n * sum + half) / (2n * whole)) * whole;
}

/** A sum past the reach of the step is as it is: its last digit is more than the step. */
export function roundFloat(sum: number, step: number): number {
  const rounded = Math.sign(sum) * Math.floor(Math.abs(sum) / step + 0.5) * step;
  return Number.isFinite(rounded) ? rounded + 0 : sum;
}

/** Below so many steps rounding may be more than a tenth of a variance: no figure is better than that one. */
export const LEAST_STEPS = 5;

/**
 * To what a sum of squared distances is rounded. A row moves a sum by no more than `range`, the distance of the bounds,
 * and such a sum by no more than its square. Where only counts are rounded, so many rows have to hide in it.
 */
export function squareStep(range: number, counts: number | null, sums: number | null): number | null {
  if (counts === null && sums === null) return null;
  return Math.max(sums ?? 0, (counts ?? 0) * range) * range;
}
