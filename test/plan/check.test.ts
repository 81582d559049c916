// A plan against a manifest: which columns may be used for what, and with which values.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { checkPlan } from "../../core/plan/check.ts";
import type { CheckedPlan } from "../../core/plan/check.ts";
import type { Aggregate, Predicate } from "../../core/plan/plan.ts";
import { exampleManifest } from "../manifest/example.ts";
import { assertThrows } from "../manifest/refusal.ts";
import { analyst, compile, JOB } from "./example.ts";

const manifest = exampleManifest(analyst.publicKey);
const { plan } = await compile(JOB);

const filtered = (where: Predicate): CheckedPlan => checkPlan({ ...plan, where }, [manifest]);
const selected = (select: readonly Aggregate[]): CheckedPlan =>
  checkPlan({ ...plan, select, orderBy: [] }, [manifest]);
const grouped = (...groupBy: string[]): CheckedPlan =>
  checkPlan({ ...plan, groupBy, orderBy: [] }, [manifest]);

test("resolves every name to a column, in the schema's order", () => {
  const checked = checkPlan(plan, [manifest]);
  assert.deepEqual(
    checked.columns.map(({ slot, name }) => [slot, name]),
    [
      [0, "city"],
      [1, "urgent"],
      [2, "ward"],
      [3, "admitted"],
      [4, "cost"],
      [5, "minutes"],
    ],
  );
  assert.deepEqual(
    checked.groupBy.map(({ slot }) => slot),
    [0],
  );
  assert.deepEqual(checked.select, [
    { as: "count", op: "count", column: null },
    { as: "count_units", op: "count_units" },
    { as: "timed", op: "count", column: checked.columns[5] },
    { as: "total", op: "sum", column: checked.columns[4], bounds: { lower: 0, upper: 99_999.99 } },
    { as: "avg_minutes", op: "avg", column: checked.columns[5], bounds: { lower: -60, upper: 6000 } },
  ]);
  const [city, urgent, ward, admitted] = checked.columns;
  assert.deepEqual(checked.where, {
    and: [
      {
        column: city,
        in: [
          { kind: "utf8", value: "Ulm" },
          { kind: "utf8", value: "Bern" },
        ],
      },
      { not: { column: urgent, op: "=", value: { kind: "bool", value: true } } },
      {
        or: [
          {
            column: admitted,
            between: [
              { kind: "integer", value: 20_454n },
              { kind: "integer", value: 20_634n },
            ],
          },
          { column: ward, isNull: true },
        ],
      },
    ],
  });
});

test("reads no column that the plan does not use", () => {
  const checked = checkPlan(
    { ...plan, where: null, groupBy: [], select: [{ as: "n", op: "count" }], orderBy: [] },
    [manifest],
  );
  assert.deepEqual(checked.columns, []);
  assert.equal(checked.where, null);
});

for (const [column, role] of [
  ["patient", "unit"],
  ["ssn", "identifier"],
  ["diagnosis", "hidden"],
] as const) {
  test(`lets no plan filter, group or aggregate by a column of role ${role} (A09)`, () => {
    const uses: readonly (() => unknown)[] = [
      () => filtered({ column, op: "=", value: "T" }),
      () => filtered({ column, in: ["T", "U"] }),
      () => filtered({ column, between: ["A", "Z"] }),
      () => filtered({ column, isNull: true }),
      () =>
        filtered({ not: { or: [{ column: "city", isNull: false }, { and: [{ column, isNull: false }] }] } }),
      () => grouped(column),
      () => grouped("city", column),
      () => selected([{ as: "n", op: "count", column }]),
      () => selected([{ as: "n", op: "sum", column }]),
      () => selected([{ as: "n", op: "avg", column }]),
    ];
    for (const use of uses) assert.equal(assertThrows(use, "PLAN_ROLE").details["role"], role);
  });
}

test("lets measures be aggregated only, and dimensions be counted but not summed", () => {
  assertThrows(() => filtered({ column: "cost", op: ">", value: 1 }), "PLAN_ROLE");
  assertThrows(() => grouped("cost"), "PLAN_ROLE");
  assertThrows(() => selected([{ as: "n", op: "sum", column: "ward" }]), "PLAN_ROLE");
  assertThrows(() => selected([{ as: "n", op: "avg", column: "price" }]), "PLAN_ROLE");
  assert.ok(
    selected([
      { as: "n", op: "count", column: "ward" },
      { as: "m", op: "count", column: "note" },
    ]),
  );
});

