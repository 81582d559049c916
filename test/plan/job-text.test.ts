// What people may write as a job, and what it compiles to.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { parseJob } from "../../core/plan/job-text.ts";
import type { AggregateJob } from "../../core/plan/job-text.ts";
import { compileJob } from "../../query/job.ts";
import { parsePlan, planDigest } from "../../core/plan/parse.ts";
import { altered, makeSigner } from "../manifest/example.ts";
import { assertRefused, assertThrows } from "../manifest/refusal.ts";
import { analyst, compile, JOB, jobValue, owner } from "./example.ts";

const edwards = await makeSigner("Ed25519");

function parseAggregate(text: string): AggregateJob {
  const job = parseJob(text);
  assert.ok(job.kind === "aggregate");
  return job;
}

test("compiles a job to the plan it says", async () => {
  const { plan, bytes, digest } = await compile(JOB);
  assert.deepEqual(encodeCanonical(plan), bytes);
  assert.equal(digest, await planDigest(bytes));
  assert.equal(
    JSON.stringify(JSON.parse(new TextDecoder().decode(bytes))),
    JSON.stringify(
      JSON.parse(
        new TextDecoder().decode(
          encodeCanonical({
            version: 1,
            kind: "aggregate",
            inputs: [{ dataset: "encounters", owner: owner.thumbprint }],
            where: {
              and: [
                { column: "city", in: ["Ulm", "Bern"] },
                { not: { column: "urgent", op: "=", value: true } },
                {
                  or: [
                    { column: "admitted", between: ["2026-01-01", "2026-06-30"] },
                    { column: "ward", isNull: true },
                  ],
                },
              ],
            },
            groupBy: ["city"],
            totals: [],
            select: [
              { as: "count", op: "count" },
              { as: "count_units", op: "count_units" },
              { as: "timed", op: "count", column: "minutes" },
              { as: "total", op: "sum", column: "cost" },
              { as: "avg_minutes", op: "avg", column: "minutes" },
            ],
            orderBy: [
              { column: "total", direction: "desc" },
              { column: "city", direction: "asc" },
            ],
            limit: 10,
            recipient: analyst.publicKey,
            release: "sealed",
          }),
        ),
      ),
    ),
  );
});

test("keeps where the manifest lies out of the plan, and gives it to the caller", async () => {
  assert.deepEqual(parseJob(JOB).datasets, [
    { dataset: "encounters", owner: owner.thumbprint, from: "s3://hospital/sealed/" },
  ]);
  const elsewhere = await compile(JOB.replace("s3://hospital/sealed/", "s3://copy/"));
  assert.equal(elsewhere.digest, (await compile(JOB)).digest);
});

test("asks the caller for the key that a job names by a file", async () => {
  const asked: string[] = [];
  const compiled = await compileJob(JOB, (reference) => {
    asked.push(reference);
    return Promise.resolve(owner.publicKey);
  });
  assert.deepEqual(asked, ["analyst.jwk"]);
  assert.deepEqual(compiled.plan.recipient, owner.publicKey);
  assert.notEqual(compiled.digest, (await compile(JOB)).digest);
  await assertRefused(
    compileJob(JOB, () => edwards.publicKey),
    "KEY_USE",
  );
  await assertRefused(
    compileJob(JOB, () => analyst.jwk),
    "KEY_SHAPE",
  );
});

test("fills in what a short job leaves out", async () => {
  const { plan } = await compile(
    `{"datasets":{"d":{"owner":"${owner.thumbprint}"}},"select":["count"],"recipient":"me"}`,
  );
  const { where, groupBy, totals, orderBy, limit, release } = plan;
  assert.deepEqual(
    { where, groupBy, totals, orderBy, limit, release },
    { where: null, groupBy: [], totals: [], orderBy: [], limit: null, release: "sealed" },
  );
});

test("names counts of rows and units by `as` with a star for the column", () => {
  const { select } = parseAggregate(
    JSON.stringify({
      ...jobValue(),
      select: [{ count: "*", as: "rows" }, { count_units: "*", as: "people" }, { count: "*" }],
    }),
  );
  assert.deepEqual(select, [
    { as: "rows", op: "count" },
    { as: "people", op: "count_units" },
    { as: "count", op: "count" },
  ]);
});

