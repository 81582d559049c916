// What the gate lets out, by the smallest tables that show each rule.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { encodeResult } from "../../jobs/aggregate/result.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { assertRefused } from "./refusal.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";

const ALL = {
  groupBy: ["g"],
  select: [
    { as: "rows", op: "count" },
    { as: "units", op: "count_units" },
    { as: "present", op: "count", column: "x" },
    { as: "sum", op: "sum", column: "x" },
    { as: "avg", op: "avg", column: "x" },
  ],
} as const satisfies Partial<AggregatePlan>;
const RULES = { minUnits: 3, bounds: { x: { lower: -10, upper: 10 } } } as const satisfies Partial<Rules>;

function release(
  rows: readonly Row[],
  plan: Partial<AggregatePlan> = ALL,
  rules: Partial<Rules> = {},
): (readonly Cell[])[] {
  const table = peopleOf(rows);
  return [...runAggregate(planOf(plan), manifestOf(table, { ...RULES, ...rules }), table).rows];
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) =>
    permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]),
  );
}

function releasedBytes(
  rows: readonly Row[],
  plan: Partial<AggregatePlan>,
  rules: Partial<Rules> = {},
): Buffer {
  const table = peopleOf(rows);
  return Buffer.from(
    encodeResult(runAggregate(planOf(plan), manifestOf(table, { ...RULES, ...rules }), table)),
  );
}

test("suppresses a group of k - 1 units and shows those of k and k + 1", () => {
  const rows = [...unitsIn("less", 2, 0), ...unitsIn("same", 3, 10), ...unitsIn("more", 4, 20)];
  assert.deepEqual(release(rows), [
    ["more", 4n, 4n, 4n, 4n, 1],
    ["same", 3n, 3n, 3n, 3n, 1],
  ]);
});

test("suppresses many rows of few units: k counts distinct units", () => {
  const rows: Row[] = [];
  for (const unit of [1, 2]) for (let row = 0; row < 1000; row += 1) rows.push([unit, "a", 1]);
  assert.deepEqual(release(rows), []);
});

test("counts a unit once in a group, however its rows alternate between groups", () => {
  const rows: Row[] = [];
  for (const unit of [1, 2, 3]) for (const group of ["a", "b", "a", "b", "a"]) rows.push([unit, group, 1]);
  assert.deepEqual(release(rows), [
    ["a", 9n, 3n, 9n, 9n, 1],
    ["b", 6n, 3n, 6n, 6n, 1],
  ]);
});

test("tells units apart whose first row the filter drops", () => {
  const rows: Row[] = [];
  for (const unit of [1, 2, 3]) rows.push([unit, "drop", 1], [unit, "keep", 1]);
  const where = { column: "g", op: "=", value: "keep" } as const;
  assert.deepEqual(release(rows, { ...ALL, where }), [["keep", 3n, 3n, 3n, 3n, 1]]);
});

test("counts only units that have a passing row", () => {
  const rows = [...unitsIn("keep", 2, 0), ...unitsIn("drop", 5, 10)];
  const where = { column: "g", op: "=", value: "keep" } as const;
  assert.deepEqual(release(rows, { ...ALL, groupBy: [], where }), [[null, null, null, null, null]]);
});

test("gives null for an aggregate over a column in which fewer than k units have a value", () => {
  const rows = [...unitsIn("a", 2, 0, 5), [1, "a", 5], ...unitsIn("a", 3, 10, null)] as Row[];
  assert.deepEqual(release(rows), [["a", 6n, 5n, null, null, null]]);
  const enough = [...rows, ...unitsIn("a", 1, 20, 5)];
  assert.deepEqual(release(enough), [["a", 7n, 6n, 4n, 20n, 5]]);
});

