// A receipt is worth what its verifier demands: everything held from before, nothing taken from what came back.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { AWS_ROOT, trustRoot } from "../../core/attestation/root.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { encodeReceipt, parseReceipt } from "../../core/receipt/receipt.ts";
import { encodeStatement, parseStatement } from "../../core/receipt/statement.ts";
import type { ReceiptInput, Statement } from "../../core/receipt/statement.ts";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import type { ReceiptCheck } from "../../core/receipt/verify.ts";
import { releaseWords } from "../../core/receipt/words.ts";
import { createDevRoot } from "../../local/nsm/pki.ts";
import { makeParty, NOW } from "../manifest/example.ts";
import { refuseFlips } from "../manifest/flips.ts";
import { assertRefused, assertThrows } from "../manifest/refusal.ts";
import { compile, JOB } from "../plan/example.ts";
import {
  analyst,
  attest,
  check,
  compiled,
  measurements,
  nonce,
  owner,
  receiptOf,
  receiptOver,
  registers,
  result,
  root,
  statement,
  verified,
} from "./example.ts";

const stranger = await makeParty();
const otherJob = await compile(JOB.replace("limit: 10", "limit: 11"));
const zero = "00".repeat(48);

test("verifies a receipt, and says what it proves", async () => {
  const receipt = await verifyReceipt(check);
  assert.deepEqual(encodeStatement(receipt.statement), encodeStatement(statement));
  assert.equal(receipt.timestampMs, NOW);
  assert.equal(receipt.simulated, true);
  assert.equal(receipt.epochChecked, true);
});

test("verifies without the manifest's digest, and says that the epoch is unchecked", async () => {
  const { manifest, ...rest } = check;
  assert.equal(manifest, verified.digest);
  assert.equal((await verifyReceipt(rest)).epochChecked, false);
});

test("takes one of several images", async () => {
  const older = { 0: "b0".repeat(48), 1: "b1".repeat(48), 2: "b2".repeat(48) };
  await verifyReceipt({ ...check, measurements: [older, measurements] });
});

test("states the strictest parameters and the words, and what was clipped", () => {
  const { release, inputs } = statement;
  assert.ok(release.mode === "threshold");
  assert.equal(release.minUnits, 10);
  assert.equal(release.maxRows, 100);
  assert.deepEqual(release.clipping, [
    { column: "cost", lower: 0, upper: 99_999.99 },
    { column: "minutes", lower: -60, upper: 6000 },
  ]);
  assert.equal(release.maxShare, 0.8);
  assert.deepEqual(release.extremes, []);
  assert.deepEqual(release.rounding, { counts: null, sums: { cost: 0.5 } });
  assert.equal(release.interval, 10);
  assert.deepEqual(release.totals, []);
  assert.deepEqual(release.delivery, { sealedTo: analyst.thumbprint });
  assert.deepEqual(
    inputs.map(({ rows, objects, basis, grant }) => [rows, objects, basis, grant]),
    [[900, 2, "grant", "88".repeat(48)]],
  );
  const words = release.doesNotProtect.join(" ");
  for (const fact of ["Differencing", "Collusion", "Auxiliary knowledge", "number of rows of the data set"]) {
    assert.ok(words.includes(fact), fact);
  }
});

test("claims no rule that is not in force, and says what its absence leaves open", () => {
  const none = { maxShare: null, extremes: [], rounding: { counts: null, sums: {} }, totals: [] };
  const rules = [
    ["Dominance:", { maxShare: 0.8 }, "no share was set"],
    ["Extremes:", { extremes: ["cost"] }, null],
    ["Rounding:", { rounding: { counts: 5, sums: {} } }, "nothing was rounded"],
    ["Rounding:", { rounding: { counts: null, sums: { cost: 1 } } }, "nothing was rounded"],
    ["Distinct values:", { distinct: { cost: 2 } }, null],
    ["Bins:", { bins: { cost: [0, 100] } }, null],
    ["Totals:", { totals: [[]] }, null],
  ] as const;
  const bare = releaseWords(none);
  // A share of all withholds nothing.
  assert.deepEqual(releaseWords({ ...none, maxShare: 1 }), bare);
  for (const [claim, rule, absence] of rules) {
    const said = releaseWords({ ...none, ...rule });
    const claims = (words: readonly string[]): boolean =>
      words.some((sentence) => sentence.startsWith(claim));
    assert.deepEqual([claims(bare.protects), claims(said.protects)], [false, true], claim);
    if (absence === null) continue;
    const warns = (words: readonly string[]): boolean => words.some((sentence) => sentence.includes(absence));
    assert.deepEqual([warns(bare.doesNotProtect), warns(said.doesNotProtect)], [true, false], claim);
  }
});