const REFUSED: readonly (readonly [string, ErrorCode, readonly (string | number)[], unknown])[] = [
  ["no data set", "JOB_FIELD", ["datasets"], {}],
  [
    "two data sets",
    "JOB_FIELD",
    ["datasets"],
    { a: { owner: owner.thumbprint }, b: { owner: owner.thumbprint } },
  ],
  ["a list of data sets", "JOB_FIELD", ["datasets"], [{ owner: owner.thumbprint }]],
  ["a data set without owner", "JOB_FIELD", ["datasets"], { d: {} }],
  ["an owner by name", "JOB_FIELD", ["datasets", "encounters", "owner"], "clinic"],
  ["a path for a data set", "JOB_FIELD", ["datasets"], { "../d": { owner: owner.thumbprint } }],
  ["a place that is no S3 URL", "JOB_FIELD", ["datasets", "encounters", "from"], "/etc/passwd"],
  ["a misspelt member", "JOB_FIELD", ["groupby"], ["city"]],
  ["a plan's spelling", "JOB_FIELD", ["groupBy"], ["city"]],
  ["SQL", "JOB_FIELD", ["where"], "city = 'Ulm'"],
  ["an empty filter", "JOB_FIELD", ["where"], {}],
  ["null for a filter", "JOB_FIELD", ["where"], null],
  ["an empty and", "JOB_FIELD", ["where"], { and: [] }],
  ["an and that is no list", "JOB_FIELD", ["where"], { and: { column: "city", op: "=", value: "x" } }],
  [
    "an and with an or beside it",
    "JOB_FIELD",
    ["where"],
    { and: [{ column: "city", op: "=", value: "x" }], or: [] },
  ],
  ["a not with a list", "JOB_FIELD", ["where"], { not: [] }],
  ["an unknown operator", "JOB_FIELD", ["where", "op"], "like"],
  ["an operator that is written in words", "JOB_FIELD", ["where", "op"], "=="],
  ["a comparison with null", "JOB_FIELD", ["where", "value"], null],
  ["a comparison with a list", "JOB_FIELD", ["where", "value"], ["Ulm"]],
  ["a comparison of two columns", "JOB_FIELD", ["where"], { column: "city", op: "=", other: "ward" }],
  [
    "a function of a column (A09)",
    "JOB_FIELD",
    ["where"],
    { function: "hash", column: "ssn", op: "=", value: 1 },
  ],
  ["a column as an expression (A09)", "JOB_FIELD", ["where", "column"], { substr: ["ssn", 1] }],
  ["an empty in", "JOB_FIELD", ["where"], { column: "city", in: [] }],
  ["null in a list", "JOB_FIELD", ["where"], { column: "city", in: [null] }],
  ["between one bound", "JOB_FIELD", ["where"], { column: "ward", between: [1] }],
  ["between three bounds", "JOB_FIELD", ["where"], { column: "ward", between: [1, 2, 3] }],
  ["a test for null in words", "JOB_FIELD", ["where"], { column: "ward", is_null: "yes" }],
  ["a plan's spelling of the test for null", "JOB_FIELD", ["where"], { column: "ward", isNull: true }],
  ["nothing selected", "JOB_FIELD", ["select"], []],
  ["no selection", "JOB_FIELD", ["select"], undefined],
  ["a bare column", "JOB_FIELD", ["select"], ["cost"]],
  ["a sum of nothing", "JOB_FIELD", ["select"], ["sum"]],
  ["a sum of rows", "JOB_FIELD", ["select"], [{ sum: "*" }]],
  ["units counted by column", "JOB_FIELD", ["select"], [{ count_units: "city" }]],
  ["two aggregates in one", "JOB_FIELD", ["select"], [{ sum: "cost", avg: "cost" }]],
  [
    "an aggregate with a condition (A10)",
    "JOB_FIELD",
    ["select"],
    [{ sum: "cost", when: { column: "city", op: "=", value: "x" } }],
  ],
  ["a sum of an expression (A10)", "JOB_FIELD", ["select"], [{ sum: { case: [] } }]],
  ["two outputs of one name", "PLAN_OUTPUT", ["select"], ["count", "count"]],
  [
    "two outputs that differ in case",
    "PLAN_OUTPUT",
    ["select"],
    [
      { sum: "cost", as: "x" },
      { avg: "cost", as: "X" },
    ],
  ],
  ["an output named as a group column", "PLAN_OUTPUT", ["select"], [{ sum: "cost", as: "city" }]],
  ["an output with a reserved name", "PLAN_OUTPUT", ["select"], [{ sum: "cost", as: "sealroom:unit_start" }]],
  ["an output that Object has", "JOB_FIELD", ["select"], [{ sum: "cost", as: "__proto__" }]],
  ["a column twice in the group", "PLAN_OUTPUT", ["group_by"], ["city", "city"]],
  ["more group columns than 16", "PLAN_FIELD", ["group_by"], Array.from({ length: 17 }, (_, i) => `c${i}`)],
  ["an order by what is not there", "PLAN_OUTPUT", ["order_by"], ["cost"]],
  [
    "an order twice by one column",
    "PLAN_OUTPUT",
    ["order_by"],
    ["total", { column: "total", direction: "desc" }],
  ],
  ["an unknown direction", "JOB_FIELD", ["order_by", 0, "direction"], "down"],
  ["a limit of zero", "JOB_FIELD", ["limit"], 0],
  ["a broken limit", "JOB_FIELD", ["limit"], 1.5],
  ["a limit past a million", "PLAN_FIELD", ["limit"], 1_000_001],
  ["no recipient", "JOB_FIELD", ["recipient"], undefined],
  ["null for the recipient", "KEY_SHAPE", ["recipient"], null],
  ["a private key for the recipient", "KEY_SHAPE", ["recipient"], analyst.jwk],
  ["a recipient that nothing can be sealed to", "KEY_USE", ["recipient"], edwards.publicKey],
  ["an unknown release", "JOB_FIELD", ["release"], "public"],
];

