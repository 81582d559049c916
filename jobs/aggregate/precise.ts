// Arithmetic beyond float64's 53 bits, for numbers far from its limits.

/** A number as the sum of two, the second gathering what does not fit the first. */
export interface Pair {
  readonly high: number;
  readonly low: number;
}

/** 2^27 + 1 splits a float64 into two halves whose products are exact (Veltkamp). */
const SPLITTER = 134217729;

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
  const total = sum.high + sum.low;
  const totalRest = sum.high - total + sum.low;
  const square = total * total;
  const scaled = count * squares.high;
  const difference = scaled - square;
  const back = difference - scaled;
  const differenceError = scaled - (difference - back) - (square + back);
  const rest =
    productError(count, squares.high, scaled) +
    count * squares.low -
    (productError(total, total, square) + 2 * total * totalRest);
  return Math.max(0, (difference + (differenceError + rest)) / count);
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
