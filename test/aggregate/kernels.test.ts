// The loops in WebAssembly against the same in JavaScript: equal bits, for every value that there is.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CHUNK_ROWS } from "../../jobs/aggregate/chunk.ts";
import { SumTally } from "../../jobs/aggregate/contribution.ts";
import { addExact, addFloats, UnitSums } from "../../jobs/aggregate/unit-sums.ts";
import { countUnits, UnitTally } from "../../jobs/aggregate/unit-tally.ts";
import { KERNELS } from "../../jobs/aggregate/wasm/kernels.ts";
import { Dice } from "./generate.ts";

const GROUPS = 5;
const LIMIT = Number.MAX_SAFE_INTEGER;
const row = (value: fc.Arbitrary<number>): fc.Arbitrary<Row> =>
  fc.record({ group: fc.nat(GROUPS - 1), first: fc.constantFrom(1, 1, 0), unit: fc.nat(3), value });
const integers = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(LIMIT, -LIMIT, 0, -0));
const floats = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 0.1, -0),
);
const bounds = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.constantFrom(1, -1));

interface Row {
  readonly group: number;
  readonly first: number;
  readonly unit: number;
  readonly value: number;
}

function arraysOf(rows: readonly Row[]): { groups: Int32Array; firsts: Uint8Array; values: Float64Array } {
  return {
    groups: Int32Array.from(rows, ({ group }) => group),
    firsts: Uint8Array.from(rows, ({ first }) => first),
    values: Float64Array.from(rows, ({ value }) => value),
  };
}

function bitsOf(state: Float64Array): BigUint64Array {
  return new BigUint64Array(state.buffer, state.byteOffset, state.length);
}

for (const [name, exact, values] of [
  ["exact", true, integers],
  ["compensated", false, floats],
] as const) {
  test(`${name} sums of units have the same bits, up to where a kernel stops for a carry`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(row(values), { maxLength: 40 }), { maxLength: 3 }),
        bounds,
        (chunks, [a, b, sign]) => {
          const [lower = 0, upper = 0] = [a * sign, b * sign].sort((x, y) => x - y);
          const rule = { lower, upper, exact };
          const [slow, fast] = [0, 1].map(() =>
            Float64Array.from({ length: GROUPS * 4 }, (_, at) => (at % 4 === 0 ? NaN : 0)),
          );
          assert.ok(slow && fast);
          for (const rows of chunks) {
            const arrays = arraysOf(rows);
            const loop = exact ? addExact : addFloats;
            loop(slow, rule, arrays.groups, arrays.firsts, arrays.values, 0, rows.length);
            KERNELS.groups.set(arrays.groups);
            KERNELS.firsts.set(arrays.firsts);
            KERNELS.values.set(arrays.values);
            KERNELS.sums.set(fast);
            const done = KERNELS[exact ? "addExact" : "addFloats"](0, rows.length, lower, upper);
            fast.set(KERNELS.sums.subarray(0, fast.length));
            assert.ok(exact || done === rows.length);
            loop(fast, rule, arrays.groups, arrays.firsts, arrays.values, done, rows.length);
            assert.deepEqual(bitsOf(fast), bitsOf(slow));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
}

const rule = fc.record({
  lower: fc.nat(1000),
  upper: fc.integer({ min: 1000, max: 5000 }),
  sign: fc.constantFrom(1, -1),
});
const chunk = fc.record({
  seed: fc.integer(),
  isDistinct: fc.boolean(),
  count: fc.constantFrom(0, 1, 2, 50, 400),
});

test("units' sums in one pass equal contributions added one by one, in bits, chunk after chunk", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      rule,
      fc.array(chunk, { maxLength: 5 }),
      (exact, { lower, upper, sign }, chunks) => {
        const bounds = { lower: sign < 0 ? -upper : lower, upper: sign < 0 ? -lower : upper, exact };
        const [fast, slow] = [new UnitSums(bounds), new SumTally(bounds)];
        const tally = new UnitTally();
        let unit = 0;
        for (const { seed, isDistinct, count } of chunks) {
          const dice = new Dice(seed);
          const groups = Int32Array.from({ length: count }, () => dice.below(GROUPS));
          const values = Float64Array.from({ length: count }, () =>
            exact ? dice.below(9000) - 3000 : dice.real() * 9000 - 3000,
          );
          const ordinals = Int32Array.from(
            { length: count },
            () => (unit += isDistinct || unit === 0 || dice.chance(0.3) ? 1 : 0),
          );
          const rows = { bound: GROUPS, groups, ordinals, isDistinct, count };
          const firsts = tally.add(rows).slice(0, count);
          for (const sums of [fast, slow]) {
            sums.grow(GROUPS);
            sums.addAll(rows, firsts, values);
          }
        }
        const formed = tally.formedGroups();
        assert.deepEqual(fast.finish(formed), slow.finish(formed));
      },
    ),
    { numRuns: 500 },
  );
});

