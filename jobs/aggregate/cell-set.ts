// A set of values as the sorted points where membership changes: every comparison, `in` and `between` becomes one,
// so the scan has a single test to run. Null belongs to no set and to no complement.
import type { ColumnType } from "../../core/column/type.ts";
import type { Comparison } from "../../core/plan/plan.ts";
import { isWide } from "./cell.ts";
import type { Cell } from "./cell.ts";

/**
 * `cuts` rise; a value is in the set if it is at or above an odd number of them, or, where `inside`, an
 * even number. Numbers serve bool (0, 1), int8..uint32, float and date; bigints the wide types; bytes utf8.
 */
export type CellSet =
  | { readonly of: "number"; readonly inside: boolean; readonly cuts: readonly number[] }
  | { readonly of: "bigint"; readonly inside: boolean; readonly cuts: readonly bigint[] }
  | { readonly of: "bytes"; readonly inside: boolean; readonly cuts: readonly Uint8Array[] };

/** What differs between the three kinds of point: their order, and the least point above a value. */
interface Points<P> {
  readonly of: (value: Value) => P;
  readonly above: (point: P) => P;
  readonly compare: (a: P, b: P) => number;
}

type Value = NonNullable<Cell>;

/** A leaf of a predicate; its values are cells of the column's type. */
export type CellTest =
  | { readonly op: Comparison; readonly value: Value }
  | { readonly in: readonly Value[] }
  | { readonly between: readonly [Value, Value] };

/** The set of the column's values for which the test is true. */
export function cellSet(type: ColumnType, test: CellTest): CellSet {
  if (type.kind === "utf8") return { of: "bytes", ...cutsOf(test, BYTES) };
  if (isWide(type)) return { of: "bigint", ...cutsOf(test, BIGINTS) };
  const single = type.kind === "float" && type.bits === 32;
  return { of: "number", ...cutsOf(test, single ? SINGLES : NUMBERS) };
}

function cutsOf<P>(test: CellTest, points: Points<P>): { inside: boolean; cuts: readonly P[] } {
  if ("in" in test) return { inside: false, cuts: cutsOfList(test.in.map(points.of), points) };
  if ("between" in test) {
    const [low, high] = [points.of(test.between[0]), points.of(test.between[1])];
    return { inside: false, cuts: points.compare(low, high) > 0 ? [] : [low, points.above(high)] };
  }
  const at = points.of(test.value);
  const above = points.above(at);
  switch (test.op) {
    case "=":
      return { inside: false, cuts: [at, above] };
    case "!=":
      return { inside: true, cuts: [at, above] };
    case "<":
      return { inside: true, cuts: [at] };
    case "<=":
      return { inside: true, cuts: [above] };
    case ">":
      return { inside: false, cuts: [above] };
    case ">=":
      return { inside: false, cuts: [at] };
  }
}

/** A pair of cuts for each value. Two neighbours' common cut stands twice and counts twice, which changes nothing. */
function cutsOfList<P>(list: readonly P[], points: Points<P>): P[] {
  const sorted = list.toSorted(points.compare);
  const distinct = sorted.filter((point, at) => {
    const previous = sorted[at - 1];
    return previous === undefined || points.compare(previous, point) !== 0;
  });
  return distinct.flatMap((point) => [point, points.above(point)]);
}

const NUMBERS: Points<number> = { of: Number, above: nextUp, compare: (a, b) => a - b };

/** A literal beside a float32 column means the float32 nearest to it, else `= 0.1` would never hold. */
const SINGLES: Points<number> = { ...NUMBERS, of: (value) => Math.fround(Number(value)) };

const BIGINTS: Points<bigint> = {
  of: (value) => BigInt(value),
  above: (point) => point + 1n,
  compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
};

/** Nothing lies between a byte string and the same with a zero byte behind it. */
const BYTES: Points<Uint8Array> = {
  of: (value) => new TextEncoder().encode(String(value)),
  above: withZero,
  compare: compareBytes,
};

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The least double above a finite one (IEEE 754 nextUp): one more in its bit pattern, away from or towards zero. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

/** The least text above another: itself and a zero byte. */
function withZero(text: Uint8Array): Uint8Array {
  const longer = new Uint8Array(text.length + 1);
  longer.set(text);
  return longer;
}
