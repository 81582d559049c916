// What `explain` says of the claims of a copy: for every tokenize job that can be made, each reason once, in 80 columns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimFields, encodeClaim } from "../../cli/claims.ts";
import { renderFields, WIDTH } from "../../cli/output.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { explainJob } from "../../host-driver/explain.ts";
import type { InputExplanation } from "../../host-driver/explain.ts";
import { NOW } from "../manifest/example.ts";
import { compileJob } from "../../query/job.ts";
import { analyst, JOB, owner } from "../plan/example.ts";
import { claim, claims, manifestOf } from "./profile-copies.ts";
import type { Columns } from "./profile-copies.ts";

const COLUMNS: Columns = {
  patient: { operator: "mask", role: "unit" },
  ssn: { operator: "mask", parameters: { keepRight: 4 } },
  last_name: { operator: "keep" },
  mrn: { operator: "keep" },
  cost: { operator: "keep", class: "none", type: "int32", role: "measure" },
  cvv: { operator: "drop" },
};

const TOKENIZE = `
kind: tokenize
datasets:
  encounters:
    owner: ${owner.thumbprint}
audience: first
recipient: analyst.jwk
`;

async function explain(text: string, manifest: Manifest): Promise<InputExplanation> {
  const rules = { ...manifest.rules, adhoc: true, recipients: [analyst.publicKey] };
  const verified = { manifest: { ...manifest, rules }, digest: "77".repeat(48), owner: owner.thumbprint };
  const datasets = [{ verified, location: { bucket: "b", prefix: "p/" }, jws: new Uint8Array() }];
  const plan = await compileJob(text, () => analyst.publicKey);
  const [input] = (await explainJob({ plan, datasets } as never, [], NOW)).inputs;
  assert.ok(input !== undefined);
  return input;
}

test("a tokenize job has its copy and the copy's claims, whether or not the job may run", async () => {
  const manifest = manifestOf(COLUMNS);
  const { verdict, copy, claims: found } = await explain(TOKENIZE, manifest);
  assert.ok(verdict.allowed);
  assert.equal(copy, manifest.rules.tokenization?.["first"]);
  assert.deepEqual(found, claims(COLUMNS));
  const stranger = TOKENIZE.replace(owner.thumbprint, analyst.thumbprint);
  const refused = await explain(stranger, manifest);
  assert.ok(!refused.verdict.allowed);
  assert.deepEqual(refused.claims, found);
});

test("other jobs have no claims, nor has a copy that no job can make", async () => {
  const other = await explain(JOB, manifestOf(COLUMNS));
  assert.deepEqual([other.copy, other.claims], [null, []]);
  assert.deepEqual(claimFields(other.claims), []);
  for (const cvv of [
    { operator: "keep" },
    { operator: "sivv" },
    { operator: "mask", parameters: { left: 1 } },
  ]) {
    const impossible = await explain(TOKENIZE, manifestOf({ ...COLUMNS, cvv }));
    assert.ok(!impossible.verdict.allowed);
    assert.deepEqual([impossible.copy, impossible.claims], [null, []], cvv.operator);
  }
  const nobody = await explain(TOKENIZE.replace("first", "nobody"), manifestOf(COLUMNS));
  assert.deepEqual([nobody.copy, nobody.claims], [null, []]);
});

test("columns that block for one reason are named together, with every paragraph", () => {
  const fields = claimFields([claim("hipaa-safe-harbor", COLUMNS)]);
  assert.deepEqual(
    fields.slice(1).map(([label, value]) => `${label} ${value}`),
    [
      "not hipaa-safe-harbor",
      "because ssn: a part of each value is left, and parts of identifiers are identifiers " +
        "[45 CFR 164.514(b)(2)(i)(G)]",
      "because last_name, mrn: the values are left as they are, and are among the eighteen identifiers " +
        "[45 CFR 164.514(b)(2)(i)(A), 164.514(b)(2)(i)(H)]",
    ],
  );
});

test("a claim that holds says what a person has to attest, of the whole and then of columns", () => {
  const columns: Columns = { a: { operator: "drop", class: "ssn" }, b: { operator: "keep", class: "none" } };
  const [, first, ...others] = claimFields([claim("hipaa-safe-harbor", columns)]);
  assert.deepEqual(first, ["supports", "hipaa-safe-harbor, if a person attests:"]);
  assert.deepEqual(
    others.map(([label, value]) => [label, value.slice(0, 12)]),
    [
      ["attest", "the owner kn"],
      ["attest", "b: the owner"],
    ],
  );
});

test("a claim without conditions says so, and one that names none of the columns does too", () => {
  const alone = (columns: Columns): unknown => claimFields([claim("pci-store", columns)]).slice(1);
  assert.deepEqual(alone({ a: { operator: "drop", class: "pan" } }), [["supports", "pci-store"]]);
  assert.deepEqual(alone({ a: { operator: "keep", class: "ssn" } }), [
    ["supports", "pci-store (no column is of a class that it is about)"],
  ]);
});

test("no line is wider than a terminal", () => {
  for (const line of renderFields(claimFields(claims(COLUMNS)))) assert.ok(line.length <= WIDTH, line);
});

test("the JSON has every finding, with its citation in full", () => {
  const encoded = encodeClaim(claim("hipaa-safe-harbor", COLUMNS)) as {
    readonly findings: readonly Readonly<Record<string, unknown>>[];
  };
  assert.equal(encoded.findings.length, Object.keys(COLUMNS).length);
  assert.deepEqual(encoded.findings[1], {
    column: "ssn",
    class: "ssn",
    operator: "mask",
    verdict: "blocks",
    why: "a part of each value is left, and parts of identifiers are identifiers",
    cite: "45 CFR 164.514(b)(2)(i)(G)",
  });
});
