// Per group, what a variance is made of: how many rows, the sum of their values and of their squares. Nothing is lost
// in adding, so that the difference of two large numbers at the end is right however close together the values lie.
//
// Integers are taken from a centre that follows from the bounds, and their sums are exact, in any order. Floats are
// added with compensation; of each square its rounding error is added too (Dekker's product), so that the sums are
// right to about 100 bits.
import type { MomentState } from "./partial.ts";
import type { ClipRule } from "./program.ts";
import { makeSums, mergeSums, pickState } from "./sum.ts";
import type { Sums } from "./sum.ts";
import { CHUNK_ROWS } from "./chunk.ts";
import { productError, ratio, squaredDistances, topOf, TWO_27 } from "./precise.ts";

/** Of the non-null rows, each clipped; in the column's smallest unit, and `m2` in its square. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** The sum of the squared distances from the mean; by count - 1, the sample's variance. */
  readonly m2: number;
}

/** Up to here a square is exact. */
const MAX_ROOT: number = 2 ** 26;

export class MomentTally {
  readonly #rule: ClipRule;
  readonly #centre: number;
  /** Whether squares take more than one number: then they are of a * 2^27 + b, and a a, a b and b b are added. */
  readonly #isWide: boolean;
  /** Of the distances. */
  readonly sum: Sums;
  readonly #squares: readonly Sums[];
  /** From the centre, of the clipped values that were added last. */
  readonly distances: Float64Array = new Float64Array(CHUNK_ROWS);
  /** The most that a distance may be. */
  readonly reach: number;
  readonly #products = [
    new Float64Array(CHUNK_ROWS),
    new Float64Array(CHUNK_ROWS),
    new Float64Array(CHUNK_ROWS),
  ] as const;

  constructor(rule: ClipRule) {
    const { lower, upper, exact } = rule;
    this.#rule = rule;
    this.#centre = exact ? Math.floor(lower / 2) + Math.floor(upper / 2) : 0;
    this.reach = Math.max(upper - this.#centre, this.#centre - lower);
    this.#isWide = exact && this.reach > MAX_ROOT;
    this.sum = makeSums(rule);
    this.#squares = Array.from({ length: this.#isWide ? 3 : 1 }, () => makeSums(rule));
  }

  get isExact(): boolean {
    return this.#rule.exact;
  }

  grow(groups: number): void {
    this.sum.grow(groups);
    for (const squares of this.#squares) squares.grow(groups);
  }

  addAll(groups: Int32Array, values: Float64Array, count: number): void {
    const { lower, upper, exact } = this.#rule;
    const distances = this.distances;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] ?? 0;
      distances[i] = (value < lower ? lower : value > upper ? upper : value) - this.#centre;
    }
    this.sum.addAll(groups, distances, count);
    if (this.#isWide) this.#addWide(groups, count);
    else if (exact) this.#addNarrow(groups, count);
    else this.#addFloats(groups, count);
  }

  #addNarrow(groups: Int32Array, count: number): void {
    const [distances, squares] = [this.distances, this.#products[0]];
    for (let i = 0; i < count; i += 1) squares[i] = (distances[i] ?? 0) * (distances[i] ?? 0);
    this.#squares[0]?.addAll(groups, squares, count);
  }

  #addWide(groups: Int32Array, count: number): void {
    const distances = this.distances;
    const [tops, mixed, rests] = this.#products;
    for (let i = 0; i < count; i += 1) {
      const distance = distances[i] ?? 0;
      const top = topOf(distance);
      const rest = distance - top * TWO_27;
      tops[i] = top * top;
      mixed[i] = top * rest;
      rests[i] = rest * rest;
    }
    this.#squares.forEach((sums, at) => {
      sums.addAll(groups, this.#products[at] ?? tops, count);
    });
  }

  #addFloats(groups: Int32Array, count: number): void {
    const values = this.distances;
    const [squares, errors] = this.#products;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] ?? 0;
      squares[i] = value * value;
      errors[i] = productError(value, value, value * value);
    }
    this.#squares[0]?.addAll(groups, squares, count);
    this.#squares[0]?.addAll(groups, errors, count);
  }

  /** The state of another tally of the same rule, whose groups have these numbers here. */
  merge(groups: Int32Array, state: MomentState): void {
    mergeSums(this.sum, groups, state.sum);
    this.#squares.forEach((sums, at) => {
      const squares = state.squares[at];
      if (squares === undefined) throw new Error("internal: a partial of another program");
      mergeSums(sums, groups, squares);
    });
  }

  finish(formed: Int32Array): MomentState {
    return {
      sum: pickState(this.sum, formed),
      squares: this.#squares.map((squares) => pickState(squares, formed)),
    };
  }

  read(group: number, count: number): Moments {
    if (count === 0) return { count, mean: 0, m2: 0 };
    if (!this.#rule.exact) return this.#readFloats(group, count);
    const rows = BigInt(count);
    const sum = BigInt(this.sum.value(group));
    const squares = this.#squares
      .map((sums) => BigInt(sums.value(group)))
      .reduceRight((all, part, at) => all + this.#scaleOf(at) * part, 0n);
    return {
      count,
      mean: ratio(BigInt(this.#centre) * rows + sum, rows),
      m2: ratio(rows * squares - sum * sum, rows),
    };
  }

  /** (a * 2^27 + b)^2 = a a * 2^54 + 2 a b * 2^27 + b b. */
  #scaleOf(part: number): bigint {
    return this.#isWide ? ([1n << 54n, 1n << 28n, 1n][part] ?? 0n) : 1n;
  }

  #readFloats(group: number, count: number): Moments {
    const [sum, squares] = [this.sum, this.#squares[0] ?? this.sum];
    const m2 = squaredDistances(
      { high: sum.high[group] ?? 0, low: sum.low[group] ?? 0 },
      { high: squares.high[group] ?? 0, low: squares.low[group] ?? 0 },
      count,
    );
    return { count, mean: Number(sum.value(group)) / count, m2 };
  }
}
