// Kernels and merge against their naive twin, group by group, for everything that the gate may ask.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ObjectAggregation } from "../../jobs/aggregate/accumulate.ts";
import { Merge } from "../../jobs/aggregate/merge.ts";
import type { MergedMeasure } from "../../jobs/aggregate/merged-measure.ts";
import { ratio } from "../../jobs/aggregate/precise.ts";
import type { AggregateProgram, JointRule, Measure } from "../../jobs/aggregate/program.ts";
import { Dice, generateCuts, generateTable } from "./generate.ts";
import { generateProgram, scatter } from "./generate-program.ts";
import { inUnits, keyText, naiveGroups } from "./naive-merge.ts";
import type { NaiveMeasure } from "./naive-merge.ts";
import { objectsOf } from "./table.ts";
import type { Cuts, TestTable } from "./table.ts";

const isDeep = process.env["SEALROOM_DEEP"] === "1";
const RUNS = isDeep ? 3000 : 300;

function merged(program: AggregateProgram, table: TestTable, cuts: Cuts): Merge {
  const merge = new Merge(program);
  const names = program.columns.map(({ name }) => name);
  for (const batches of objectsOf(table, names, cuts)) {
    const aggregation = new ObjectAggregation(structuredClone(program));
    for (const batch of batches) aggregation.add(batch);
    merge.add(structuredClone(aggregation.finish()));
  }
  return merge;
}

function assertEqual(program: AggregateProgram, table: TestTable, cuts: Cuts): void {
  const merge = merged(program, table, cuts);
  program.levels.forEach((_, level) => {
    const naive = naiveGroups(program, table, level);
    const groups = new Map([...merge.groups(level)].map((group) => [keyText(group.key), group]));
    assert.deepEqual([...groups.keys()].sort(), naive.map(({ key }) => keyText(key)).sort());
    for (const expected of naive) {
      const actual = groups.get(keyText(expected.key));
      assert.deepEqual([actual?.passing, actual?.units], [expected.passing, expected.units]);
      program.measures.forEach((measure, at) => {
        const [of, naiveOf] = [actual?.measures[at], expected.measures[at]];
        assert.ok(of && naiveOf);
        assertMeasure(measure, of, naiveOf);
      });
    }
    if (level === 0) {
      const badRows = program.measures.map((_, at) =>
        naive.reduce((sum, group) => sum + (group.measures[at]?.badRows ?? 0), 0),
      );
      assert.deepEqual(merge.badRows(), badRows);
    }
  });
}

function assertMeasure(measure: Measure, actual: MergedMeasure, expected: NaiveMeasure): void {
  const units = (value: bigint | number | null): bigint | null =>
    value === null ? null : typeof value === "bigint" ? value : inUnits(value, measure.exact);
  assert.deepEqual([actual.nonNull, actual.units], [expected.nonNull, expected.units]);
  assert.equal(actual.missing, measure.missing ? expected.missing : 0);
  assert.equal(units(actual.sum), measure.sum && expected.sum);
  assert.deepEqual(
    actual.share && [units(actual.share.largest), units(actual.share.absolute)],
    measure.share ? [expected.largest, expected.absolute] : null,
  );
  for (const extreme of ["min", "max"] as const) {
    const found = actual[extreme];
    assert.deepEqual(
      found && { value: units(found.value), units: found.units },
      measure.extremes.includes(extreme) ? expected[extreme] : null,
    );
  }
  assert.deepEqual(actual.bins, expected.bins);
  assert.equal(actual.distinct, expected.distinct);
  if (measure.joint === null) assert.equal(actual.joint, null);
  else assertJoint(measure.joint, actual, expected);
  if (measure.moments === null) assert.equal(actual.moments, null);
  else assertMoments(measure, actual, expected);
}

function assertMoments({ exact }: Measure, { moments }: MergedMeasure, expected: NaiveMeasure): void {
  const count = BigInt(Math.max(1, expected.nonNull));
  const unit = exact ? 1n : 1n << 1074n;
  assert.equal(moments?.count, expected.nonNull);
  const mean = ratio(expected.rowSum, count * unit);
  const m2 = ratio(expected.scatter, count * unit * unit);
  if (exact) assert.deepEqual([moments.mean, moments.m2], [mean, m2]);
  else {
    assert.ok(Math.abs(moments.mean - mean) <= 2 ** -51 * Math.abs(mean));
    assert.ok(Math.abs(moments.m2 - m2) <= 2 ** -50 * m2, `${moments.m2} is not ${m2}`);
  }
}

function assertJoint([left, right]: JointRule, { joint }: MergedMeasure, expected: NaiveMeasure): void {
  assert.ok(joint !== null && expected.joint !== null);
  assert.equal(joint.atEnd, expected.joint.atEnd);
  const count = BigInt(Math.max(1, expected.nonNull));
  const [unit, otherUnit] = [left, right].map(({ exact }) => (exact ? 1n : 1n << 1074n));
  assert.ok(unit !== undefined && otherUnit !== undefined);
  const products = ratio(expected.joint.products, count * unit * otherUnit);
  const [m2, otherM2] = [
    ratio(expected.joint.left, count * unit * unit),
    ratio(expected.joint.right, count * otherUnit * otherUnit),
  ];
  if (left.exact) assert.equal(joint.left.m2, m2);
  if (right.exact) assert.equal(joint.right.m2, otherM2);
  if (left.exact && right.exact) assert.equal(joint.products, products);
  else {
    const reach = [left, right].map((rule) => Math.max(Math.abs(rule.lower), Math.abs(rule.upper)));
    const most = (reach[0] ?? 0) * (reach[1] ?? 0) * expected.nonNull ** 2;
    const close = 2 ** -49 * Math.sqrt(m2 * otherM2) + 2 ** -95 * most;
    assert.ok(Math.abs(joint.products - products) <= close, `${joint.products} is not ${products}`);
  }
}

const sizes = fc.oneof(fc.constantFrom(0, 1, 8, 9), fc.integer({ min: 0, max: 300 }));

test("every tally of every level equals its naive twin, however the table is split", () => {
  fc.assert(
    fc.property(fc.integer(), sizes, (seed, rows) => {
      const dice = new Dice(seed);
      const table = generateTable(dice, rows);
      assertEqual(generateProgram(dice, table), table, generateCuts(dice, table));
    }),
    { numRuns: RUNS },
  );
});

test("the same holds where the rows of a unit lie anywhere, in any object", () => {
  fc.assert(
    fc.property(fc.integer(), sizes, (seed, rows) => {
      const dice = new Dice(seed);
      const table = scatter(dice, generateTable(dice, rows));
      assertEqual(generateProgram(dice, table), table, generateCuts(dice, table));
    }),
    { numRuns: RUNS },
  );
});