for (const [what, code, path, part] of REFUSED) {
  test(`refuses ${what}`, async () => {
    await assertRefused(compile(JSON.stringify(altered(jobValue(), path, part))), code);
  });
}

test("has no words for what gives a person's value away (A12)", async () => {
  for (const op of ["first", "any", "mode", "median", "percentile", "count_distinct", "array_agg"]) {
    await assertRefused(
      compile(JSON.stringify({ ...jobValue(), select: [{ [op]: "cost" }] })),
      "JOB_FIELD",
      op,
    );
  }
});

test("spells out totals: all of them, SQL's rollup, or the sets in any order", () => {
  const read = (totals: unknown, columns = ["city", "ward", "urgent"]): unknown =>
    parseAggregate(JSON.stringify({ ...jobValue(), group_by: columns, totals, order_by: [] })).totals;
  assert.deepEqual(read("rollup"), [["city", "ward"], ["city"], []]);
  assert.deepEqual(read("all"), [
    ["city", "ward"],
    ["city", "urgent"],
    ["city"],
    ["ward", "urgent"],
    ["ward"],
    ["urgent"],
    [],
  ]);
  assert.deepEqual(read([[], ["urgent", "city"]]), [["city", "urgent"], []]);
  assert.deepEqual(read([]), []);
  assert.deepEqual(read("all", []), []);
  assert.equal((read("all", ["a", "b", "c", "d", "e", "f"]) as unknown[]).length, 63);
  for (const bad of [
    "every",
    "ALL",
    null,
    3,
    ["city"],
    [["ward", "ward"]],
    [["cost"]],
    [["city", "ward", "urgent"]],
  ]) {
    assertThrows(() => read(bad), "JOB_FIELD", JSON.stringify(bad));
  }
  assertThrows(() => read([[], []]), "JOB_FIELD");
  assertThrows(() => read("all", ["a", "b", "c", "d", "e", "f", "g"]), "JOB_FIELD");
});

test("says what was probably meant", () => {
  const job = JSON.stringify({ ...jobValue(), groupby: ["city"] });
  assert.equal(assertThrows(() => parseJob(job), "JOB_FIELD").details["nearest"], "group_by");
  const select = JSON.stringify({ ...jobValue(), select: [{ summ: "cost" }] });
  assert.equal(assertThrows(() => parseJob(select), "JOB_FIELD").details["nearest"], "sum");
  const word = JSON.stringify({ ...jobValue(), select: ["countunits"] });
  assert.equal(assertThrows(() => parseJob(word), "JOB_FIELD").details["nearest"], "count_units");
});