test("states totals as the plan has them, and no others", async () => {
  const totalled = await compile(JOB.replace("group_by: [city]", "group_by: [city, urgent]\ntotals: rollup"));
  const { plan, digest: planDigest } = totalled;
  assert.ok(statement.release.mode === "threshold");
  const release = { ...statement.release, totals: plan.totals };
  const good = { ...statement, plan, planDigest, release };
  const { release: stated } = parseStatement(encodeStatement(good));
  assert.ok(stated.mode === "threshold");
  assert.deepEqual(stated.totals, [["city"], []]);
  for (const totals of [[], [["city"]], [["urgent"], []]]) {
    assertThrows(() => encodeStatement({ ...good, release: { ...release, totals } }), "RECEIPT_STATEMENT");
  }
});

type Demand = Exclude<keyof ReceiptCheck, "manifest">;
const demands: readonly Demand[] = ["receipt", "result", "root", "measurements", "nonce", "owners", "plan"];

for (const demand of demands) {
  test(`refuses to verify without ${demand}, or with nothing in it`, async () => {
    const missing = Object.fromEntries(Object.entries(check).filter(([name]) => name !== demand));
    const nothings: readonly unknown[] = [missing[demand], null, "", 0, false, {}, [], new Uint8Array(0)];
    await assertRefused(verifyReceipt(missing as unknown as ReceiptCheck), "EXPECTATION_EMPTY");
    for (const nothing of nothings) {
      const spoilt = { ...check, [demand]: nothing };
      await assertRefused(verifyReceipt(spoilt), "EXPECTATION_EMPTY", JSON.stringify(nothing));
    }
  });
}

test("refuses to be called with nothing, or with a demand that it does not know", async () => {
  for (const nothing of [undefined, null, 1, "x", []]) {
    await assertRefused(verifyReceipt(nothing as unknown as ReceiptCheck), "EXPECTATION_EMPTY");
  }
  for (const name of ["manifests", "owner", "skip", "pcrs", "nowMs"]) {
    await assertRefused(verifyReceipt({ ...check, [name]: "x" }), "EXPECTATION_EMPTY", name);
  }
});

const WRONG_FORM: readonly (readonly [string, Record<string, unknown>])[] = [
  ["a manifest's digest that is there and undefined", { manifest: undefined }],
  ["a manifest's digest that is null", { manifest: null }],
  ["a manifest's digest that is empty", { manifest: "" }],
  ["a manifest's digest in capitals", { manifest: verified.digest.toUpperCase().replace("7", "A") }],
  ["measurements that are all zero", { measurements: [{ 0: zero, 1: zero, 2: zero }] }],
  ["a measurement of zero", { measurements: [{ ...measurements, 1: zero }] }],
  ["measurements without PCR2", { measurements: [{ 0: measurements[0], 1: measurements[1] }] }],
  ["an empty measurement", { measurements: [{}] }],
  ["measurements that are not a list", { measurements }],
  ["an image too many that is empty", { measurements: [measurements, {}] }],
  ["a nonce of 15 bytes", { nonce: nonce.subarray(0, 15) }],
  ["a nonce of zeros", { nonce: new Uint8Array(32) }],
  ["a nonce in hex", { nonce: Buffer.from(nonce).toString("hex") }],
  ["a root that is a certificate's bytes", { root: root.certificate }],
  [
    "a root that only looks like one",
    { root: { simulated: false, certificate: root.certificate, equals: () => true } },
  ],
  ["no owners", { owners: {} }],
  ["the owner of another data set", { owners: { patients: owner.thumbprint } }],
  ["an owner more than the plan has inputs", { owners: { ...check.owners, patients: owner.thumbprint } }],
  ["an owner that is no thumbprint", { owners: { encounters: "clinic" } }],
  ["owners whose owner is inherited", { owners: Object.create(check.owners) as unknown }],
  ["a plan without digest", { plan: { bytes: compiled.bytes } }],
  ["a plan without bytes", { plan: { digest: compiled.digest } }],
  ["a plan with another's digest", { plan: { bytes: compiled.bytes, digest: otherJob.digest } }],
  ["a plan that is none", { plan: { bytes: encodeCanonical({}), digest: "00" } }],
];

for (const [what, wrong] of WRONG_FORM) {
  test(`refuses to verify with ${what}`, async () => {
    await assertRefused(verifyReceipt({ ...check, ...wrong }), "EXPECTATION_EMPTY");
  });
}

