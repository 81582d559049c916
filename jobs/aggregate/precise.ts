// Arithmetic beyond float64's 53 bits, for numbers far from its limits.

/** A number as the sum of two, the second gathering what does not fit the first. */
export interface Pair {
  readonly high: number;
  readonly low: number;
}

/** 2^27 + 1 splits a float64 into two halves whose products are exact (Veltkamp). */
const SPLITTER = 134217729;

/** Whole numbers within 2^53 are of a top and a rest, both within 2^26: a * 2^27 + b. */
export const TWO_27: number = 2 ** 27;

export function topOf(whole: number): number {
  return Math.floor(whole / TWO_27 + 0.5);
}

/** What rounding took from `product`, which is a * b in float64 (Dekker). Exact for |a|, |b| below 2^500. */
export function productError(a: number, b: number, product: number): number {
  const aSplit = a * SPLITTER;
  const aTop = aSplit - (aSplit - a);
  const aRest = a - aTop;
  const bSplit = b * SPLITTER;
  const bTop = bSplit - (bSplit - b);
  const bRest = b - bTop;
  return aRest * bRest - (product - aTop * bTop - aRest * bTop - aTop * bRest);
}

/** The sum of squared distances from the mean, from the sum of `count` values and that of their squares. */
export function squaredDistances(sum: Pair, squares: Pair, count: number): number {
  return Math.max(0, multipliedDistances(sum, sum, squares, count));
}

/**
 * The sum of the products of two distances, each from its own mean, from the two sums of `count` values and the sum of
 * their products.
 */
export function multipliedDistances(left: Pair, right: Pair, products: Pair, count: number): number {
  const [total, totalRest] = normalized(left);
  const [other, otherRest] = normalized(right);
  const product = total * other;
  const scaled = count * products.high;
  const difference = scaled - product;
  const back = difference - scaled;
  const differenceError = scaled - (difference - back) - (product + back);
  const rest =
    productError(count, products.high, scaled) +
    count * products.low -
    (productError(total, other, product) + (total * otherRest + other * totalRest));
  return (difference + (differenceError + rest)) / count;
}

/** The nearest number, and what it lacks. */
function normalized({ high, low }: Pair): readonly [number, number] {
  const total = high + low;
  return [total, high - total + low];
}

/** A fraction as the nearest float64; the denominator is positive. */
export function ratio(numerator: bigint, denominator: bigint): number {
  const magnitude = numerator < 0n ? -numerator : numerator;
  // The quotient gets at least 64 bits, and a last one that says whether anything is left.
  const shift = Math.max(0, 66 + bitLength(denominator) - bitLength(magnitude));
  const shifted = magnitude << BigInt(shift);
  const quotient = shifted / denominator;
  const isRounded = quotient * denominator !== shifted;
  const value = Number((quotient << 1n) | (isRounded ? 1n : 0n)) / 2 ** (shift + 1);
  return numerator < 0n ? -value : value;
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4;
}
