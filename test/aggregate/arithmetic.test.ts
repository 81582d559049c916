// Sums: exact for integers and decimals, compensated for floats, clipped by unit, saturated and never thrown out.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Bounds } from "../../core/manifest/manifest.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { CompensatedSums, exactSum, ExactSums } from "../../jobs/aggregate/sum.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";
import type { Cuts } from "./table.ts";

const EXACT = Number.MAX_SAFE_INTEGER;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

function sumOf(type: string, rows: readonly Row[], bounds: Bounds, cuts?: Cuts): Cell {
  const table = peopleOf(rows, { x: type });
  const plan = planOf({ select: [{ as: "s", op: "sum", column: "x" }] });
  return (
    runAggregate(plan, manifestOf(table, { minUnits: 2, bounds: { x: bounds } }), table, cuts).rows[0]?.[0] ??
    null
  );
}

test("clips a unit's total, not its rows", () => {
  const rows: Row[] = [
    [1, "", 8],
    [1, "", 8],
    [1, "", -9],
    [2, "", -30],
    [2, "", 25],
    [3, "", 1],
  ];
  assert.equal(sumOf("int32", rows, { lower: -10, upper: 10 }), 7n - 5n + 1n);
  assert.equal(sumOf("int32", rows, { lower: -2, upper: 3 }), 3n - 2n + 1n);
  assert.equal(sumOf("int32", rows, { lower: 2, upper: 5 }), 5n + 2n + 2n);
});

test("carries a unit's running total over batches, and closes it at an object's end", () => {
  const rows: Row[] = [
    [1, "", 4],
    [1, "", 4],
    [1, "", 4],
    [2, "", 4],
    [2, "", 4],
  ];
  for (const cuts of [
    [[5]],
    [[1, 2, 3, 4, 5]],
    [[3], [5]],
    [
      [1, 3],
      [3, 4, 4, 5],
    ],
  ]) {
    assert.equal(sumOf("int32", rows, { lower: 0, upper: 9 }, cuts), 9n + 8n);
  }
});

test("one unit moves a sum by no more than the bounds, whatever its values are", () => {
  const extremes: Record<string, Cell[]> = {
    int64: [MIN_INT64, MAX_INT64, 2n ** 53n + 1n, 0n, null],
    uint64: [0n, 2n ** 64n - 1n, null],
    "decimal(38,0)": [10n ** 38n - 1n, -(10n ** 38n) + 1n, 1n, null],
    float64: [NaN, Infinity, -Infinity, -0, 1e308, -1e308, 5e-324, null],
    float32: [NaN, Infinity, -Infinity, 3, null],
  };
  for (const [type, pool] of Object.entries(extremes)) {
    const isFloat = type.startsWith("float");
    const others = unitsIn("", 3, 10, isFloat ? 2 : 2n);
    const without = Number(sumOf(type, others, { lower: -5, upper: 7 }));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { minLength: 1, maxLength: 6 }), (cells) => {
        const rows = [...cells.map((cell) => [1, "", cell] as const), ...others];
        const change = Number(sumOf(type, rows, { lower: -5, upper: 7 })) - without;
        assert.ok(change >= -5 && change <= 7, `${type}: ${change}`);
      }),
      { numRuns: 100 },
    );
  }
});

test("saturates rows and running totals at 2^53 - 1 in either direction", () => {
  const bounds = { lower: -EXACT, upper: EXACT };
  const two = (...values: bigint[]): Row[] => [
    ...values.map((value) => [1, "", value] as const),
    [2, "", 0n],
  ];
  assert.equal(sumOf("int64", two(MAX_INT64), bounds), BigInt(EXACT));
  assert.equal(sumOf("int64", two(MIN_INT64), bounds), -BigInt(EXACT));
  assert.equal(sumOf("int64", two(MAX_INT64, MAX_INT64, -1n), bounds), BigInt(EXACT) - 1n);
  assert.equal(sumOf("int64", two(MAX_INT64, MIN_INT64), bounds), 0n);
  assert.equal(sumOf("uint64", two(2n ** 64n - 1n, 0n), bounds), BigInt(EXACT));
  assert.equal(sumOf("decimal(38,0)", two(10n ** 38n - 1n, -5n), bounds), BigInt(EXACT) - 5n);
  assert.equal(sumOf("decimal(38,0)", two(-(2n ** 96n), 5n), bounds), -BigInt(EXACT) + 5n);
});

test("adds integers exactly past 2^53, and saturates the result at the range of int64", () => {
  const bounds = { lower: -EXACT, upper: EXACT };
  const units = (count: number, value: bigint): Row[] => unitsIn("", count, 0, value);
  assert.equal(sumOf("int64", units(1000, MAX_INT64), bounds), 1000n * BigInt(EXACT));
  assert.equal(sumOf("int64", units(1025, MAX_INT64), bounds), MAX_INT64);
  assert.equal(sumOf("int64", units(1025, MIN_INT64), bounds), MIN_INT64);
  assert.equal(sumOf("decimal(38,0)", units(1025, MAX_INT64), bounds), 1025n * BigInt(EXACT));
});

test("averages the clipped sum before it is saturated", () => {
  const table = peopleOf(unitsIn("", 1025, 0, MAX_INT64), { x: "int64" });
  const plan = planOf({ select: [{ as: "a", op: "avg", column: "x" }] });
  const manifest = manifestOf(table, { bounds: { x: { lower: 0, upper: EXACT } } });
  assert.deepEqual(runAggregate(plan, manifest, table).rows, [[Number(1025n * BigInt(EXACT)) / 1025]]);
});

