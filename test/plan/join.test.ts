// Plans that join two data sets: one spelling, columns named by their side, and keys that can be compared.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { checkPlan } from "../../core/plan/check.ts";
import type { CheckedPlan } from "../../core/plan/check.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import { compileJob } from "../../query/job.ts";
import { exampleManifest } from "../manifest/example.ts";
import { analyst, owner } from "./example.ts";

const SETS = `datasets:
  visits: { owner: ${owner.thumbprint} }
  people: { owner: ${analyst.thumbprint} }
recipient: analyst.jwk
`;
const JOIN = "join: { left: visits, right: people, on: { person: id, site: place } }\n";

async function planOf(text: string): Promise<AggregatePlan> {
  const { plan } = await compileJob(SETS + text, () => analyst.publicKey);
  assert.ok(plan.kind === "aggregate");
  return plan;
}

const digestOf = async (text: string): Promise<string> =>
  (await compileJob(SETS + text, () => analyst.publicKey)).digest;

function manifestOf(dataset: string, columns: readonly (readonly [string, string, string])[]): Manifest {
  const base = exampleManifest(analyst.publicKey);
  const schema = columns.map(([name, type, role]) => ({ name, type, role }) as Manifest["schema"][number]);
  const rules = { ...base.rules, groupKeys: {}, extremes: [], bounds: { cost: { lower: 0, upper: 9 } } };
  return { ...base, dataset, schema, rules: { ...rules, rounding: { counts: null, sums: {} } } };
}

const VISITS = manifestOf("visits", [
  ["person", "int32", "identifier"],
  ["site", "utf8", "dimension"],
  ["cost", "int32", "measure"],
]);
const PEOPLE = manifestOf("people", [
  ["id", "int64", "unit"],
  ["place", "utf8", "dimension"],
  ["site", "utf8", "dimension"],
  ["cost", "int32", "measure"],
]);

async function check(text: string, people: Manifest = PEOPLE): Promise<CheckedPlan> {
  return checkPlan(await planOf(text), [VISITS, people]);
}

test("the side of each data set is named, and the left one is the plan's first input", async () => {
  const { inputs, join } = await planOf(`${JOIN}select: [count]`);
  assert.deepEqual(
    inputs.map(({ dataset }) => dataset),
    ["visits", "people"],
  );
  assert.deepEqual(join, {
    kind: "inner",
    on: [
      { left: "person", right: "id" },
      { left: "site", right: "place" },
    ],
  });
  const turned = await planOf(
    "join: { left: people, right: visits, on: { id: person }, kind: left }\nselect: [count]",
  );
  assert.deepEqual(
    turned.inputs.map(({ dataset }) => dataset),
    ["people", "visits"],
  );
});

test("keys in another order are the same plan; another kind or another key is not", async () => {
  const same = JOIN.replace("person: id, site: place", "site: place, person: id");
  const digest = await digestOf(`${JOIN}select: [count]`);
  assert.equal(await digestOf(`${same}select: [count]`), digest);
  for (const other of [
    JOIN.replace(" }\n", ", kind: left }\n").replace("place }, kind", "place }, kind"),
    JOIN.replace(", site: place", ""),
  ]) {
    assert.notEqual(await digestOf(`${other}select: [count]`), digest);
  }
});

test("two data sets without a join, one with it, and a data set joined to itself are refused", async () => {
  const one = `datasets: { visits: { owner: ${owner.thumbprint} } }\nrecipient: analyst.jwk\n`;
  const jobs = [
    `${SETS}select: [count]`,
    `${one}${JOIN}select: [count]`,
    `${SETS}${JOIN.replace("right: people", "right: visits")}select: [count]`,
    `${SETS}${JOIN.replace("site: place", "site: id")}select: [count]`,
    `${SETS}${JOIN.replace("{ person: id, site: place }", "{}")}select: [count]`,
    `${SETS}${JOIN.replace("left: visits", "left: others")}select: [count]`,
  ];
  for (const job of jobs) {
    await assert.rejects(
      compileJob(job, () => analyst.publicKey),
      { code: "JOB_FIELD" },
      job,
    );
  }
});

test("what only one owner's units are looked at for is not asked of joined data sets", async () => {
  for (const figure of ["{ approx_quantile: left.cost, at: 0.5 }", "{ approx_distinct: left.site }"]) {
    await assert.rejects(planOf(`${JOIN}select: [${figure}]`), { code: "PLAN_FIELD" });
  }
});

test("columns are named by their side, and each is ruled by its own data set", async () => {
  const checked = await check(
    `${JOIN}group_by: [left.site, right.site]\nselect: [{ sum: right.cost }, { sum: left.cost }]`,
  );
  assert.deepEqual(
    checked.columns.map(({ name, ruled, input, slot }) => [name, ruled, input, slot]),
    [
      ["left.site", "site", 0, 0],
      ["left.cost", "cost", 0, 1],
      ["right.site", "site", 1, 2],
      ["right.cost", "cost", 1, 3],
    ],
  );
  await assert.rejects(check(`${JOIN}group_by: [site]\nselect: [count]`), { code: "PLAN_COLUMN" });
  const unbound = { ...PEOPLE, rules: { ...PEOPLE.rules, bounds: {} } };
  await assert.rejects(check(`${JOIN}select: [{ sum: right.cost }]`, unbound), { code: "PLAN_BOUNDS" });
  assert.ok(await check(`${JOIN}select: [{ sum: left.cost }]`, unbound));
});

test("a column has another name where the job gives it one, and the rules of the one that it is", async () => {
  const { groupBy, computed } = await check(
    `${JOIN}computed: { place: { same: right.site } }\ngroup_by: [place]\nselect: [count]`,
  );
  assert.deepEqual(computed, []);
  assert.deepEqual(
    groupBy.map(({ name, ruled, input }) => [name, ruled, input]),
    [["place", "site", 1]],
  );
  const named = `${JOIN}computed: { whose: { same: right.id } }\ngroup_by: [whose]\nselect: [count]`;
  await assert.rejects(check(named), { code: "PLAN_ROLE" });
});

test("of whom rows have met nothing is asked in a semi join", async () => {
  const semi = JOIN.replace("place } }", "place }, kind: semi }");
  assert.ok(await check(`${semi}group_by: [left.site]\nselect: [count]`));
  await assert.rejects(check(`${semi}group_by: [right.site]\nselect: [count]`), { code: "PLAN_COLUMN" });
});

test("keys are columns that name people or things, of types whose values are equal or not", async () => {
  const people = (type: string, role: string): Manifest =>
    manifestOf("people", [
      ["id", type, role],
      ["place", "utf8", "dimension"],
    ]);
  const ask = (type: string, role = "identifier"): Promise<CheckedPlan> =>
    check(`${JOIN}select: [count]`, people(type, role));
  for (const type of ["int8", "uint64", "int32"]) assert.ok(await ask(type));
  for (const role of ["unit", "identifier", "dimension"]) assert.ok(await ask("int32", role));
  for (const role of ["measure", "hidden"]) await assert.rejects(ask("int32", role), { code: "PLAN_ROLE" });
  for (const type of ["utf8", "float64", "bool", "date", "decimal(9,0)"]) {
    await assert.rejects(ask(type), { code: "PLAN_TYPE" }, type);
  }
});

test("a plan is not held against some of its inputs, nor against others", async () => {
  const plan = await planOf(`${JOIN}select: [count]`);
  assert.throws(() => checkPlan(plan, [PEOPLE, VISITS]), { code: "PLAN_INPUT" });
  assert.throws(() => checkPlan(plan, [VISITS]), /some of its inputs|two data sets|internal/);
});