const WRONG: readonly (readonly [string, ErrorCode, Partial<ReceiptCheck>])[] = [
  ["another root", "CHAIN_ROOT", { root: trustRoot(createDevRoot(NOW).certificate) }],
  ["Amazon's root", "CHAIN_ROOT", { root: AWS_ROOT }],
  ["another PCR0", "POLICY_PCR", { measurements: [{ ...measurements, 0: "a3".repeat(48) }] }],
  ["another PCR1", "POLICY_PCR", { measurements: [{ ...measurements, 1: "a3".repeat(48) }] }],
  ["another PCR2", "POLICY_PCR", { measurements: [{ ...measurements, 2: "a3".repeat(48) }] }],
  [
    "PCR0 and PCR1 swapped",
    "POLICY_PCR",
    { measurements: [{ 0: measurements[1], 1: measurements[0], 2: measurements[2] }] },
  ],
  [
    "registers of two images mixed",
    "POLICY_PCR",
    {
      measurements: [
        { ...measurements, 2: "b2".repeat(48) },
        { 0: "b0".repeat(48), 1: "b1".repeat(48), 2: measurements[2] },
      ],
    },
  ],
  ["another nonce", "POLICY_NONCE", { nonce: new Uint8Array(randomBytes(32)) }],
  ["a nonce that begins as the receipt's", "POLICY_NONCE", { nonce: nonce.subarray(0, 31) }],
  ["another owner", "RECEIPT_OWNER", { owners: { encounters: stranger.thumbprint } }],
  ["the analyst for the owner", "RECEIPT_OWNER", { owners: { encounters: analyst.thumbprint } }],
  ["another job", "RECEIPT_PLAN", { plan: { bytes: otherJob.bytes, digest: otherJob.digest } }],
  ["another manifest", "RECEIPT_MANIFEST", { manifest: "78".repeat(48) }],
  ["the plan's digest for the manifest's", "RECEIPT_MANIFEST", { manifest: compiled.digest }],
  ["another result", "RECEIPT_RESULT", { result: new Uint8Array(randomBytes(result.length)) }],
  ["a result with a byte more", "RECEIPT_RESULT", { result: Uint8Array.from([...result, 0x0a]) }],
  ["a result cut short", "RECEIPT_RESULT", { result: result.subarray(1) }],
  ["the result for the receipt", "RECEIPT_FORM", { receipt: result }],
  ["the receipt for the result", "RECEIPT_RESULT", { result: check.receipt }],
];

for (const [what, code, wrong] of WRONG) {
  test(`refuses a receipt when the verifier expects ${what}`, async () => {
    await assertRefused(verifyReceipt({ ...check, ...wrong }), code);
  });
}

async function refuseReceipt(receipt: Uint8Array, code: ErrorCode): Promise<void> {
  await assertRefused(verifyReceipt({ ...check, receipt }), code);
}

test("refuses a genuine attestation of something else, or of nothing", async () => {
  const bytes = encodeStatement(statement);
  await refuseReceipt(await receiptOver(bytes, { userData: null }), "POLICY_USER_DATA");
  await refuseReceipt(await receiptOver(bytes, { userData: new Uint8Array(48) }), "POLICY_USER_DATA");
  await refuseReceipt(await receiptOver(bytes, { nonce: null }), "POLICY_NONCE");
  await refuseReceipt(await receiptOver(bytes, { nonce: new Uint8Array(randomBytes(32)) }), "POLICY_NONCE");
  const debug = registers({ 0: zero, 1: zero, 2: zero });
  await refuseReceipt(await receiptOver(bytes, { pcrs: debug }), "POLICY_DEBUG");
});

test("refuses the statement of one receipt under the attestation of another", async () => {
  const other = { ...statement, software: { name: "sealroom", version: "0.1.1" } };
  const { attestation } = parseReceipt(await receiptOf(other));
  await refuseReceipt(
    encodeReceipt({ attestation, statement: encodeStatement(statement) }),
    "POLICY_USER_DATA",
  );
});

const [input] = statement.inputs;
const withInput = (changes: Partial<ReceiptInput>): Statement => ({
  ...statement,
  inputs: statement.inputs.map((one) => ({ ...one, ...changes })),
});

const LIES: readonly (readonly [string, ErrorCode, Statement])[] = [
  ["another plan under the right digest", "RECEIPT_PLAN", { ...statement, plan: otherJob.plan }],
  ["the right plan under another digest", "RECEIPT_PLAN", { ...statement, planDigest: otherJob.digest }],
  [
    "another plan and its digest (H58)",
    "RECEIPT_PLAN",
    { ...statement, plan: otherJob.plan, planDigest: otherJob.digest },
  ],
  [
    "another recipient in the plan",
    "RECEIPT_PLAN",
    { ...statement, plan: { ...statement.plan, recipient: stranger.publicKey } },
  ],
  ["an input more", "RECEIPT_INPUTS", { ...statement, inputs: [...statement.inputs, ...statement.inputs] }],
  ["another data set", "RECEIPT_INPUTS", withInput({ dataset: "patients" })],
  ["another owner of the same data set (H42)", "RECEIPT_OWNER", withInput({ owner: stranger.thumbprint })],
  ["another epoch's manifest (H37)", "RECEIPT_MANIFEST", withInput({ manifest: "79".repeat(48) })],
  [
    "that it was sealed to someone else",
    "RECEIPT_RELEASE",
    { ...statement, release: { ...statement.release, delivery: { sealedTo: stranger.thumbprint } } },
  ],
  [
    "that it left in the clear",
    "RECEIPT_RELEASE",
    { ...statement, release: { ...statement.release, delivery: { clear: true } } },
  ],
  [
    "another result (H58)",
    "RECEIPT_RESULT",
    { ...statement, subject: { ...statement.subject, sha384: "aa".repeat(48) } },
  ],
];

