// How far the cells of a table may stray from their true values, for all that anyone knows beforehand. Everything after
// this computes with deviations from the true values, in whole units: exactly. All rounding is here, and towards less
// freedom and more need, so that no interval is ever taken to be wider than it is.

/** In units. A deviation d of a cell satisfies -down <= d <= up; the deviations of a relation add up like its cells. */
export interface Freedom {
  readonly up: Float64Array;
  readonly down: Float64Array;
  /** The least width of a suppressed cell's interval: the wanted one, or the one known beforehand where that is less. */
  readonly need: Float64Array;
  readonly unit: number;
  /** The cells are whole numbers and anyone knows it: then only whole deviations count as possible. */
  readonly whole: boolean;
}

/** Larger finite freedoms are cut to this, which leaves 9 bits for sums and multiples. */
export const MOST_UNITS: number = 2 ** 44;
const WIDTH_BITS = 30;

/** Throws a RangeError for arrays of other lengths, NaN or crossed bounds, or a width that is NaN or negative. */
export function measureFreedom(table: {
  readonly cells: number;
  readonly values: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly width: number | Float64Array;
}): Freedom {
  const { cells, values, lower, upper } = table;
  const width = typeof table.width === "number" ? new Float64Array(cells).fill(table.width) : table.width;
  for (const array of [values, lower, upper, width]) {
    if (array.length !== cells) throw new RangeError("one number a cell");
  }
  let widest = 0;
  let whole = true;
  for (let c = 0; c < cells; c += 1) {
    const [v, l, u, w] = [values[c] ?? NaN, lower[c] ?? NaN, upper[c] ?? NaN, width[c] ?? NaN];
    if (!(l <= u) || !(w >= 0)) throw new RangeError("crossed bounds or no width");
    const wanted = Math.min(w, u - l);
    if (Number.isFinite(wanted)) widest = Math.max(widest, wanted);
    whole &&= Number.isInteger(v) && isWhole(l) && isWhole(u) && isWhole(w);
  }
  const unit = whole && widest <= 2 ** WIDTH_BITS ? 1 : unitFor(widest);
  const up = new Float64Array(cells);
  const down = new Float64Array(cells);
  const need = new Float64Array(cells);
  for (let c = 0; c < cells; c += 1) {
    const value = values[c] ?? NaN;
    // A value that is no number has no known place in its interval: none is claimed.
    if (!Number.isFinite(value)) continue;
    const [above, below] = [upper[c] ?? 0, lower[c] ?? 0];
    up[c] = unitsBetween(above, value, unit);
    down[c] = unitsBetween(value, below, unit);
    need[c] = Math.min(Math.ceil((width[c] ?? 0) / unit), (up[c] ?? 0) + (down[c] ?? 0));
  }
  return { up, down, need, unit, whole: whole && unit === 1 };
}

function isWhole(x: number): boolean {
  return Number.isInteger(x) || Math.abs(x) === Infinity;
}

/** A power of two, of which the widest width has about 2^30. */
function unitFor(widest: number): number {
  let exponent = widest > 0 ? Math.floor(Math.log2(widest)) - WIDTH_BITS : 0;
  exponent = Math.max(-1000, Math.min(900, exponent));
  return 2 ** exponent;
}

/** high - low in units, rounded down; 0 where the true value lies outside of what is known: it is then the bound. */
function unitsBetween(high: number, low: number, unit: number): number {
  const difference = high - low;
  if (!(difference > 0)) return 0;
  if (high === Infinity || low === -Infinity) return Infinity;
  const units = Math.floor(difference / unit);
  if (units > MOST_UNITS) return MOST_UNITS;
  // The exact error of a floating-point difference (Knuth, TAOCP 4.2.2): at most half a unit here.
  const part = high - difference;
  const error = high - (difference + part) + (part - low);
  return error === 0 ? units : Math.max(0, units - 1);
}
