// Totals, dominance, extremes, rounding and bad rows, by the smallest tables that show each.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { readBadRows } from "../../core/receipt/bad-rows.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { compileAggregate } from "../../jobs/aggregate/compile.ts";
import { LONGEST_SHARE } from "../../jobs/aggregate/gate/bad-rows.ts";
import { encodeResult, mostTableBytes } from "../../jobs/aggregate/result.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { assertRefused } from "./refusal.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";
import type { TestTable } from "./table.ts";

const RULES: Partial<Rules> = { minUnits: 3, interval: 3, bounds: { x: { lower: 0, upper: 100 } } };
const SUM = { as: "sum", op: "sum", column: "x" } as const;
const UNITS = { as: "units", op: "count_units" } as const;

function release(
  table: TestTable,
  plan: Partial<AggregatePlan>,
  rules: Partial<Rules> = {},
): (readonly Cell[])[] {
  return [...runAggregate(planOf(plan), manifestOf(table, { ...RULES, ...rules }), table).rows];
}

/** Two dimensions: `g`, and `h` by the row's unit. */
function crossed(rows: readonly (readonly [unit: number, g: string, h: boolean, x: number])[]): TestTable {
  const people = peopleOf(rows.map(([unit, g, , x]) => [unit, g, x]));
  const second = { name: "h", type: "bool", role: "dimension", cells: rows.map(([, , h]) => h) } as const;
  return { ...people, columns: [...people.columns, second] };
}

const PEOPLE = crossed(
  ["a", "b"].flatMap((g, i) =>
    [true, false].flatMap((h, j) =>
      [0, 1, 2].map((unit) => [100 * i + 10 * j + unit, g, h, 10] as [number, string, boolean, number]),
    ),
  ),
);

test("lists each total after its groups, with nulls for what is totalled and SQL's grouping id", () => {
  const plan = { groupBy: ["g", "h"], totals: [["g"], ["h"], []], select: [UNITS, SUM] };
  assert.deepEqual(release(PEOPLE, plan), [
    ["a", false, 0, 3n, 30n],
    ["a", true, 0, 3n, 30n],
    ["a", null, 1, 6n, 60n],
    ["b", false, 0, 3n, 30n],
    ["b", true, 0, 3n, 30n],
    ["b", null, 1, 6n, 60n],
    [null, false, 2, 6n, 60n],
    [null, true, 2, 6n, 60n],
    [null, null, 3, 12n, 120n],
  ]);
  const ordered = { ...plan, orderBy: [{ column: "grouping", direction: "desc" }], limit: 2 } as const;
  assert.deepEqual(
    release(PEOPLE, ordered).map((row) => row[2]),
    [3, 2],
  );
});

test("names the columns of a result with totals, and their types: keys, SQL's grouping id, figures", () => {
  const plan = planOf({ groupBy: ["g", "h"], totals: [[]], select: [UNITS] });
  assert.deepEqual(runAggregate(plan, manifestOf(PEOPLE, RULES), PEOPLE).columns, [
    { name: "g", type: { kind: "utf8" } },
    { name: "h", type: { kind: "bool" } },
    { name: "grouping", type: { kind: "int", bits: 32, signed: true } },
    { name: "units", type: { kind: "int", bits: 64, signed: true } },
  ]);
});

test("tells the total from a group whose key is null", () => {
  const rows = [...unitsIn(null, 3, 0), ...unitsIn("a", 4, 10)];
  assert.deepEqual(release(peopleOf(rows), { groupBy: ["g"], totals: [[]], select: [UNITS] }), [
    ["a", 0, 4n],
    [null, 0, 3n],
    [null, 1, 7n],
  ]);
});

test("counts and clips a unit once in a total, in however many groups it is", () => {
  const rows = [0, 1, 2].flatMap((unit): Row[] => ["a", "b"].map((g) => [unit, g, 80] as const));
  assert.deepEqual(release(peopleOf(rows), { groupBy: ["g"], totals: [[]], select: [UNITS, SUM] }), [
    ["a", 0, 3n, 240n],
    ["b", 0, 3n, 240n],
    [null, 1, 3n, 300n],
  ]);
});