test("withholds a column's count where it tells of fewer than k units that one of their rows has no value", () => {
  const present = unitsIn("a", 5, 0, 5);
  const missing = (units: number): Row[] => unitsIn("a", units, 10, null);
  const without = (...ops: string[]): Partial<AggregatePlan> => ({
    ...ALL,
    select: ALL.select.filter(({ as }) => !ops.includes(as)),
  });
  assert.deepEqual(release(present), [["a", 5n, 5n, 5n, 25n, 5]]);
  assert.deepEqual(release([...present, ...missing(1)]), [["a", 6n, 6n, null, 25n, null]]);
  assert.deepEqual(release([...present, ...missing(2)]), [["a", 7n, 7n, null, 25n, null]]);
  assert.deepEqual(release([...present, ...missing(3)]), [["a", 8n, 8n, 5n, 25n, 5]]);
  // Many rows of one unit are one unit, and units that have a value elsewhere count.
  const one = Array.from({ length: 9 }, (): Row => [30, "a", null]);
  assert.deepEqual(release([...present, ...one]), [["a", 14n, 6n, null, 25n, null]]);
  const both = [0, 1, 2].flatMap((unit): Row[] => [
    [unit, "a", 5],
    [unit, "a", null],
  ]);
  assert.deepEqual(release(both), [["a", 6n, 3n, 3n, 15n, 5]]);
  // Whoever knows the rows, from here or from elsewhere, has the count out of an average; a sum alone tells nothing.
  const few = [...present, ...missing(1)];
  assert.deepEqual(release(few, without("present")), [["a", 6n, 6n, 25n, null]]);
  assert.deepEqual(release(few, without("present", "sum")), [["a", 6n, 6n, null]]);
  assert.deepEqual(release(few, without("present", "avg")), [["a", 6n, 6n, 25n]]);
  assert.deepEqual(release(few, without("rows")), [["a", 6n, null, 25n, null]]);
  // Rounded this coarsely, the two counts tell nothing of so few.
  const rounding = { counts: 3, sums: {} };
  assert.deepEqual(release(few, ALL, { rounding }), [["a", 6n, 6n, 6n, 25n, 25 / 6]]);
});

test("lists the one group of an ungrouped job with nulls when it is too small, and when there are no rows", () => {
  const nulls = [[null, null, null, null, null]];
  assert.deepEqual(release(unitsIn("a", 2, 0), { ...ALL, groupBy: [] }), nulls);
  assert.deepEqual(release([], { ...ALL, groupBy: [] }), nulls);
});

test("makes null a group of its own, listed last", () => {
  assert.deepEqual(
    release([...unitsIn(null, 3, 0), ...unitsIn("a", 3, 10)]).map(([key]) => key),
    ["a", null],
  );
});

test("releases identical bytes for data that differ only in suppressed groups", () => {
  const smallGroup = fc.tuple(
    fc.string({ minLength: 1, maxLength: 4 }),
    fc.integer({ min: 0, max: 2 }),
    fc.integer(),
  );
  const small = fc.uniqueArray(smallGroup, { selector: ([name]) => name, maxLength: 20 });
  const plans: Partial<AggregatePlan>[] = [
    ALL,
    { ...ALL, orderBy: [{ column: "sum", direction: "desc" }], limit: 3 },
    { ...ALL, orderBy: [{ column: "g", direction: "desc" }], limit: 1 },
  ];
  const large = ["a", "b", "c", "d"].flatMap((name, at) => unitsIn(`large ${name}`, 3 + at, at * 100, at));
  fc.assert(
    fc.property(small, fc.constantFrom(...plans), fc.boolean(), (groups, plan, isFirst) => {
      const extra = groups.flatMap(([name, units, value], at) =>
        unitsIn(name, units, 1000 + 10 * at, value % 2 ** 31),
      );
      const rows = isFirst ? [...extra, ...large] : [...large, ...extra];
      assert.ok(releasedBytes(rows, plan).equals(releasedBytes(large, plan)));
    }),
    { numRuns: 200 },
  );
});

test("lists declared keys alike whether they are empty or suppressed", () => {
  const groupKeys = { g: ["few", "none", "many"] };
  const many = unitsIn("many", 3, 100, 2);
  const empty = releasedBytes(many, ALL, { groupKeys });
  for (const few of [0, 1, 2]) {
    assert.ok(releasedBytes([...unitsIn("few", few, 0), ...many], ALL, { groupKeys }).equals(empty));
  }
  assert.deepEqual(release([...unitsIn("few", 2, 0), ...many], ALL, { groupKeys }), [
    ["few", null, null, null, null, null],
    ["many", 3n, 3n, 3n, 6n, 2],
    ["none", null, null, null, null, null],
  ]);
});

test("shows a large group beside the declared keys, and hides a small one", () => {
  const rows = [...unitsIn("other", 3, 0), ...unitsIn("small", 2, 10)];
  assert.deepEqual(
    release(rows, ALL, { groupKeys: { g: ["declared"] } }).map(([key]) => key),
    ["declared", "other"],
  );
});

