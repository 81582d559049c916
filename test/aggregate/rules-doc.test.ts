// The worked examples of docs/rules.md: each is run, and the document has to show the very table that came out.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { peopleOf, unitsIn } from "./people.ts";
import type { Row } from "./people.ts";
import { runAggregate } from "./run.ts";
import { manifestOf, planOf } from "./table.ts";

const text = await readFile(new URL("../../docs/rules.md", import.meta.url), "utf8");

const RULES: Partial<Rules> = {
  minUnits: 10,
  interval: 10,
  bounds: { cost: { lower: 0, upper: 50_000 } },
};
const COUNTS: AggregatePlan["select"] = [{ as: "patients", op: "count_units" }];
const TOTAL = { as: "total", op: "sum", column: "cost" } as const;

/** Nine patients beside others, of 100 each but for one who cost 9,000. */
const ONE_LARGE: readonly Row[] = [...unitsIn("north", 11, 0, 100), [11, "north", 9000]];

interface Example {
  readonly rows: readonly Row[];
  readonly plan: Partial<AggregatePlan>;
  readonly rules?: Partial<Rules>;
}

const WARDS: readonly Row[] = [
  ...unitsIn("north", 40, 0),
  ...unitsIn("west", 4, 100),
  ...unitsIn("east", 30, 200),
  ...unitsIn("south", 11, 300),
];

const EXAMPLES: Readonly<Record<string, Example>> = {
  "a group below the threshold is not there": {
    rows: [...unitsIn("north", 12, 0), ...unitsIn("west", 9, 100)],
    plan: { groupBy: ["ward"], select: COUNTS },
  },
  "a total is clipped": {
    rows: [...unitsIn("north", 11, 0, 100), [11, "north", 1_000_000]],
    plan: { groupBy: ["ward"], select: [...COUNTS, TOTAL] },
  },
  "a sum that is nearly one patient's": {
    rows: ONE_LARGE,
    plan: { groupBy: ["ward"], select: [...COUNTS, TOTAL, { as: "average", op: "avg", column: "cost" }] },
  },
  "the same sum withheld": {
    rows: ONE_LARGE,
    plan: { groupBy: ["ward"], select: [...COUNTS, TOTAL, { as: "average", op: "avg", column: "cost" }] },
    rules: { maxShare: 0.8 },
  },
  "one extreme is many patients', the other is one's": {
    rows: ONE_LARGE,
    plan: {
      groupBy: ["ward"],
      select: [
        { as: "least", op: "min", column: "cost" },
        { as: "most", op: "max", column: "cost" },
      ],
    },
    rules: { extremes: ["cost"] },
  },
  "exact figures": {
    rows: [...unitsIn("north", 12, 0, 103), ...unitsIn("west", 13, 100, 103)],
    plan: { groupBy: ["ward"], select: [...COUNTS, TOTAL, { as: "average", op: "avg", column: "cost" }] },
  },
  "rounded figures": {
    rows: [...unitsIn("north", 12, 0, 103), ...unitsIn("west", 13, 100, 103)],
    plan: { groupBy: ["ward"], select: [...COUNTS, TOTAL, { as: "average", op: "avg", column: "cost" }] },
    rules: { rounding: { counts: 5, sums: { cost: 500 } } },
  },
  "with a total, one more ward is left out": {
    rows: WARDS,
    plan: { groupBy: ["ward"], totals: [[]], select: COUNTS },
  },
  "with a wider interval, another": {
    rows: WARDS,
    plan: { groupBy: ["ward"], totals: [[]], select: COUNTS },
    rules: { interval: 30 },
  },
  "declared keys": {
    rows: [...unitsIn("north", 12, 0), ...unitsIn("west", 9, 100)],
    plan: { groupBy: ["ward"], select: COUNTS },
    rules: { groupKeys: { ward: ["east", "north", "west"] } },
  },
  "two patients without a value": {
    rows: [...unitsIn("north", 20, 0, 100), ...unitsIn("north", 2, 50, null)],
    plan: {
      groupBy: ["ward"],
      select: [{ as: "rows", op: "count" }, { as: "billed", op: "count", column: "cost" }, TOTAL],
    },
  },
};

function render({ rows, plan, rules = {} }: Example): string {
  const people = peopleOf(rows);
  const names = ["ward", "cost"];
  const table = {
    ...people,
    columns: people.columns.map((column, at) => ({ ...column, name: names[at] ?? "" })),
  };
  const released = runAggregate(planOf(plan), manifestOf(table, { ...RULES, ...rules }), table);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const shown = (cell: Cell): string => (cell === null ? "null" : String(cell));
  return [
    line(released.columns.map(({ name }) => name)),
    line(released.columns.map(() => "---")),
    ...released.rows.map((cells) => line(cells.map(shown))),
  ].join("\n");
}

for (const [name, example] of Object.entries(EXAMPLES)) {
  test(`docs/rules.md shows what comes out: ${name}`, () => {
    const table = render(example);
    assert.ok(text.includes(`\n${table}\n`), `not in docs/rules.md:\n${table}`);
  });
}