test("leaves no group that is its total less the others, listed or not", () => {
  const rows = [...unitsIn("a", 9, 0), ...unitsIn("b", 2, 100), ...unitsIn("c", 5, 200)];
  const plan = { groupBy: ["g"], totals: [[]], select: [UNITS] };
  assert.deepEqual(release(peopleOf(rows), plan), [
    ["a", 0, 9n],
    [null, 1, 16n],
  ]);
  assert.deepEqual(release(peopleOf(rows), plan, { groupKeys: { g: ["a", "b", "c", "d"] } }), [
    ["a", 0, 9n],
    ["b", 0, null],
    ["c", 0, null],
    ["d", 0, null],
    [null, 1, 16n],
  ]);
});

test("withholds a second sum beside a dominated one, and no count for it", () => {
  const heavy: Row[] = [
    [0, "a", 100],
    [1, "a", 1],
    [2, "a", 1],
  ];
  const rows = [...heavy, ...unitsIn("b", 50, 10, 50), ...unitsIn("c", 60, 100, 60)];
  const plan = { groupBy: ["g"], totals: [[]], select: [UNITS, SUM] };
  const rules = { maxShare: 0.9 };
  assert.deepEqual(release(peopleOf(rows), plan, rules), [
    ["a", 0, 3n, null],
    ["b", 0, 50n, null],
    ["c", 0, 60n, 3600n],
    [null, 1, 113n, 6202n],
  ]);
  const alone = { ...plan, totals: [] };
  assert.deepEqual(release(peopleOf(rows), alone, rules)[0], ["a", 3n, null]);
  assert.deepEqual(release(peopleOf(rows), alone, { maxShare: 1 })[0], ["a", 3n, 102n]);
});

test("lists declared keys and their totals with nulls where nothing is shown", () => {
  const plan = { groupBy: ["g", "h"], totals: [["g"], []], select: [UNITS] };
  assert.deepEqual(release(crossed([]), plan, { groupKeys: { g: ["a", "b"], h: [true] } }), [
    ["a", true, 0, null],
    ["a", null, 1, null],
    ["b", true, 0, null],
    ["b", null, 1, null],
    [null, null, 3, null],
  ]);
});

test("asks nothing of counts that are not released", () => {
  const rows = [...unitsIn("a", 9, 0), ...unitsIn("b", 2, 100), ...unitsIn("c", 5, 200)];
  const plan = { groupBy: ["g"], totals: [[]] };
  // So wide an interval of units takes their total; without them only c is hidden, beside b.
  const rules = { interval: 10 };
  assert.deepEqual(release(peopleOf(rows), { ...plan, select: [SUM, UNITS] }, rules), [
    ["a", 0, 9n, 9n],
    ["c", 0, 5n, 5n],
  ]);
  assert.deepEqual(release(peopleOf(rows), { ...plan, select: [SUM] }, rules), [
    ["a", 0, 9n],
    [null, 1, null],
  ]);
});

test("counts totals and declared keys against the cap on groups", () => {
  const plan = { groupBy: ["g"], totals: [[]], select: [UNITS] };
  const table = peopleOf([...unitsIn("a", 4, 0), ...unitsIn("b", 5, 10)]);
  assert.equal(release(table, plan, { maxGroups: 3 }).length, 3);
  assertRefused("GATE_GROUPS", {}, () => release(table, plan, { maxGroups: 2 }));
  const groupKeys = { g: ["c", "d"] };
  assertRefused("PLAN_GROUP_KEYS", { maxGroups: 2 }, () => release(table, plan, { maxGroups: 2, groupKeys }));
  assertRefused("GATE_GROUPS", {}, () => release(table, plan, { maxGroups: 4, groupKeys }));
  assert.equal(release(table, plan, { maxGroups: 5, groupKeys }).length, 5);
});

