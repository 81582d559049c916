// Plans and jobs that are no aggregates: copies with tokens, what is behind tokens, which identifiers columns hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { compileJob } from "../../query/job.ts";
import type { CompiledPlan } from "../../core/plan/compile.ts";
import { parseJob } from "../../core/plan/job-text.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { altered } from "../manifest/example.ts";
import { assertRefused, assertThrows } from "../manifest/refusal.ts";
import { analyst, owner } from "./example.ts";

const HEAD = `datasets: { encounters: { owner: ${owner.thumbprint} } }\nrecipient: analyst\n`;
const TOKENIZE = `${HEAD}kind: tokenize\naudience: research\nto: s3://hospital/copy/\n`;
const REVEAL = `${HEAD}kind: reveal\ncolumns: [ssn, city]\nmatch: { column: ssn, tokens: [abc, def] }\n`;
const DISCOVER = `${HEAD}kind: discover\n`;
const compile = (text: string): Promise<CompiledPlan> => compileJob(text, () => analyst.publicKey);

const base = {
  version: 1,
  inputs: [{ dataset: "encounters", owner: owner.thumbprint }],
  recipient: analyst.publicKey,
  release: "sealed",
};
const tokenize = { ...base, kind: "tokenize", audience: "research" };
const reveal = {
  ...base,
  kind: "reveal",
  columns: ["ssn", "city"],
  match: { column: "ssn", tokens: ["abc", "def"] },
};
const discover = { ...base, kind: "discover" };

test("each kind of job compiles to its plan, and the plan is read back to the same bytes", async () => {
  for (const [text, plan] of [
    [TOKENIZE, tokenize],
    [REVEAL, reveal],
    [DISCOVER, discover],
    [REVEAL.replace(/match.*\n/, ""), { ...reveal, match: null }],
  ] as const) {
    const { bytes } = await compile(text);
    assert.deepEqual(bytes, encodeCanonical(plan), text);
    assert.deepEqual(encodeCanonical(parsePlan(bytes)), bytes);
  }
});

test("where a copy is to lie is for the caller, and no part of the plan", async () => {
  const job = parseJob(TOKENIZE);
  assert.equal(job.kind === "tokenize" ? job.to : null, "s3://hospital/copy/");
  const [here, there, nowhere] = await Promise.all(
    [TOKENIZE, TOKENIZE.replace("copy", "other"), TOKENIZE.replace(/to:.*\n/, "")].map(compile),
  );
  assert.equal(here?.digest, there?.digest);
  assert.equal(here?.digest, nowhere?.digest);
});

test("plans of all kinds have digests of their own, by audience, columns and tokens too", async () => {
  const texts = [
    TOKENIZE,
    TOKENIZE.replace("research", "billing"),
    REVEAL,
    REVEAL.replace("abc", "abd"),
    REVEAL.replace("[ssn, city]", "[ssn]"),
    DISCOVER,
  ];
  const digests = (await Promise.all(texts.map(compile))).map(({ digest }) => digest);
  assert.equal(new Set(digests).size, texts.length);
});

