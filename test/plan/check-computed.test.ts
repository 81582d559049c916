// Computed columns against a manifest: of which columns they may be made, what the owner has to have declared, and by
// which rules what comes out is bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rules } from "../../core/manifest/manifest.ts";
import type { Arithmetic } from "../../core/plan/arithmetic.ts";
import { arithmeticText } from "../../core/plan/arithmetic.ts";
import { checkPlan } from "../../core/plan/check.ts";
import type { CheckedPlan } from "../../core/plan/check.ts";
import type { Computation } from "../../core/plan/computed.ts";
import type { AggregatePlan, Aggregate } from "../../core/plan/plan.ts";
import { exampleManifest } from "../manifest/example.ts";
import { assertThrows } from "../manifest/refusal.ts";
import { analyst, compile, JOB } from "./example.ts";

const manifest = exampleManifest(analyst.publicKey);
const { plan } = await compile(JOB);
const NET: Arithmetic = { op: "-", of: ["cost", { op: "*", of: ["minutes", 0.5] }] };
const RULES: Partial<Rules> = {
  expressions: { net: NET },
  bounds: { net: { lower: 0, upper: 500.25 } },
  extremes: ["net"],
  bins: { cost: [0, 10.5], admitted: ["2026-01-01"] },
};

function check(
  computation: Computation | null,
  part: Partial<AggregatePlan> = {},
  rules: Partial<Rules> = RULES,
): CheckedPlan {
  const select: readonly Aggregate[] = [{ as: "rows", op: "count" }];
  const base = { ...plan, where: null, groupBy: [], totals: [], orderBy: [], select };
  const computed = computation === null ? {} : { computed: [{ as: "made", ...computation }] };
  return checkPlan({ ...base, ...computed, ...part }, [
    { ...manifest, rules: { ...manifest.rules, ...rules } },
  ]);
}

const summed = (column: string, op: "sum" | "min" = "sum"): { readonly select: readonly Aggregate[] } => ({
  select: [{ as: "n", op, column }],
});

test("arithmetic is what the owner declares, in any order of what is added or multiplied, under its own bounds", () => {
  for (const arithmetic of [NET, { op: "-", of: ["cost", { op: "*", of: [0.5, "minutes"] }] } as const]) {
    const { select, computed, columns } = check({ arithmetic }, summed("made"));
    const [sum] = select;
    assert.ok(sum !== undefined && "bounds" in sum);
    assert.deepEqual(sum.bounds, { lower: 0, upper: 500.25 });
    assert.equal(sum.column.ruled, "net");
    assert.deepEqual(sum.column.type, { kind: "decimal", precision: 38, scale: 2 });
    assert.deepEqual(
      columns.map(({ name }) => name),
      ["cost", "minutes"],
    );
    assert.equal(computed.length, 1);
  }
});

test("arithmetic that the owner does not declare is refused, and told what he declares", () => {
  for (const arithmetic of [
    { op: "-", of: [{ op: "*", of: ["minutes", 0.5] }, "cost"] },
    { op: "+", of: ["cost", 1] },
    { op: "/", of: [1, { op: "-", of: ["cost", 4711] }] },
  ] as const) {
    const { details } = assertThrows(() => check({ arithmetic }, summed("made")), "PLAN_EXPRESSION");
    assert.deepEqual(
      { ...details },
      { expression: arithmeticText(arithmetic), declared: "cost - minutes * 0.5" },
    );
    assertThrows(() => check({ arithmetic }, { select: [{ as: "n", op: "count" }] }), "PLAN_EXPRESSION");
    assertThrows(() => check({ arithmetic }, summed("made"), {}), "PLAN_EXPRESSION");
  }
});

test("an expression may be named as the rules name it", () => {
  const { select, columns } = check(null, summed("net", "min"));
  assert.equal(select[0]?.op, "min");
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["cost", "minutes"],
  );
  assertThrows(() => check(null, summed("net"), { ...RULES, bounds: {} }), "PLAN_BOUNDS");
  assertThrows(() => check(null, summed("net", "min"), { ...RULES, extremes: [] }), "PLAN_EXTREMES");
  assertThrows(() => check(null, { groupBy: ["net"] }), "PLAN_COLUMN");
  assertThrows(() => check(null, summed("nett")), "PLAN_COLUMN");
});

