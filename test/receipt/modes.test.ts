// Statements of jobs that are no aggregates, and the manifest of what a job made as a subject of its receipt.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authority } from "../../core/manifest/authority.ts";
import type { VerifiedManifest } from "../../core/manifest/manifest.ts";
import type { TokenFacts } from "../../core/manifest/tokenization.ts";
import { compileJob } from "../../query/job.ts";
import { composeStatement } from "../../core/receipt/compose.ts";
import { encodeStatement, OUTPUT_FILE, parseStatement } from "../../core/receipt/statement.ts";
import type { Statement, Subject } from "../../core/receipt/statement.ts";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import type { ReceiptCheck } from "../../core/receipt/verify.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { KEY_ARN } from "../manifest/example.ts";
import { assertRefused, assertThrows } from "../manifest/refusal.ts";
import { analyst, authority, check, owner, receiptOf, result, statement, verified } from "./example.ts";

const HEAD = `datasets: { encounters: { owner: ${owner.thumbprint} } }\nrecipient: analyst\n`;
const TEXTS = {
  tokens: `${HEAD}kind: tokenize\naudience: research\n`,
  reveal: `${HEAD}kind: reveal\ncolumns: [ssn, city]\n`,
  profile: `${HEAD}kind: discover\n`,
} as const;
type Mode = keyof typeof TEXTS;
const MODES = Object.keys(TEXTS) as Mode[];

const facts: TokenFacts = {
  operator: "siv",
  domain: "person.ssn",
  version: 1,
  audience: "research",
  parameters: {},
  unit: null,
};
const columns = Object.fromEntries(
  verified.manifest.schema.map(({ name, role }) => [
    name,
    {
      operator: "keep",
      domain: null,
      version: null,
      parameters: {},
      invalid: "error",
      class: null,
      unit: null,
      role,
    },
  ]),
) as NonNullable<VerifiedManifest["manifest"]["rules"]["tokenization"]>[string]["columns"];
const tokenized: VerifiedManifest = {
  ...verified,
  manifest: {
    ...verified.manifest,
    tokens: { ssn: facts },
    rules: {
      ...verified.manifest.rules,
      tokenization: { research: { dataset: "encounters-research", keyArn: KEY_ARN, columns } },
    },
  },
};

const OUTPUT = new TextEncoder().encode("{}");
const NAMED: Subject = { name: OUTPUT_FILE, sha384: await sha384Hex(OUTPUT) };

async function state(
  mode: Mode,
  outputs: readonly Subject[] = [],
  ground: Authority = authority,
): Promise<{ stated: Statement; held: ReceiptCheck }> {
  const { plan, bytes, digest } = await compileJob(TEXTS[mode], () => analyst.publicKey);
  const stated = await composeStatement({
    plan,
    planDigest: digest,
    inputs: [{ verified: tokenized, authority: ground }],
    result: statement.subject,
    outputs,
    software: statement.software,
  });
  return { stated, held: { ...check, plan: { bytes, digest }, receipt: await receiptOf(stated), result } };
}

test("each kind of plan has its mode, which is read back as it was stated", async () => {
  for (const mode of MODES) {
    const { stated } = await state(mode);
    assert.equal(stated.release.mode, mode);
    assert.deepEqual(encodeStatement(parseStatement(encodeStatement(stated))), encodeStatement(stated));
    assert.ok(stated.release.protects.length > 0 && stated.release.doesNotProtect.length > 0);
  }
});

test("a copy's statement says every column's rule, the copy's name and its key", async () => {
  const { release } = (await state("tokens")).stated;
  assert.ok(release.mode === "tokens");
  assert.deepEqual(
    [release.audience, release.dataset, release.keyArn],
    ["research", "encounters-research", KEY_ARN],
  );
  assert.deepEqual(
    Object.keys(release.columns),
    verified.manifest.schema.map(({ name }) => name),
  );
  assert.equal(release.minUnits, 10);
});

test("what was revealed is stated by its tokens alone, and under the grant's cap", async () => {
  const { release } = (await state("reveal")).stated;
  assert.ok(release.mode === "reveal");
  assert.equal(release.maxRows, 100);
  assert.deepEqual(Object.keys(release.tokens), ["ssn"]);
  await assertRefused(state("reveal", [], { basis: "listed" }), "RULES_REVEAL");
});

test("a statement whose mode is not its plan's is none", async () => {
  const all = [statement, ...(await Promise.all(MODES.map(async (mode) => (await state(mode)).stated)))];
  for (const one of all) {
    for (const { release } of all.filter((other) => other !== one)) {
      assertThrows(() => encodeStatement({ ...one, release }), "RECEIPT_STATEMENT", release.mode);
    }
  }
});

test("a copy for another audience than the plan's, and a lower bound of one row, are no statements", async () => {
  const { stated } = await state("tokens");
  const changed = (changes: object): (() => unknown) => {
    const release = { ...stated.release, ...changes };
    return () => encodeStatement({ ...stated, release });
  };
  for (const changes of [
    { audience: "billing" },
    { minUnits: 1 },
    { dataset: "a/b" },
    { keyArn: "alias/a" },
  ]) {
    assertThrows(changed(changes), "RECEIPT_STATEMENT", JSON.stringify(changes));
  }
});

test("two subjects of one name are refused, whichever they are", async () => {
  const { stated } = await state("tokens", [NAMED]);
  for (const outputs of [[NAMED, NAMED], [NAMED, { ...NAMED, sha384: "00".repeat(48) }], [stated.subject]]) {
    assertThrows(() => encodeStatement({ ...stated, outputs }), "RECEIPT_STATEMENT");
  }
});

test("a copy's receipt verifies with the manifest that it names, and with no other or none", async () => {
  const { held } = await state("tokens", [NAMED]);
  await verifyReceipt({ ...held, output: OUTPUT });
  await assertRefused(verifyReceipt(held), "RECEIPT_OUTPUT");
  await assertRefused(verifyReceipt({ ...held, output: new TextEncoder().encode("{ }") }), "RECEIPT_OUTPUT");
});

test("a copy's receipt that names no manifest is refused, with one at hand or without", async () => {
  for (const outputs of [[], [{ ...NAMED, name: "quarantine.jwe" }]]) {
    const { held } = await state("tokens", outputs);
    await assertRefused(verifyReceipt(held), "RECEIPT_OUTPUT");
    await assertRefused(verifyReceipt({ ...held, output: OUTPUT }), "RECEIPT_OUTPUT");
  }
});

test("jobs that make no objects name no manifest, and are given none", async () => {
  for (const mode of ["reveal", "profile"] as const) {
    await verifyReceipt((await state(mode)).held);
    await assertRefused(verifyReceipt({ ...(await state(mode)).held, output: OUTPUT }), "RECEIPT_OUTPUT");
    const named = (await state(mode, [NAMED])).held;
    await assertRefused(verifyReceipt(named), "RECEIPT_OUTPUT");
    await assertRefused(verifyReceipt({ ...named, output: OUTPUT }), "RECEIPT_OUTPUT");
  }
});