test("pads a result for the most that rules and plan allow, totals, names and bad rows too", () => {
  const select = [UNITS, SUM, { as: "x".repeat(200), op: "max", column: "x" } as const];
  for (const totals of [[], [[]]]) {
    const plan = planOf({ groupBy: ["g"], totals, select });
    const rules = { ...RULES, maxGroups: 60, extremes: ["x"] };
    const rows = Array.from({ length: 58 }, (_, at) =>
      unitsIn(`${"k".repeat(29)}${at}`, 3, 10 * at, 1),
    ).flat();
    const table = peopleOf(rows);
    const manifest = manifestOf(table, rules);
    const most = mostTableBytes(compileAggregate(plan, manifest));
    assert.ok(encodeResult(runAggregate(plan, manifest, table)).length <= most);
    // It does not depend on which keys are declared: they are within the cap.
    const declared = manifestOf(table, { ...rules, groupKeys: { g: ["a", "b"] } });
    assert.equal(mostTableBytes(compileAggregate(plan, declared)), most);
  }
});

test("gives spreads in the column's own unit, and none of a single row", () => {
  const spread = [
    { as: "var", op: "var", column: "x" },
    { as: "stddev", op: "stddev", column: "x" },
  ] as const;
  const values = [100n, 200n, 300n];
  const rows = values.map((x, unit): Row => [unit, "a", x]);
  const table = peopleOf(rows, { x: "decimal(8,2)" });
  assert.deepEqual(release(table, { groupBy: ["g"], select: spread }), [["a", 1, 1]]);
});

test("rounds a variance by its sum of squares, and withholds one that rounding would be most of", () => {
  const plan = { groupBy: ["g"], select: [{ as: "var", op: "var", column: "x" }] } as const;
  const varianceOf = (values: readonly number[], rounding: Rules["rounding"]): Cell | undefined =>
    release(peopleOf(values.map((x, unit): Row => [unit, "a", x])), plan, { rounding })[0]?.[1];
  // The bounds are 0 and 100: with sums to 1 the step is 100, with counts to 4 it is 40,000.
  assert.equal(varianceOf([0, 49, 100], { counts: null, sums: { x: 1 } }), 2500);
  assert.equal(varianceOf([0, 49, 100], { counts: 4, sums: {} }), null);
  assert.equal(varianceOf([40, 50, 60], { counts: null, sums: { x: 1 } }), null);
  assert.equal(varianceOf([40, 50, 60], { counts: null, sums: {} }), 100);
});

test("rounds sums of decimals, floats and negatives to multiples of the column's own unit", () => {
  const sumOf = (type: string, cells: readonly Cell[], step: number): Cell =>
    release(
      peopleOf(
        cells.map((x, unit): Row => [unit, "a", x]),
        { x: type },
      ),
      { select: [SUM] },
      { rounding: { counts: null, sums: { x: step } }, bounds: { x: { lower: -1000, upper: 1000 } } },
    )[0]?.[0] ?? null;
  assert.equal(sumOf("decimal(8,2)", [100n, 110n, 120n], 0.5), 350n);
  assert.equal(sumOf("decimal(8,2)", [-100n, -110n, -115n], 0.5), -350n);
  assert.equal(sumOf("int64", [-2n, -2n, -1n], 10), -10n);
  assert.equal(sumOf("int64", [2n, 2n, 0n], 10), 0n);
  assert.equal(sumOf("float64", [0.5, 0.25, 0.5], 0.5), 1.5);
  assert.equal(sumOf("float64", [-0.1, 0, 0], 0.5), 0);
});