test("sums nothing that the rules give no bounds, or that is no number", () => {
  const error = assertThrows(() => selected([{ as: "n", op: "sum", column: "unbounded" }]), "PLAN_BOUNDS");
  assert.deepEqual({ ...error.details }, { column: "unbounded", use: "sum" });
  assertThrows(() => selected([{ as: "n", op: "avg", column: "unbounded" }]), "PLAN_BOUNDS");
  assertThrows(() => selected([{ as: "n", op: "sum", column: "note" }]), "PLAN_TYPE");
  assert.ok(selected([{ as: "n", op: "count", column: "unbounded" }]));
});

test("gives variances under the same bounds, and extremes of the columns that the rules list", () => {
  const [spread, least] = selected([
    { as: "spread", op: "stddev", column: "cost" },
    { as: "least", op: "min", column: "minutes" },
  ]).select;
  assert.ok(spread !== undefined && "bounds" in spread && spread.bounds.upper === 99_999.99);
  assert.ok(least !== undefined && !("bounds" in least));
  assertThrows(() => selected([{ as: "n", op: "var", column: "unbounded" }]), "PLAN_BOUNDS");
  assertThrows(() => selected([{ as: "n", op: "var", column: "ward" }]), "PLAN_ROLE");
  const error = assertThrows(() => selected([{ as: "n", op: "max", column: "cost" }]), "PLAN_EXTREMES");
  assert.deepEqual({ ...error.details }, { column: "cost", use: "max" });
  assertThrows(() => selected([{ as: "n", op: "min", column: "note" }]), "PLAN_TYPE");
  assertThrows(() => selected([{ as: "n", op: "min", column: "ward" }]), "PLAN_ROLE");
});

test("gives covariances where both columns are measures of numbers with bounds, in either order", () => {
  for (const [column, other] of [
    ["cost", "minutes"],
    ["minutes", "cost"],
  ] as const) {
    const [joint] = selected([{ as: "n", op: "covar", column, with: other }]).select;
    assert.ok(joint !== undefined && "with" in joint);
    assert.deepEqual([joint.column.name, joint.with.name], [column, other]);
    assert.equal([joint.bounds, joint.withBounds][column === "cost" ? 0 : 1]?.upper, 99_999.99);
  }
  const spoilt: readonly (readonly [string, ErrorCode])[] = [
    ["unbounded", "PLAN_BOUNDS"],
    ["ward", "PLAN_ROLE"],
    ["note", "PLAN_TYPE"],
    ["nowhere", "PLAN_COLUMN"],
  ];
  for (const [name, code] of spoilt) {
    assertThrows(() => selected([{ as: "n", op: "corr", column: "cost", with: name }]), code);
    assertThrows(() => selected([{ as: "n", op: "corr", column: name, with: "cost" }]), code);
  }
});

test("gives quantiles of measures by the edges that the owner declares, and of no other column", () => {
  const quantile = (column: string): Aggregate => ({ as: "q", op: "approx_quantile", column, at: 0.5 });
  const bins = { cost: [0, 100], ward: [1, 2] };
  const check = (column: string): CheckedPlan =>
    checkPlan({ ...plan, select: [quantile(column)], orderBy: [] }, [
      { ...manifest, rules: { ...manifest.rules, bins } },
    ]);
  const [asked] = check("cost").select;
  assert.ok(asked !== undefined && "edges" in asked);
  assert.deepEqual(asked.edges, [0, 100]);
  assertThrows(() => check("ward"), "PLAN_ROLE");
  assertThrows(() => check("minutes"), "PLAN_BINS");
  const error = assertThrows(() => selected([quantile("cost")]), "PLAN_BINS");
  assert.deepEqual({ ...error.details }, { column: "cost", use: "approx_quantile" });
});

test("counts distinct values of the columns that the owner names, measures or dimensions, and of no other", () => {
  const check = (column: string): CheckedPlan =>
    checkPlan({ ...plan, select: [{ as: "d", op: "approx_distinct", column }], orderBy: [] }, [
      { ...manifest, rules: { ...manifest.rules, distinct: { ward: 3, note: 1 } } },
    ]);
  for (const [name, perUnit] of [
    ["ward", 3],
    ["note", 1],
  ] as const) {
    const [counted] = check(name).select;
    assert.ok(counted !== undefined && "perUnit" in counted);
    assert.equal(counted.perUnit, perUnit);
  }
  const error = assertThrows(() => check("city"), "PLAN_DISTINCT");
  assert.deepEqual({ ...error.details }, { column: "city", use: "approx_distinct" });
  assertThrows(() => check("patient"), "PLAN_ROLE");
  assertThrows(() => check("toString"), "PLAN_COLUMN");
});