test("lists the cross product of declared keys only where every group column declares some", () => {
  const people = peopleOf(unitsIn("a", 3, 0));
  const flags = { name: "f", type: "bool", role: "dimension", cells: [true, true, true] } as const;
  const table = { ...people, columns: [...people.columns, flags] };
  const plan = planOf({ groupBy: ["g", "f"] });
  const keys = (groupKeys: Rules["groupKeys"]): readonly (readonly Cell[])[] =>
    runAggregate(plan, manifestOf(table, { ...RULES, groupKeys }), table).rows;
  assert.deepEqual(keys({ g: ["a", "b"] }), [["a", true, 3n]]);
  assert.deepEqual(keys({ g: ["b", "a"], f: [true, false] }), [
    ["a", false, null],
    ["a", true, 3n],
    ["b", false, null],
    ["b", true, null],
  ]);
});

test("refuses, before any data is read, declared keys whose product is over the cap on groups", () => {
  const table = peopleOf([]);
  const rules = { ...RULES, groupKeys: { g: ["a", "b", "c"] }, maxGroups: 2 };
  assertRefused("PLAN_GROUP_KEYS", { maxGroups: 2 }, () =>
    runAggregate(planOf(ALL), manifestOf(table, rules), table),
  );
  assert.equal(
    runAggregate(planOf(ALL), manifestOf(table, { ...rules, maxGroups: 3 }), table).rows.length,
    3,
  );
});

test("breaks ties by the key, ascending, whichever way the order goes", () => {
  const rows = ["b", "a", "c"].flatMap((group, at) => unitsIn(group, 3, at * 10));
  for (const direction of ["asc", "desc"] as const) {
    const keys = release(rows, { ...ALL, orderBy: [{ column: "rows", direction }] }).map(([key]) => key);
    assert.deepEqual(keys, ["a", "b", "c"]);
  }
});

test("puts nulls last in either direction", () => {
  for (const [none, one, two] of permutations(["a", "b", "c"])) {
    const rows = [
      ...unitsIn(none ?? null, 3, 0, null),
      ...unitsIn(one ?? null, 3, 10, 1),
      ...unitsIn(two ?? null, 3, 20, 2),
    ];
    const keys = (direction: "asc" | "desc"): unknown[] =>
      release(rows, { ...ALL, orderBy: [{ column: "sum", direction }] }).map(([key]) => key);
    assert.deepEqual(keys("asc"), [one, two, none]);
    assert.deepEqual(keys("desc"), [two, one, none]);
  }
});

test("orders by the next column where the one before it ties", () => {
  const rows = [
    ...unitsIn("a", 3, 0, 1),
    ...unitsIn("b", 4, 10, 1),
    ...unitsIn("c", 3, 20, 2),
    ...unitsIn("d", 4, 30, 2),
  ];
  const orderBy = [
    { column: "rows", direction: "desc" },
    { column: "sum", direction: "desc" },
  ] as const;
  assert.deepEqual(
    release(rows, { ...ALL, orderBy }).map(([key]) => key),
    ["d", "b", "c", "a"],
  );
});

test("takes the limit after the order", () => {
  const rows = ["a", "b", "c"].flatMap((group, at) => unitsIn(group, 3 + at, at * 10));
  const plan = { ...ALL, orderBy: [{ column: "rows", direction: "desc" }], limit: 2 } as const;
  assert.deepEqual(
    release(rows, plan).map(([key]) => key),
    ["c", "b"],
  );
});

test("orders text by code point, not by UTF-16 unit", () => {
  const rows = ["\u{10000}", "\uffee", "z", ""].flatMap((group, at) => unitsIn(group, 3, at * 10));
  assert.deepEqual(
    release(rows).map(([key]) => key),
    ["", "z", "\uffee", "\u{10000}"],
  );
});

test("refuses more rows than the grant allows, and takes as many", () => {
  const table = peopleOf([...unitsIn("a", 3, 0), ...unitsIn("b", 3, 10)]);
  const run = (maxRows: number): unknown =>
    runAggregate(planOf(ALL), manifestOf(table, RULES), table, [[table.rows]], maxRows);
  assertRefused("GATE_ROWS", { maxRows: 1 }, () => run(1));
  assert.doesNotThrow(() => run(2));
});

test("puts no trace of a suppressed key among the released bytes", () => {
  const bytes = releasedBytes([...unitsIn("SUPPRESSED", 2, 0), ...unitsIn("shown", 3, 10)], ALL);
  assert.ok(bytes.includes("shown"));
  assert.ok(!bytes.includes("SUPPRESSED"));
});
