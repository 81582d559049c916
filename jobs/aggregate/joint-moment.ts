// Per group, what the covariance of two columns is made of, over the rows where both have a value: the moments of each,
// and the sum of their products. Nothing is lost in adding, as in moment.ts: products of integers are exact, in any
// order; of floats each product's rounding error is added too.
//
// A covariance adds up one column's values weighted by the other's distances from its mean. Where all units but a few
// have one and the same value in the other, these few are all that is left of the sum. So the units are counted that
// lie off the least of the clipped values, and off the greatest: few of them, and it is theirs.
import { CHUNK_ROWS } from "./chunk.ts";
import { ExtremeTally } from "./extreme.ts";
import { MomentTally } from "./moment.ts";
import type { Moments } from "./moment.ts";
import type { ExtremeState, JointState } from "./partial.ts";
import { multipliedDistances, productError, ratio, topOf, TWO_27 } from "./precise.ts";
import type { Pair } from "./precise.ts";
import type { ClipRule, JointRule } from "./program.ts";
import { makeSums, mergeSums, pickState, TWO_32 } from "./sum.ts";
import type { Sums } from "./sum.ts";
import type { ChunkRows } from "./unit-tally.ts";

/** Of the rows where both columns have a value, each value clipped; in the columns' smallest units. */
export interface JointMoments {
  readonly left: Moments;
  readonly right: Moments;
  /** The sum of the products of both distances from their means; by count - 1, the sample's covariance. */
  readonly products: number;
  /** The most distinct units that have one and the same end of a column's clipped values: the least, or the greatest. */
  readonly atEnd: number;
}

/** Up to here a product is exact. */
const MAX_PRODUCT: number = 2 ** 52;

export class JointTally {
  readonly #isExact: boolean;
  readonly #columns: readonly [MomentTally, MomentTally];
  readonly #ends: readonly (readonly [ExtremeTally, ExtremeTally])[];
  /** Whether products take more than one number: of a * 2^27 + b and c * 2^27 + d, a c, a d + b c and b d are added. */
  readonly #isWide: boolean;
  readonly #products: readonly Sums[];
  readonly #amounts: readonly Float64Array[];

  constructor([left, right]: JointRule) {
    this.#isExact = left.exact && right.exact;
    this.#columns = [new MomentTally(left), new MomentTally(right)];
    this.#ends = this.#columns.map(() => [new ExtremeTally("min"), new ExtremeTally("max")]);
    const [one, other] = this.#columns;
    this.#isWide = this.#isExact && one.reach * other.reach > MAX_PRODUCT;
    const rule: Pick<ClipRule, "exact"> = { exact: this.#isExact };
    this.#products = Array.from({ length: this.#isWide ? 3 : 1 }, () => makeSums(rule));
    this.#amounts = Array.from({ length: 4 }, () => new Float64Array(CHUNK_ROWS));
  }

  grow(groups: number): void {
    for (const part of [...this.#columns, ...this.#ends.flat(), ...this.#products]) part.grow(groups);
  }

  /** The values of both columns in the same rows, at most a chunk. */
  addAll(
    { groups, ordinals, count }: Pick<ChunkRows, "groups" | "ordinals" | "count">,
    left: Float64Array,
    right: Float64Array,
  ): void {
    const values = [left, right];
    this.#columns.forEach((column, at) => {
      column.addAll(groups, values[at] ?? left, count);
      // What they are the ends of is a distance, which rises with the value.
      for (const end of this.#ends[at] ?? []) end.addAll(groups, column.distances, ordinals, count);
    });
    if (this.#isWide) this.#addWide(groups, count);
    else this.#addNarrow(groups, count);
  }

  #addNarrow(groups: Int32Array, count: number): void {
    const [left, right] = [this.#columns[0].distances, this.#columns[1].distances];
    const [products = left, errors = left] = this.#amounts;
    for (let i = 0; i < count; i += 1) {
      const [a, b] = [left[i] ?? 0, right[i] ?? 0];
      products[i] = a * b;
      errors[i] = this.#isExact ? 0 : productError(a, b, a * b);
    }
    this.#products[0]?.addAll(groups, products, count);
    if (!this.#isExact) this.#products[0]?.addAll(groups, errors, count);
  }

  #addWide(groups: Int32Array, count: number): void {
    const [left, right] = [this.#columns[0].distances, this.#columns[1].distances];
    const [tops = left, mixed = left, crossed = left, rests = left] = this.#amounts;
    for (let i = 0; i < count; i += 1) {
      const [x, y] = [left[i] ?? 0, right[i] ?? 0];
      const [a, c] = [topOf(x), topOf(y)];
      const [b, d] = [x - a * TWO_27, y - c * TWO_27];
      tops[i] = a * c;
      mixed[i] = a * d;
      crossed[i] = b * c;
      rests[i] = b * d;
    }
    this.#products[0]?.addAll(groups, tops, count);
    // One by one: both together may be more than is exact.
    this.#products[1]?.addAll(groups, mixed, count);
    this.#products[1]?.addAll(groups, crossed, count);
    this.#products[2]?.addAll(groups, rests, count);
  }

  /** The state of another tally of the same rules, whose groups have these numbers here. */
  merge(groups: Int32Array, { columns, ends, products }: JointState): void {
    this.#columns.forEach((column, at) => {
      column.merge(groups, given(columns[at]));
      this.#ends[at]?.forEach((end, which) => {
        end.merge(groups, given(ends[at]?.[which]));
      });
    });
    this.#products.forEach((sums, at) => {
      mergeSums(sums, groups, given(products[at]));
    });
  }

  finish(formed: Int32Array): JointState {
    return {
      columns: this.#columns.map((column) => column.finish(formed)),
      ends: this.#ends.map((ends) => ends.map((end) => end.finish(formed))),
      products: this.#products.map((sums) => pickState(sums, formed)),
    };
  }

  /** Where groups are pairs of a group and a unit: `units` is 1 where the unit has such a row, else 0. */
  finishPairs(pairs: Int32Array, units: Float64Array): JointState {
    const state = this.finish(pairs);
    const ends = state.ends.map((both) => both.map(({ value }): ExtremeState => ({ value, units })));
    return { ...state, ends };
  }

  read(group: number, count: number): JointMoments {
    const [left, right] = this.#columns;
    return {
      left: left.read(group, count),
      right: right.read(group, count),
      products:
        count === 0 ? 0 : this.#isExact ? this.#readExact(group, count) : this.#readFloats(group, count),
      atEnd: Math.max(...this.#ends.flat().map((end) => end.units(group))),
    };
  }

  #readExact(group: number, count: number): number {
    const [left, right] = this.#columns.map(({ sum }) => BigInt(sum.value(group)));
    const scales = this.#isWide ? [1n << 54n, 1n << 27n, 1n] : [1n];
    const products = this.#products.reduce(
      (all, sums, at) => all + BigInt(sums.value(group)) * (scales[at] ?? 0n),
      0n,
    );
    return ratio(BigInt(count) * products - (left ?? 0n) * (right ?? 0n), BigInt(count));
  }

  #readFloats(group: number, count: number): number {
    const [left, right] = this.#columns;
    const [products] = this.#products;
    const sumOf = (sums: Sums | undefined, isExact: boolean): Pair => ({
      high: (sums?.high[group] ?? 0) * (isExact ? TWO_32 : 1),
      low: sums?.low[group] ?? 0,
    });
    return multipliedDistances(
      sumOf(left.sum, left.isExact),
      sumOf(right.sum, right.isExact),
      sumOf(products, false),
      count,
    );
  }
}

function given<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("internal: a partial of another program");
  return part;
}