test("says of each total which group columns it keeps", () => {
  const groupBy = ["city", "ward"];
  const checked = checkPlan({ ...plan, groupBy, totals: [["city"], ["ward"], []], orderBy: [] }, [manifest]);
  assert.deepEqual(checked.totals, [[0], [1], []]);
});

test("finds no bounds in what Object has", () => {
  const schema = [...manifest.schema, { name: "valueOf", type: "int32", role: "measure" } as const];
  assertThrows(
    () =>
      checkPlan({ ...plan, select: [{ as: "n", op: "sum", column: "valueOf" }], orderBy: [] }, [
        { ...manifest, schema },
      ]),
    "PLAN_BOUNDS",
  );
});

test("says which column was probably meant", () => {
  const error = assertThrows(() => grouped("citty"), "PLAN_COLUMN");
  assert.deepEqual({ ...error.details }, { column: "citty", use: "group", nearest: "city" });
  assert.equal(assertThrows(() => grouped("ctiy"), "PLAN_COLUMN").details["nearest"], "city");
  assert.equal(
    assertThrows(() => filtered({ column: "xyzzy", isNull: true }), "PLAN_COLUMN").details["nearest"],
    undefined,
  );
  assertThrows(() => selected([{ as: "n", op: "count", column: "City" }]), "PLAN_COLUMN");
  assertThrows(() => grouped("toString"), "PLAN_COLUMN");
});

test("compares each column with values of its type only", () => {
  const good: readonly Predicate[] = [
    { column: "urgent", op: "!=", value: false },
    { column: "urgent", in: [true] },
    { column: "ward", between: [-32_768, 32_767] },
    { column: "serial", op: "<", value: "9007199254740993" },
    { column: "seen", op: ">=", value: "2026-01-01T00:00:00Z" },
    { column: "local", op: ">=", value: "2026-01-01T00:00:00" },
    { column: "price", op: "=", value: "12.50" },
    { column: "score", op: "<=", value: 1e30 },
    { column: "city", op: "<", value: "M" },
  ];
  for (const where of good) assert.ok(filtered(where), JSON.stringify(where));
  const bad: readonly (readonly [ErrorCode, Predicate])[] = [
    ["PLAN_TYPE", { column: "urgent", op: "<", value: true }],
    ["PLAN_TYPE", { column: "urgent", between: [false, true] }],
    ["PLAN_LITERAL", { column: "urgent", op: "=", value: 1 }],
    ["PLAN_LITERAL", { column: "ward", op: "=", value: "3" }],
    ["PLAN_LITERAL", { column: "ward", in: [1, 2.5] }],
    ["PLAN_LITERAL", { column: "ward", between: [0, 32_768] }],
    ["PLAN_LITERAL", { column: "seen", op: "=", value: "2026-01-01T00:00:00" }],
    ["PLAN_LITERAL", { column: "local", op: "=", value: "2026-01-01T00:00:00Z" }],
    ["PLAN_LITERAL", { column: "admitted", op: "=", value: "2026-02-30" }],
    ["PLAN_LITERAL", { column: "price", op: "=", value: 0.125 }],
    ["PLAN_LITERAL", { column: "score", op: "=", value: "NaN" }],
    ["PLAN_LITERAL", { column: "city", op: "=", value: 5 }],
  ];
  for (const [code, where] of bad) {
    const { details } = assertThrows(() => filtered(where), code, JSON.stringify(where));
    assert.equal(code === "PLAN_LITERAL", typeof details["expected"] === "string");
  }
});

test("groups by every type but floats", () => {
  assert.ok(grouped("city", "urgent", "ward", "serial", "admitted", "seen", "local", "price"));
  assertThrows(() => grouped("score"), "PLAN_TYPE");
});

test("refuses a manifest of another data set", () => {
  assertThrows(() => checkPlan(plan, [{ ...manifest, dataset: "patients" }]), "PLAN_INPUT");
});