test("leaves nothing of a total that is of fewer than k units, in however many groups they are", () => {
  // Two people in six groups of two, which a total would tell together.
  const two = ["c", "d", "e", "f", "g", "h"].flatMap((g): Row[] => [
    [900, g, 40],
    [901, g, 40],
  ]);
  const rows = [...unitsIn("a", 9, 0, 5), ...unitsIn("b", 5, 20, 5)];
  const byUnit = [...two].toSorted((a, b) => a[0] - b[0]);
  const plan = { groupBy: ["g"], totals: [[]], select: [SUM] };
  assert.deepEqual(release(peopleOf([...rows, ...byUnit]), plan), [
    ["a", 0, 45n],
    [null, 1, 270n],
  ]);
  // Each is clipped once in the total: with the smallest of the others they are five and two people.
  assert.deepEqual(release(peopleOf(rows), plan).length, 3);
});

test("leaves nothing of a total that is one unit's for the most part", () => {
  const rows = [
    ...unitsIn("a", 9, 0, 5),
    ...unitsIn("b", 4, 20, 5),
    ...unitsIn("c", 1, 40, 100),
    ...unitsIn("d", 2, 50, 1),
  ];
  const plan = { groupBy: ["g"], totals: [[]], select: [SUM] };
  const bounds = { x: { lower: -100, upper: 100 } };
  const groups = (maxShare: number | null): readonly Cell[] =>
    release(peopleOf(rows), plan, { bounds, maxShare, interval: 1 })
      .filter(([, , sum]) => sum !== null)
      .map(([g]) => g ?? null);
  assert.deepEqual(groups(null), ["a", null]);
  // With b's 20 and d's 2, c's 100 are 82 % of what is left; with a's 45 besides they are the total's 60 %.
  assert.deepEqual(groups(0.8), [null]);
});

test("shows no total that tells of few units that they are in several groups", () => {
  const groups = (twice: number): number => {
    const rows: Row[] = [];
    for (let unit = 0; unit < 12; unit += 1) {
      if (unit < 6 + twice) rows.push([unit, "a", 5]);
      if (unit >= 6) rows.push([unit, "b", 5]);
    }
    return release(peopleOf(rows), { groupBy: ["g"], totals: [[]], select: [UNITS] }).length;
  };
  assert.deepEqual([0, 1, 2, 3, 4].map(groups), [3, 1, 1, 3, 3]);
});

test("takes the longest that is said of bad rows for the longest", () => {
  for (const share of ["not told", "none or few", "up to 1%", "up to 10%", "more than 10%"]) {
    assert.ok(share.length <= LONGEST_SHARE.length, share);
  }
});

test("says of bad rows only how large a share they are, and nothing where the rows are not shown as one group", () => {
  const badRows = (bad: number, good: number, minUnits = 3, plan: Partial<AggregatePlan> = {}): unknown => {
    const rows = [...unitsIn("a", good, 0, 1), ...unitsIn("a", bad, 10_000, NaN)];
    const table = peopleOf(rows, { x: "float64" });
    const manifest = manifestOf(table, { ...RULES, minUnits });
    const bytes = encodeResult(runAggregate(planOf({ select: [SUM], ...plan }), manifest, table));
    return readBadRows(bytes)["x"];
  };
  assert.equal(badRows(0, 500), "none or few");
  assert.equal(badRows(2, 10), "none or few");
  assert.equal(badRows(3, 500), "up to 1%");
  assert.equal(badRows(10, 990), "up to 1%");
  assert.equal(badRows(50, 500), "up to 10%");
  assert.equal(badRows(100, 900), "up to 10%");
  assert.equal(badRows(100, 500), "more than 10%");
  assert.equal(badRows(100, 500, 1000), "not told");
  // Of the rows of groups that are withheld nothing is said, so nothing is said of all.
  assert.equal(badRows(100, 500, 3, { groupBy: ["g"] }), "not told");
  assert.equal(badRows(100, 500, 3, { groupBy: ["g"], totals: [[]] }), "more than 10%");
  const counted = runAggregate(planOf({ select: [UNITS] }), manifestOf(PEOPLE, RULES), PEOPLE);
  assert.deepEqual(readBadRows(encodeResult(counted)), {});
});
