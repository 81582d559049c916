// Counts of distinct values: near the truth, the same of any split, and of one unit no more than the owner says.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { estimate } from "../../jobs/aggregate/distinct-tally.ts";
import { murmur3 } from "../../jobs/aggregate/hash.ts";
import { KeptHashes } from "../../jobs/aggregate/kept-hashes.ts";
import { encodeResult } from "../../jobs/aggregate/result.ts";
import { Dice, generateCuts } from "./generate.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const SELECT = [{ as: "values", op: "approx_distinct", column: "x" }] as const;

function released(rows: readonly Row[], rules: Partial<Rules> = {}, type = "int32"): Cell {
  const table = peopleOf(rows, { x: type });
  const manifest = manifestOf(table, { minUnits: 2, distinct: { x: 1 }, ...rules });
  return runAggregate(planOf({ select: SELECT }), manifest, table).rows[0]?.[0] ?? null;
}

/** As many units as values, each with one of its own. */
function each(count: number, valueOf: (at: number) => Cell = (at) => at): readonly Row[] {
  return Array.from({ length: count }, (_, at) => [at, "a", valueOf(at)] as const);
}

test("is within five standard errors of the truth, from a few values to many", () => {
  for (const count of [10, 100, 1_000, 5_000, 12_000, 20_000, 60_000]) {
    const told = Number(released(each(count, (at) => at * 7)));
    assert.ok(Math.abs(told - count) <= 5 * (1.04 / 64) * count + 1, `${told} of ${count}`);
  }
});

test("is exact to the step where there are few, and 0 where there is none", () => {
  assert.equal(released(unitsIn("a", 9, 0, null)), null);
  assert.equal(released(unitsIn("a", 9, 0, 7)), 2n);
  assert.equal(
    released([...unitsIn("a", 9, 0, 7), ...unitsIn("a", 9, 10, 8), ...unitsIn("a", 1, 20, 9)]),
    4n,
  );
  assert.equal(estimate([]), 0);
});

test("is rounded to as many values as the threshold's units may add, or as counts are, if that is more", () => {
  const rows = each(104);
  assert.equal(released(rows, { minUnits: 10 }), 100n);
  assert.equal(released(rows, { minUnits: 10, distinct: { x: 3 } }), 90n);
  assert.equal(released(rows, { minUnits: 10, rounding: { counts: 25, sums: {} } }), 100n);
  assert.equal(released(rows, { minUnits: 10, rounding: { counts: 70, sums: {} } }), 70n);
});

test("counts of one unit no more values than the owner says, whichever order its rows have", () => {
  const many = Array.from({ length: 300 }, (_, at): Row => [0, "a", 1_000 + at]);
  const others = unitsIn("a", 9, 1, 7);
  for (const perUnit of [1, 4, 8]) {
    const told = released([...many, ...others], { distinct: { x: perUnit } });
    // To multiples of two units' values.
    assert.equal(told, BigInt(Math.round((perUnit + 1) / (2 * perUnit) + 1e-9) * 2 * perUnit));
    assert.equal(released([...many.toReversed(), ...others], { distinct: { x: perUnit } }), told);
  }
});

test("keeps the least hashes, each once, in any order", () => {
  const hashes = Array.from(
    { length: 40 },
    (_, at) => [Math.imul(at % 20, 0x9e3779b1) >>> 0, at % 4] as const,
  );
  const keep = (order: typeof hashes): unknown => {
    const kept = new KeptHashes(5);
    kept.grow(2);
    for (const [high, low] of order) kept.add(1, high, low);
    assert.equal(kept.count(0), 0);
    return Array.from({ length: kept.count(1) }, (_, at) => [kept.high(1, at), kept.low(1, at)]);
  };
  const distinct = [...new Map(hashes.map((hash) => [hash.join(), hash])).values()];
  const least = distinct.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, 5);
  assert.deepEqual(keep(hashes), least);
  assert.deepEqual(keep(hashes.toReversed()), least);
});

test("tells values apart as grouping does: texts by their bytes however they lie, and zero is zero", () => {
  const texts = ["a", "a\0", "", "ä", "\u{10000}", "a"];
  const table = (dictionary: readonly string[] | undefined): TestTable => ({
    rows: 60,
    units: null,
    columns: [
      {
        name: "x",
        type: "utf8",
        role: "dimension",
        cells: Array.from({ length: 60 }, (_, at) => texts[at % 6] ?? ""),
        ...(dictionary && { dictionary }),
      },
    ],
  });
  for (const dictionary of [undefined, [], ["a", "a", "unused"]]) {
    const given = table(dictionary);
    const manifest = manifestOf(given, { minUnits: 2, distinct: { x: 1 } });
    const { rows } = runAggregate(planOf({ select: SELECT }), manifest, given);
    // Five, from the middle up.
    assert.deepEqual(rows, [[6n]]);
  }
  assert.equal(
    released(
      each(40, (at) => [0, -0, NaN, null][at % 4] ?? null),
      {},
      "float64",
    ),
    2n,
  );
  assert.equal(
    released(
      each(40, (at) => at % 2 === 0),
      {},
      "bool",
    ),
    2n,
  );
});

test("is near the truth of every type of column, and has the same bits however it is split", () => {
  const dice = new Dice(3);
  const units: number[] = [];
  while (units.length < 9_000) {
    units.push(...Array<number>(Math.min(1 + dice.below(3), 9_000 - units.length)).fill(units.length));
  }
  const drawn = units.map(() => dice.below(3_000));
  for (const [type, cellOf] of [
    ["int32", (value: number): Cell => value - 1_500],
    ["int64", (value: number): Cell => BigInt(value) << 40n],
    ["decimal(30,2)", (value: number): Cell => BigInt(value) << 70n],
    ["float64", (value: number): Cell => value / 7],
    ["date", (value: number): Cell => value],
    ["utf8", (value: number): Cell => `value ${value}`],
  ] as const) {
    const cells = drawn.map((value) => (value % 10 === 0 ? null : cellOf(value)));
    const table: TestTable = {
      rows: units.length,
      units,
      columns: [{ name: "x", type, role: "dimension", cells }],
    };
    const manifest = manifestOf(table, { minUnits: 2, distinct: { x: 8 } });
    const whole = runAggregate(planOf({ select: SELECT }), manifest, table);
    const truth = new Set(drawn.filter((value) => value % 10 !== 0)).size;
    const told = Number(whole.rows[0]?.[0]);
    assert.ok(Math.abs(told - truth) <= 0.08 * truth + 8, `${type}: ${told} of ${truth}`);
    const split = runAggregate(planOf({ select: SELECT }), manifest, table, generateCuts(dice, table));
    assert.deepEqual(encodeResult(split), encodeResult(whole));
  }
});

test("hashes as MurmurHash3 does", () => {
  const hash = (text: string, seed: number): number => murmur3(new TextEncoder().encode(text), seed);
  assert.equal(hash("", 0), 0);
  assert.equal(hash("", 1), 0x514e28b7);
  assert.equal(hash("test", 0), 0xba6bd213);
  assert.equal(hash("aaaa", 0x9747b28c), 0x5a97808a);
  assert.equal(hash("Hello, world!", 0), 0xc0363e43);
  assert.equal(hash("The quick brown fox jumps over the lazy dog", 0), 0x2e4ff723);
});