test("units are counted alike, and the same rows are the first of theirs", () => {
  fc.assert(
    fc.property(fc.array(row(integers), { maxLength: 60 }), (rows) => {
      const groups = Int32Array.from(rows, ({ group }) => group);
      let last = 1;
      const ordinals = Int32Array.from(rows, ({ first }) => (last += first));
      const slow = new Int32Array(GROUPS * 4);
      const firsts = new Uint8Array(rows.length);
      countUnits(slow, groups, ordinals, rows.length, firsts);
      KERNELS.groups.set(groups);
      KERNELS.ordinals.set(ordinals);
      KERNELS.units.fill(0);
      KERNELS.countUnits(0, rows.length);
      assert.deepEqual(KERNELS.units.slice(0, slow.length), slow);
      assert.deepEqual(KERNELS.firsts.slice(0, rows.length), firsts);
    }),
    { numRuns: 500 },
  );
});

test("64-bit integers become the nearest floats, signed and unsigned", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 40 }), (list) => {
      for (const isSigned of [true, false]) {
        KERNELS.words.set(list.flatMap((value) => [Number(value & 0xffffffffn), Number(value >> 32n)]));
        KERNELS[isSigned ? "convertSigned" : "convertUnsigned"](0, list.length, Infinity);
        const expected = list.map((value) => Number(isSigned ? BigInt.asIntN(64, value) : value));
        assert.deepEqual([...KERNELS.values.subarray(0, list.length)], expected);
      }
    }),
    { numRuns: 500 },
  );
});

test("whether all values are within a limit is found for each of them", () => {
  for (let count = 0; count < 8; count += 1) {
    KERNELS.values.fill(7);
    assert.equal(KERNELS.areWithin(0, count, 7), 1);
    for (const odd of [7.5, -7.5, NaN, -Infinity]) {
      for (let at = 0; at < count; at += 1) {
        KERNELS.values.fill(-7)[at] = odd;
        assert.equal(KERNELS.areWithin(0, count, 7), 0);
      }
    }
  }
});

test("values beyond a limit are saturated and counted, and NaN stays", () => {
  const values = [1, -Infinity, NaN, Infinity, -7, 7, 7.5, -7.5, -0];
  KERNELS.values.set(values);
  assert.equal(KERNELS.saturate(0, values.length, 7), 4);
  assert.deepEqual([...KERNELS.values.subarray(0, values.length)], [1, -7, NaN, 7, -7, 7, 7, -7, -0]);
});

test("numbers move to the front in their order, with the rows they came from", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(floats, fc.constant(NaN)), { maxLength: 60 }), (list) => {
      KERNELS.values.set(list);
      const kept = list.map((value, at) => [value, at] as const).filter(([value]) => !Number.isNaN(value));
      assert.equal(KERNELS.keepNumbers(0, list.length, Infinity), kept.length);
      assert.deepEqual(
        [...KERNELS.values.subarray(0, kept.length)],
        kept.map(([value]) => value),
      );
      assert.deepEqual(
        [...KERNELS.ordinals.subarray(0, kept.length)],
        kept.map(([, at]) => at),
      );
    }),
    { numRuns: 500 },
  );
});

test("what is kept is saturated and counted too", () => {
  KERNELS.values.set([NaN, -Infinity, 3, NaN, 8, 7]);
  assert.equal(KERNELS.keepNumbers(0, 6, 7), 4 + 2 * 2 ** 16);
  assert.deepEqual([...KERNELS.values.subarray(0, 4)], [-7, 3, 7, 7]);
  KERNELS.values.fill(Infinity);
  assert.equal(KERNELS.keepNumbers(0, CHUNK_ROWS, 7), CHUNK_ROWS + CHUNK_ROWS * 2 ** 16);
  KERNELS.groups.set([5, 6, 7, 8, 9]);
  KERNELS.ordinals.set([0, 2, 4]);
  KERNELS.keepGroups(0, 3);
  assert.deepEqual([...KERNELS.groups.subarray(0, 3)], [5, 7, 9]);
});

test("no kernel touches a row when there is none", () => {
  const before = KERNELS.sums.slice();
  for (const run of [KERNELS.addExact, KERNELS.addFloats]) assert.equal(run(0, 0, 0, 1), 0);
  assert.equal(KERNELS.saturate(0, 0, 1), 0);
  assert.equal(KERNELS.keepNumbers(0, 0, 1), 0);
  assert.deepEqual(bitsOf(KERNELS.sums.slice()), bitsOf(before));
});