for (const [what, code, lie] of LIES) {
  test(`refuses an attested statement that says ${what}`, async () => {
    assert.ok(input !== undefined);
    await refuseReceipt(await receiptOf(lie), code);
  });
}

test("refuses attested bytes that are no statement, only after they have verified", async () => {
  const text = new TextDecoder().decode(encodeStatement(statement));
  const cases: readonly (readonly [string, ErrorCode])[] = [
    ["{}", "RECEIPT_STATEMENT"],
    [`${text} `, "JSON_CANONICAL"],
    [text.replace("Statement/v1", "Statement/v2"), "RECEIPT_STATEMENT"],
    [text.replace("receipt:v1", "receipt:v2"), "RECEIPT_STATEMENT"],
    [text.replace('"mode":"threshold"', '"mode":"exact"'), "RECEIPT_STATEMENT"],
    [text.replace('"minUnits":10', '"minUnits":1'), "RECEIPT_STATEMENT"],
    [text.replace('"basis":"grant"', '"basis":"adhoc"'), "RECEIPT_STATEMENT"],
    [text.replace('"kind":"aggregate"', '"kind":"dump"'), "PLAN_FIELD"],
    [text.replace('"limit":10', '"limit":10,"note":"x"'), "PLAN_FIELD"],
    [text.replace('"_type"', '"__type"'), "RECEIPT_STATEMENT"],
    [text.replace(/"doesNotProtect":\[[^\]]*\]/, '"doesNotProtect":[]'), "RECEIPT_STATEMENT"],
  ];
  for (const [bad, code] of cases) {
    assert.notEqual(bad, text);
    const bytes = new TextEncoder().encode(bad);
    await refuseReceipt(await receiptOver(bytes), code);
    await refuseReceipt(encodeReceipt({ attestation: attest({}), statement: bytes }), "POLICY_USER_DATA");
  }
});

test("verifies a result in the clear where the plan asks for it", async () => {
  const clear = await compile(`${JOB}release: clear\n`);
  const stated = {
    ...statement,
    plan: clear.plan,
    planDigest: clear.digest,
    release: { ...statement.release, delivery: { clear: true } as const },
  };
  const expected = { ...check, plan: { bytes: clear.bytes, digest: clear.digest } };
  await verifyReceipt({ ...expected, receipt: await receiptOf(stated) });
  const sealed = { ...stated, release: statement.release };
  await assertRefused(verifyReceipt({ ...expected, receipt: await receiptOf(sealed) }), "RECEIPT_RELEASE");
});

test("holds on to what it was given when the caller changes it meanwhile", async () => {
  const held = {
    ...check,
    nonce: Uint8Array.from(nonce),
    result: Uint8Array.from(result),
    receipt: Uint8Array.from(check.receipt),
    plan: { ...check.plan, bytes: Uint8Array.from(compiled.bytes) },
    measurements: [{ ...measurements }],
    owners: { ...check.owners },
  };
  const verdict = verifyReceipt(held);
  for (const bytes of [held.nonce, held.result, held.receipt, held.plan.bytes]) bytes.fill(0);
  held.owners = {};
  held.plan.digest = otherJob.digest;
  Object.assign(held.measurements[0] ?? {}, { 0: zero });
  await verdict;
});

test("refuses a receipt with any bit flipped", async () => {
  // A short job with short words: each flip costs a chain of signatures.
  const { bytes, digest, plan } = await compile(
    `datasets: {encounters: {owner: ${owner.thumbprint}}}\nselect: [count]\nrecipient: x`,
  );
  const release = { ...statement.release, clipping: [], protects: ["."], doesNotProtect: ["."] };
  const receipt = await receiptOf({ ...statement, plan, planDigest: digest, release });
  const expected = { ...check, plan: { bytes, digest } };
  await verifyReceipt({ ...expected, receipt });
  const layers = await refuseFlips(receipt, (flipped) => verifyReceipt({ ...expected, receipt: flipped }));
  for (const layer of ["RECEIPT", "POLICY", "COSE", "CHAIN", "DOCUMENT"]) {
    assert.ok((layers[layer] ?? 0) > 0, layer);
  }
});