type Path = readonly (string | number)[];
const REFUSED: readonly (readonly [string, ErrorCode, object, Path, unknown])[] = [
  ["a kind that there is not", "PLAN_FIELD", discover, ["kind"], "rewrap"],
  ["a kind that Object has", "PLAN_FIELD", discover, ["kind"], "constructor"],
  ["no kind", "PLAN_FIELD", discover, ["kind"], undefined],
  ["operators that would widen the rules", "PLAN_FIELD", tokenize, ["columns"], { ssn: "keep" }],
  ["a place in the plan", "PLAN_FIELD", tokenize, ["to"], "s3://elsewhere/"],
  ["a key of the host's", "PLAN_FIELD", tokenize, ["wrappedKey"], "AAAA"],
  ["a filter on a copy", "PLAN_FIELD", tokenize, ["where"], null],
  ["an audience with a path in its name", "PLAN_FIELD", tokenize, ["audience"], "a/b"],
  ["an audience without a name", "PLAN_FIELD", tokenize, ["audience"], ""],
  ["no columns to reveal", "PLAN_FIELD", reveal, ["columns"], []],
  [
    "more columns to reveal than 256",
    "PLAN_FIELD",
    reveal,
    ["columns"],
    Array.from({ length: 257 }, (_, i) => `c${i}`),
  ],
  ["a column to reveal twice", "PLAN_OUTPUT", reveal, ["columns"], ["ssn", "SSN"]],
  ["a column of a reserved name", "PLAN_OUTPUT", reveal, ["columns"], ["sealroom:unit_start"]],
  ["no word on which rows", "PLAN_FIELD", reveal, ["match"], undefined],
  ["no tokens to match", "PLAN_FIELD", reveal, ["match", "tokens"], []],
  ["a token to match twice", "PLAN_FIELD", reveal, ["match", "tokens"], ["a", "a"]],
  ["a token to match that is no text", "PLAN_FIELD", reveal, ["match", "tokens"], [1]],
  ["an unknown member of the match", "PLAN_FIELD", reveal, ["match", "not"], true],
  ["what is behind tokens in the clear", "PLAN_FIELD", reveal, ["release"], "clear"],
  ["a cap of rows by the plan", "PLAN_FIELD", reveal, ["maxRows"], 5],
  ["a profile of chosen rows", "PLAN_FIELD", discover, ["where"], { column: "city", op: "=", value: "Ulm" }],
  ["a profile of chosen columns", "PLAN_FIELD", discover, ["columns"], ["city"]],
  ["a second input", "PLAN_FIELD", discover, ["inputs"], [...base.inputs, ...base.inputs]],
];

for (const [what, code, plan, path, part] of REFUSED) {
  test(`refuses a plan with ${what}`, () => {
    assertThrows(() => parsePlan(encodeCanonical(altered(plan, path, part))), code);
  });
}

test("refuses plans of these kinds that miss a member", () => {
  for (const plan of [tokenize, reveal, discover]) {
    for (const name of Object.keys(plan)) {
      assertThrows(() => parsePlan(encodeCanonical(altered(plan, [name], undefined))), "PLAN_FIELD", name);
    }
  }
});

test("refuses a plan that matches more than 10,000 tokens", () => {
  const tokens = (count: number): object =>
    altered(
      reveal,
      ["match", "tokens"],
      Array.from({ length: count }, (_, i) => `t${i}`),
    );
  assert.ok(parsePlan(encodeCanonical(tokens(10_000))));
  assertThrows(() => parsePlan(encodeCanonical(tokens(10_001))), "PLAN_FIELD");
});

const REFUSED_JOBS: readonly (readonly [string, string])[] = [
  ["of an unknown kind", `${HEAD}kind: rewrap\n`],
  ["of a copy for nobody", `${HEAD}kind: tokenize\n`],
  ["of a copy with operators", `${TOKENIZE}columns: { ssn: keep }\n`],
  ["of a copy at a place of the machine", `${HEAD}kind: tokenize\naudience: a\nto: /copy\n`],
  ["of a copy with a filter", `${TOKENIZE}where: { column: city, op: "=", value: Ulm }\n`],
  ["that reveals nothing", `${HEAD}kind: reveal\n`],
  ["that reveals in the clear", `${REVEAL}release: clear\n`],
  ["that reveals to a place", `${REVEAL}to: s3://hospital/copy/\n`],
  ["that caps its own rows", `${REVEAL}limit: 5\n`],
  ["that discovers in chosen rows", `${DISCOVER}where: { column: city, op: "=", value: Ulm }\n`],
  ["that aggregates for an audience", `${HEAD}kind: aggregate\nselect: [count]\naudience: research\n`],
];

for (const [what, text] of REFUSED_JOBS) {
  test(`refuses a job ${what}`, async () => {
    await assertRefused(compile(text), "JOB_FIELD");
  });
}
