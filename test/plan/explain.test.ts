// What `explain` says of a plan before it runs: every refusal with the rule to ask for, and every column's part.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explainJob } from "../../host-driver/explain.ts";
import type { Explanation, Refusal } from "../../host-driver/explain.ts";
import { exampleManifest, NOW } from "../manifest/example.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import { analyst, compile, JOB, owner } from "./example.ts";

async function explain(text: string, rules: Partial<Rules> = {}): Promise<Explanation["inputs"][number]> {
  const example = exampleManifest(analyst.publicKey);
  const manifest = { ...example, rules: { ...example.rules, adhoc: true, ...rules } };
  const verified = { manifest, digest: "77".repeat(48), owner: owner.thumbprint };
  const location = { bucket: "b", prefix: "p/" };
  const datasets = [{ verified, location, jws: new Uint8Array() }];
  const [input] = (await explainJob({ plan: await compile(text), datasets } as never, [], NOW)).inputs;
  assert.ok(input !== undefined);
  return input;
}

test("says of every column what it is and whether the job uses it", async () => {
  const { columns, verdict, release } = await explain(JOB);
  assert.ok(verdict.allowed);
  assert.deepEqual(
    columns.map(({ name }) => name),
    exampleManifest(analyst.publicKey).schema.map(({ name }) => name),
  );
  const used = columns.filter(({ uses }) => uses.length > 0).map(({ name, uses }) => [name, ...uses]);
  assert.deepEqual(used, [
    ["city", "group by", "where"],
    ["urgent", "where"],
    ["ward", "where"],
    ["admitted", "where"],
    ["cost", "sum"],
    ["minutes", "count", "avg"],
  ]);
  assert.deepEqual(release?.rounding, { counts: null, sums: { cost: 0.5 } });
  assert.equal(release.maxShare, 0.8);
});

