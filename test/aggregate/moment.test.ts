// Variances where two large numbers differ by little, against exact fractions.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MomentTally } from "../../jobs/aggregate/moment.ts";
import type { Moments } from "../../jobs/aggregate/moment.ts";
import { ratio } from "../../jobs/aggregate/precise.ts";
import type { ClipRule } from "../../jobs/aggregate/program.ts";
import { fraction } from "./naive-merge.ts";

const LIMIT = 2 ** 53 - 1;

/** Of one group, added in parts that are merged. */
function momentsOf(rule: ClipRule, parts: readonly (readonly number[])[]): Moments {
  const merged = new MomentTally(rule);
  merged.grow(1);
  for (const part of parts) {
    const tally = new MomentTally(rule);
    tally.grow(1);
    tally.addAll(new Int32Array(part.length), Float64Array.from(part), part.length);
    merged.merge(Int32Array.of(0), tally.finish(Int32Array.of(0)));
  }
  return merged.read(0, parts.flat().length);
}

/** n times the sum of squared distances from the mean, in 2^-2148. */
function scatter(values: readonly number[]): bigint {
  const fractions = values.map(fraction);
  const sum = fractions.reduce((all, value) => all + value, 0n);
  return BigInt(values.length) * fractions.reduce((all, value) => all + value * value, 0n) - sum * sum;
}

function exactM2(values: readonly number[]): number {
  return ratio(scatter(values), BigInt(values.length) << 2148n);
}

test("moments of integers are the nearest floats, in any grouping into partials", () => {
  const value = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(LIMIT, -LIMIT, 0, 2 ** 52));
  const parts = fc.array(fc.array(value, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 });
  const rule = { lower: -LIMIT, upper: LIMIT, exact: true };
  fc.assert(
    fc.property(parts, (lists) => {
      const { m2, mean } = momentsOf(rule, lists);
      const values = lists.flat();
      const sum = values.reduce((all, one) => all + BigInt(one), 0n);
      assert.equal(m2, exactM2(values));
      assert.equal(mean, ratio(sum, BigInt(values.length)));
    }),
    { numRuns: 1000 },
  );
});

test("moments of floats are right to 100 bits of the squares, where values lie close together far from zero", () => {
  const rule = { lower: -LIMIT, upper: LIMIT, exact: false };
  const near = fc.record({
    far: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    spread: fc.integer({ min: -40, max: 3 }),
  });
  const offsets = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(near, offsets, ({ far, spread }, list) => {
      // Around 2^30 neighbours are 2^-23 apart: the variance may be 2^100 times smaller than the mean's square.
      const values = list.map((offset) => far + offset * 2 ** spread);
      const { m2 } = momentsOf(
        rule,
        [values.slice(0, 7), values.slice(7)].filter((part) => part.length > 0),
      );
      const expected = exactM2(values);
      assert.ok(
        Math.abs(m2 - expected) <= 2 ** -50 * expected + 2 ** -100 * 60 * 60 * (far * far + 64),
        `${m2}, ${expected}`,
      );
    }),
    { numRuns: 2000 },
  );
});

test("equal values have no variance, and no rounding makes one negative", () => {
  for (const value of [0.1, 1e9 + 0.1, -12345.678, 2 ** 52 + 1, 5e-324]) {
    for (const count of [1, 2, 3, 1000]) {
      const { m2 } = momentsOf({ lower: -LIMIT, upper: LIMIT, exact: false }, [
        Array<number>(count).fill(value),
      ]);
      assert.ok(m2 >= 0 && m2 <= 2 ** -100 * value * value * count * count, `${value}, ${count}: ${m2}`);
    }
  }
});

test("a fraction is rounded to the nearest float, ties to even", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
      fc.bigInt({ min: 1n, max: 2n ** 60n }),
      (a, b) => {
        const value = ratio(a, b);
        // |value - a / b| is at most half a unit in the last place.
        const error = fraction(value) * b - (a << 1074n);
        const half = (fraction(Math.abs(value)) >> 53n) + 1n;
        assert.ok((error < 0n ? -error : error) <= half * b);
      },
    ),
    { numRuns: 2000 },
  );
  assert.equal(ratio(2n ** 53n + 1n, 1n), 2 ** 53);
  assert.equal(ratio(2n ** 53n + 3n, 1n), 2 ** 53 + 4);
  assert.equal(ratio(2n ** 54n + 3n, 2n), 2 ** 53 + 2);
});