test("what is computed of numbers is a measure: neither filtered nor grouped", () => {
  const arithmetic = NET;
  assertThrows(() => check({ arithmetic }, { groupBy: ["made"] }), "PLAN_ROLE");
  assertThrows(() => check({ arithmetic }, { where: { column: "made", op: ">", value: 1 } }), "PLAN_ROLE");
});

test("no computed column is made of a unit, an identifier or a hidden column, nor of a measure but by bins", () => {
  for (const column of ["patient", "ssn", "diagnosis"]) {
    const when = { column, isNull: true };
    for (const computation of [
      { arithmetic: { op: "+", of: [column, "cost"] } },
      { part: "year", of: column },
      { truncate: "day", of: column },
      { bin: column },
      { cases: [{ when, then: 1 }], otherwise: null },
      { cases: [{ when: { not: { or: [when] } }, then: 1 }], otherwise: null },
    ] as const) {
      assertThrows(() => check(computation, { groupBy: ["made"] }), "PLAN_ROLE");
    }
  }
  const ofMeasure: Computation = {
    cases: [{ when: { column: "cost", op: ">", value: 1 }, then: 1 }],
    otherwise: null,
  };
  assertThrows(() => check(ofMeasure, { groupBy: ["made"] }), "PLAN_ROLE");
});

test("bins are of columns for which the owner declares edges, and are dimensions", () => {
  const { computed, groupBy } = check({ bin: "cost" }, { groupBy: ["made"] });
  assert.deepEqual(computed[0]?.computation, {
    kind: "bin",
    of: "cost",
    edges: [
      { kind: "integer", value: 0n },
      { kind: "integer", value: 1050n },
    ],
  });
  assert.deepEqual(groupBy[0]?.type, { kind: "int", bits: 32, signed: true });
  assertThrows(() => check({ bin: "minutes" }, { groupBy: ["made"] }), "PLAN_BINS");
  assertThrows(() => check({ bin: "cost" }, { groupBy: ["made"] }, {}), "PLAN_BINS");
  assertThrows(() => check({ bin: "made" }, { groupBy: ["made"] }), "PLAN_COLUMN");
  assertThrows(() => check({ bin: "cost" }, summed("made")), "PLAN_ROLE");
});

test("parts are of dates and times, and hours of times alone", () => {
  assert.ok(check({ part: "year", of: "admitted" }, { groupBy: ["made"] }));
  assert.deepEqual(check({ truncate: "month", of: "seen" }, { groupBy: ["made"] }).groupBy[0]?.type, {
    kind: "date",
  });
  const hour = check({ truncate: "hour", of: "local" }, { groupBy: ["made"] });
  assert.deepEqual(hour.groupBy[0]?.type, { kind: "timestamp", zone: null });
  assertThrows(() => check({ part: "hour", of: "admitted" }, { groupBy: ["made"] }), "PLAN_TYPE");
  assertThrows(() => check({ truncate: "hour", of: "admitted" }, { groupBy: ["made"] }), "PLAN_TYPE");
  assertThrows(() => check({ part: "year", of: "city" }, { groupBy: ["made"] }), "PLAN_TYPE");
});

test("values of cases are of one kind, and whole where they are numbers", () => {
  const when = { column: "ward", op: "=", value: 1 } as const;
  const cases = (then: string | number | boolean | null, otherwise: string | number | null): Computation => ({
    cases: [{ when, then }],
    otherwise,
  });
  assert.deepEqual(check(cases("a", null), { groupBy: ["made"] }).groupBy[0]?.type, { kind: "utf8" });
  assert.equal(check(cases(null, 4), { groupBy: ["made"] }).groupBy[0]?.type.kind, "int");
  for (const wrong of [cases("a", 1), cases(1.5, null), cases(true, "x"), cases(2 ** 53, 1)]) {
    assertThrows(() => check(wrong, { groupBy: ["made"] }), "PLAN_LITERAL");
  }
  const ofWrong: Computation = {
    cases: [{ when: { column: "ward", op: "=", value: "x" }, then: 1 }],
    otherwise: null,
  };
  assertThrows(() => check(ofWrong, { groupBy: ["made"] }), "PLAN_LITERAL");
});

test("a computed column has no name that the data set has", () => {
  const computed = [{ as: "City", bin: "cost" }] as const;
  const { details } = assertThrows(() => check(null, { computed, groupBy: ["City"] }), "PLAN_OUTPUT");
  assert.equal(details["output"], "City");
});