test("says all that is refused at once, first what the enclave would say, and which rule would allow it", async () => {
  const text = JOB.replace(
    "  - { sum: cost, as: total }\n",
    "  - { sum: unbounded, as: total }\n  - { max: cost }\n",
  ).replace("group_by: [city]", "group_by: [city, ssn]");
  const { verdict, release } = await explain(`${text}release: clear\n`, { adhoc: false });
  assert.ok(!verdict.allowed);
  assert.equal(release, null);
  const said = verdict.refusals.map(({ code, remedy }) => [code, remedy?.file, remedy?.rule]);
  assert.deepEqual(said, [
    ["PLAN_ROLE", "schema", "role"],
    ["PLAN_BOUNDS", "rules", "bounds"],
    ["PLAN_EXTREMES", "rules", "extremes"],
    ["RULES_RELEASE", "rules", "release"],
  ]);
  const allows = verdict.refusals.map(({ remedy }) => remedy?.allows.join(" "));
  assert.match(allows[1] ?? "", /bounds: \{ unbounded: /);
  assert.equal(allows[2], "extremes: [minutes, cost]");
  assert.equal(allows[3], "release: clear");
});

test("names the plan's digest to list, and the recipient to name", async () => {
  const { digest } = await compile(JOB);
  const adhoc = (await explain(JOB, { adhoc: false })).verdict;
  assert.ok(!adhoc.allowed);
  assert.equal(adhoc.refusals[0].code, "RULES_ADHOC");
  assert.ok(adhoc.refusals[0].remedy?.allows.some((way) => way.startsWith(`plans: [${digest}]`)));
  const stranger = (await explain(JOB, { recipients: [] })).verdict;
  assert.ok(!stranger.allowed);
  assert.equal(stranger.refusals[0].remedy?.rule, "recipients");
  assert.ok(stranger.refusals[0].remedy.now.includes(analyst.thumbprint));
  // What is asked for is what allows it.
  assert.ok((await explain(JOB, { adhoc: false, plans: [digest] })).verdict.allowed);
});

test("finds that declared keys alone are more rows than may be, and names the cap", async () => {
  const { verdict } = await explain(JOB, { maxGroups: 1 });
  assert.ok(!verdict.allowed);
  assert.deepEqual(
    [verdict.refusals[0].code, verdict.refusals[0].remedy?.rule],
    ["PLAN_GROUP_KEYS", "max_groups"],
  );
});

test("has no rule to ask for where the job itself is wrong", async () => {
  const { verdict } = await explain(JOB.replace("sum: cost", "sum: costs"));
  assert.ok(!verdict.allowed);
  assert.deepEqual(
    verdict.refusals.map(({ code, remedy }) => [code, remedy]),
    [["PLAN_COLUMN", null]],
  );
});

async function refusalsOf(text: string): Promise<readonly Refusal[]> {
  const { verdict } = await explain(text);
  assert.ok(!verdict.allowed);
  return verdict.refusals;
}

test("never advises another role for who is protected, or for what tells who that is", async () => {
  for (const column of ["patient", "ssn"]) {
    const uses = [
      JOB.replace("group_by: [city]", `group_by: [${column}]`).replace("  - city\n", ""),
      JOB.replace("column: city, in: [Ulm, Bern]", `column: ${column}, is_null: true`),
      JOB.replace("sum: cost", `sum: ${column}`),
      JOB.replace("count: minutes", `count: ${column}`),
    ];
    for (const use of uses) {
      const [refusal, ...others] = await refusalsOf(use);
      assert.deepEqual(others, []);
      assert.equal(refusal?.code, "PLAN_ROLE");
      assert.deepEqual(refusal.remedy?.allows, []);
      assert.match(refusal.remedy.now, /never released, filtered or grouped/);
      assert.equal((refusal.remedy.instead ?? "").includes("count_units"), column === "patient");
    }
  }
});

test("says of a column whose type has no sum that no role gives it one", async () => {
  for (const [column, code] of [
    ["note", "PLAN_TYPE"],
    ["city", "PLAN_ROLE"],
    ["diagnosis", "PLAN_ROLE"],
  ]) {
    const text = JOB.replace("sum: cost", `sum: ${column ?? ""}`).replace(
      "avg: minutes",
      `avg: ${column ?? ""}`,
    );
    const refusals = await refusalsOf(text);
    assert.deepEqual(
      refusals.map((refusal) => [refusal.code, refusal.remedy?.rule, refusal.remedy?.allows]),
      [[code, "type", []]],
      column,
    );
  }
});

test("advises no role that would break another part of the same job", async () => {
  const [measure] = await refusalsOf(
    JOB.replace("column: city, in: [Ulm, Bern]", "column: cost, is_null: true"),
  );
  assert.deepEqual([measure?.code, measure?.remedy?.allows], ["PLAN_ROLE", []]);
  assert.match(measure?.remedy?.now ?? "", /neither filtered nor grouped/);
  const [filtered] = await refusalsOf(JOB.replace("sum: cost", "sum: ward"));
  assert.match(filtered?.remedy?.allows.join() ?? "", /^a copy of ward .* role measure/);
  const [unused] = await refusalsOf(JOB.replace("sum: cost", "sum: price"));
  assert.match(unused?.remedy?.allows.join() ?? "", /^price: \{ role: measure \}/);
});

test("says once that a column has no bounds, or no extremes, however often it is used", async () => {
  const unbounded = JOB.replace("sum: cost", "sum: unbounded").replace("avg: minutes", "avg: unbounded");
  assert.deepEqual(
    (await refusalsOf(unbounded)).map(({ code, details }) => [code, details["column"], details["use"]]),
    [["PLAN_BOUNDS", "unbounded", "sum"]],
  );
  const extremes = JOB.replace("sum: cost", "min: cost").replace("avg: minutes", "max: cost");
  assert.deepEqual(
    (await refusalsOf(extremes)).map(({ code }) => code),
    ["PLAN_EXTREMES"],
  );
});