test("exact sums equal bigint sums, in any grouping into partials", () => {
  const value = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(EXACT, -EXACT, 0, 2 ** 52, -(2 ** 32)));
  fc.assert(
    fc.property(fc.array(fc.array(value, { maxLength: 60 }), { maxLength: 6 }), (parts) => {
      const merged = new ExactSums();
      merged.grow(1);
      for (const part of parts) {
        const sums = new ExactSums();
        sums.grow(1);
        sums.addAll(new Int32Array(part.length), Float64Array.from(part), part.length);
        merged.merge(0, sums.high[0] ?? 0, sums.low[0] ?? 0);
      }
      const expected = parts.flat().reduce((sum, part) => sum + BigInt(part), 0n);
      assert.equal(exactSum(merged.high[0] ?? 0, merged.low[0] ?? 0), expected);
    }),
    { numRuns: 2000 },
  );
});

test("exact sums saturate at 2^84 instead of losing digits", () => {
  const sums = new ExactSums();
  sums.grow(1);
  for (let round = 0; round < 3; round += 1) sums.merge(0, 2 ** 51 + 1, 5);
  assert.equal(exactSum(sums.high[0] ?? 0, sums.low[0] ?? 0), 2n ** 84n + 15n);
  for (let round = 0; round < 5; round += 1) sums.merge(0, -(2 ** 51) - 1, -3);
  assert.equal(exactSum(sums.high[0] ?? 0, sums.low[0] ?? 0), -(2n ** 84n));
});

test("adds floats with compensation: what rounding takes from the sum is not lost", () => {
  const values = [1e15, ...Array.from({ length: 10_000 }, () => 0.1), -1e15];
  const sum = sumOf(
    "float64",
    values.map((value, at) => [at, "", value] as const),
    { lower: -1e15, upper: 1e15 },
  );
  const naive = values.reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(Number(sum) - 1000) < 1e-9);
  assert.ok(Math.abs(naive - 1000) > 1);
});

test("compensated sums have Neumaier's bits", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -9e15, max: 9e15, noNaN: true }), { maxLength: 50 }), (values) => {
      const sums = new CompensatedSums();
      sums.grow(1);
      sums.addAll(new Int32Array(values.length), Float64Array.from(values), values.length);
      let [sum, lost] = [0, 0];
      for (const value of values) {
        const next = sum + value;
        lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
        sum = next;
      }
      assert.equal((sums.high[0] ?? 0) + (sums.low[0] ?? 0), sum + lost);
    }),
    { numRuns: 1000 },
  );
});

test("counts NaN as null, clips infinities, and makes -0 into 0", () => {
  const rows: Row[] = [
    [1, "", NaN],
    [2, "", Infinity],
    [3, "", -Infinity],
    [4, "", -0],
    [5, "", null],
  ];
  const table = peopleOf(rows, { x: "float64" });
  const plan = planOf({
    select: [
      { as: "n", op: "count", column: "x" },
      { as: "s", op: "sum", column: "x" },
    ],
  });
  const run = (lower: number, upper: number): unknown =>
    runAggregate(plan, manifestOf(table, { bounds: { x: { lower, upper } } }), table).rows;
  assert.deepEqual(run(-4, 6), [[3n, 2]]);
  assert.deepEqual(run(-4, 4), [[3n, 0]]);
  const zeros = peopleOf(
    [
      [1, "", -0],
      [2, "", -0],
    ],
    { x: "float64" },
  );
  const manifest = manifestOf(zeros, { bounds: { x: { lower: -1, upper: 1 } } });
  assert.ok(Object.is(runAggregate(plan, manifest, zeros).rows[0]?.[1], 0));
});

test("an infinity of each sign in one unit gives a number, not NaN", () => {
  const rows: Row[] = [
    [1, "", Infinity],
    [1, "", -Infinity],
    [1, "", 1e308],
    [1, "", 1e308],
    [2, "", 1],
  ];
  assert.equal(sumOf("float64", rows, { lower: -3, upper: 3 }), 4);
});

test("scales the bounds of a decimal to its smallest unit, as they are written", () => {
  const rows = unitsIn("", 2, 0, 10n ** 9n);
  assert.equal(sumOf("decimal(12,2)", rows, { lower: 0, upper: 19.99 }), 2n * 1999n);
  assert.equal(sumOf("decimal(12,2)", unitsIn("", 2, 0, -5n), { lower: 0.29, upper: 1 }), 58n);
});

test("gives a sum the type that holds it and an average float64", () => {
  const plan = planOf({
    select: [
      { as: "s", op: "sum", column: "x" },
      { as: "a", op: "avg", column: "x" },
      { as: "n", op: "count", column: "x" },
    ],
  });
  const typesOf = (x: string): unknown => {
    const table = peopleOf([], { x });
    const manifest = manifestOf(table, { bounds: { x: { lower: 0, upper: 1 } } });
    return runAggregate(plan, manifest, table).columns.map(({ type }) => type);
  };
  const int64 = { kind: "int", bits: 64, signed: true };
  const float64 = { kind: "float", bits: 64 };
  assert.deepEqual(typesOf("uint8"), [int64, float64, int64]);
  assert.deepEqual(typesOf("float32"), [float64, float64, int64]);
  assert.deepEqual(typesOf("decimal(5,3)"), [{ kind: "decimal", precision: 38, scale: 3 }, float64, int64]);
});