test("names all that are known where none is near and they are few", () => {
  const select = JSON.stringify({ ...jobValue(), select: [{ mean: "cost" }] });
  const { details } = assertThrows(() => parseJob(select), "JOB_FIELD");
  assert.equal(details["nearest"], undefined);
  assert.equal(
    details["known"],
    "count, count_units, sum, avg, var, stddev, min, max, covar, corr, approx_quantile, approx_distinct, with, at, as",
  );
});

test("names the output that an order probably meant", async () => {
  const error = await assertRefused(
    compile(JSON.stringify({ ...jobValue(), order_by: ["totl"] })),
    "PLAN_OUTPUT",
  );
  assert.equal(error.details["nearest"], "total");
});

test("refuses hostile text (A24) and leaves Object.prototype as it was", { timeout: 60_000 }, async () => {
  const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype).toSorted());
  const job = JSON.stringify(jobValue());
  const hostile: readonly (readonly [string, ErrorCode])[] = [
    ["", "JOB_FIELD"],
    ["null", "JOB_FIELD"],
    ["[]", "JOB_FIELD"],
    [job.replace('"limit":10', '"limit":10,"limit":11'), "JSON_DUPLICATE"],
    [job.replace('"limit":10', '"__proto__":{"limit":10}'), "JSON_KEY"],
    [job.replace('"limit":10', '"constructor":{"prototype":{"polluted":1}}'), "JSON_KEY"],
    [job.replace('"limit":10', '"limit":9007199254740993'), "JSON_NUMBER"],
    [job.replace('"limit":10', '"limit":1e400'), "JSON_NUMBER"],
    [job.replace('"Ulm"', '"\\ud800"'), "JSON_STRING"],
    [job.replace('"Ulm"', '"\\u202emlU"'), "JSON_STRING"],
    [job.replace('"Ulm"', '"Cafe\\u0301"'), "JSON_STRING"],
    [job.replace('"group_by":["city"]', '"group_by":["__proto__"]'), "JOB_FIELD"],
    [job.replace('"group_by":["city"]', '"group_by":["toString"]'), "JOB_FIELD"],
    [job.replace('"group_by":["city"]', '"group_by":["ci\\u200bty"]'), "JOB_FIELD"],
    [`${job} x`, "JSON_SYNTAX"],
    [`${JOB}\n<<: {limit: 5}`, "YAML_FEATURE"],
    [`${JOB}\nlimit: 11`, "JSON_DUPLICATE"],
    [JOB.replace("limit: 10", "limit: 0x10"), "YAML_FEATURE"],
    [JOB.replace("Ulm", "*Ulm"), "YAML_FEATURE"],
    [`{"where":${'{"not":'.repeat(10_000)}`, "JSON_DEPTH"],
    [`where: ${"{not: ".repeat(10_000)}`, "JSON_DEPTH"],
    [`${job}${" ".repeat(50_000_000)}`, "JSON_SIZE"],
    [`${JOB}${"#".repeat(50_000_000)}`, "JSON_SIZE"],
  ];
  for (const [text, code] of hostile) await assertRefused(compile(text), code, text.slice(0, 60));
  assert.equal(JSON.stringify(Object.getOwnPropertyNames(Object.prototype).toSorted()), before);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

test("nests filters as deep as the enclave takes them, and no deeper", async () => {
  const nested = (depth: number): string => {
    const where = `${'{"not":'.repeat(depth)}{"column":"city","op":"=","value":"x"}${"}".repeat(depth)}`;
    return JSON.stringify({ ...jobValue(), where: "WHERE" }).replace('"WHERE"', where);
  };
  const { bytes } = await compile(nested(30));
  assert.doesNotThrow(() => parsePlan(bytes));
  await assertRefused(compile(nested(31)), "JSON_DEPTH");
});

test("refuses a plan that is longer than the enclave takes", async () => {
  const long = Array.from({ length: 5000 }, (_, i) => `${i}${"x".repeat(60)}`);
  const where = { column: "city", in: long };
  await assertRefused(compile(JSON.stringify({ ...jobValue(), where })), "JSON_SIZE");
  // YAML without quotes is shorter than the plan it becomes.
  const yaml = JOB.replace(
    "[Ulm, Bern]",
    `[${Array.from({ length: 9990 }, (_, i) => `a${i}${"x".repeat(20)}`).join(",")}]`,
  );
  await assertRefused(compile(yaml), "PLAN_SIZE");
});
