// The first steps of a job, in this process: what an enclave refuses before it has read a document of the host's, and
// that it connects to nobody before all of them have passed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { trustRoot } from "../../core/attestation/root.ts";
import { authenticateArchived } from "../../core/attestation/verify.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { compileJob } from "../../query/job.ts";
import type { JobRequest } from "../../core/wire/job.ts";
import type { Enclave } from "../../enclave-worker/enclave.ts";
import { runJob } from "../../enclave-worker/job.ts";
import type { NsmDevice } from "../../enclave-worker/nsm.ts";
import { SoftwareNsm } from "../../local/nsm/device.ts";
import { createDevRoot } from "../../local/nsm/pki.ts";
import { makeKey, manifestOf, RULES, signAs } from "../host/dataset.ts";
import { BY_CITY } from "../host/host.ts";
import { refuses } from "../host/refusal.ts";

const HOUR = 3_600_000;
const ROOT = createDevRoot(Date.now() - 24 * HOUR);
const OWNER = await makeKey();
const STRANGER = await makeKey();
const COMPILED = await compileJob(BY_CITY(OWNER.thumbprint), () => OWNER.publicKey);

function nsmOf({
  zero = [],
  root = ROOT,
  now = () => Date.now(),
}: { zero?: readonly number[]; root?: typeof ROOT; now?: () => number } = {}): NsmDevice {
  const pcrs = new Map(
    [0, 1, 2].map((index) => [
      index,
      zero.includes(index) ? new Uint8Array(48) : createHash("sha384").update(String(index)).digest(),
    ]),
  );
  return new SoftwareNsm(root, { moduleId: "i-0123456789abcdef0-enc0123456789abcdef", pcrs, now });
}

/** An enclave that fails the test when it connects to anything. */
function enclaveWith(nsm: NsmDevice): Enclave {
  const unused = (): never => assert.fail("it connected to the host");
  return {
    dialer: { connect: unused },
    nsm,
    authenticateOwn: (document) => authenticateArchived(document, trustRoot(ROOT.certificate)),
    kmsRoots: [],
    groupBytes: 2 ** 30,
    pool: { run: unused, close: unused },
  };
}

async function manifestBytes(
  owner = OWNER,
  changes: Partial<Parameters<typeof manifestOf>[0]> = {},
): Promise<Uint8Array> {
  return signAs(
    owner,
    manifestOf({
      owner,
      dataset: "visits",
      epoch: Date.now() - HOUR,
      keyArn: "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
      wrappedKey: Uint8Array.of(1),
      objects: [{ key: "part-0", format: "arrow", digest: "ab".repeat(48), bytes: 5000, rows: 10 }],
      rules: { ...RULES, recipients: [OWNER.publicKey] },
      notAfter: Date.now() + HOUR,
      ...changes,
    }),
  );
}

async function refusesJob(
  code: ErrorCode,
  changes: Partial<JobRequest>,
  nsm: NsmDevice = nsmOf(),
): Promise<void> {
  const request: JobRequest = {
    job: "0123456789abcdef",
    nonce: "ab".repeat(16),
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    plan: COMPILED.bytes,
    manifests: [await manifestBytes()],
    grants: [],
    ...changes,
  };
  const run = runJob(request, enclaveWith(nsm), new AbortController().signal, () =>
    assert.fail("it made progress"),
  );
  await refuses(code, run);
}

test("refuses to work in debug mode, whichever register is zero", async () => {
  for (const zero of [[0], [1], [2], [0, 1, 2]]) await refusesJob("POLICY_DEBUG", {}, nsmOf({ zero }));
});

test("refuses to work when its clock and its attested time differ by more than a minute", async () => {
  for (const difference of [61_000, -61_000, HOUR]) {
    await refusesJob("CLOCK_DISAGREES", {}, nsmOf({ now: () => Date.now() + difference }));
  }
});

test("refuses a document of its own that is not under its root, or none", async () => {
  await refusesJob("CHAIN_ROOT", {}, nsmOf({ root: createDevRoot(Date.now()) }));
  await refusesJob("NSM_RESPONSE", {}, { exchange: () => Promise.resolve(new Uint8Array(3)) });
  const denied = Buffer.from("a1654572726f726d496e7465726e616c4572726f72", "hex");
  await refusesJob("NSM_ERROR", {}, { exchange: () => Promise.resolve(denied) });
});

test("refuses a plan that is not a canonical plan", async () => {
  const text = Buffer.from(COMPILED.bytes).toString();
  const cases: readonly (readonly [string, ErrorCode])[] = [
    ["", "JSON_SYNTAX"],
    ["{}", "PLAN_FIELD"],
    [`${text} `, "JSON_CANONICAL"],
    [text.replace('"limit":null', '"limit":0'), "PLAN_FIELD"],
    [text.replace('"kind":"aggregate"', '"kind":"rows"'), "PLAN_FIELD"],
    [text.replace('"version":1', '"version":2'), "PLAN_FIELD"],
  ];
  for (const [plan, code] of cases) await refusesJob(code, { plan: Buffer.from(plan) });
});

test("refuses other manifests than the plan's inputs, in number, owner, data set and time", async () => {
  const own = await manifestBytes();
  await refusesJob("JOB_INPUTS", { manifests: [] });
  await refusesJob("JOB_INPUTS", { manifests: [own, own] });
  await refusesJob("JOB_INPUTS", { manifests: [await manifestBytes(STRANGER)] });
  await refusesJob("JOB_INPUTS", { manifests: [await manifestBytes(OWNER, { dataset: "visitors" })] });
  await refusesJob("MANIFEST_EXPIRED", {
    manifests: [await manifestBytes(OWNER, { notAfter: Date.now() - 1 })],
  });
  await refusesJob("JWS_SHAPE", { manifests: [new Uint8Array(0)] });
  await refusesJob("JWS_TYP", { grants: [own] });
});

test("judges time by its own attested time, not by what a request could say", async () => {
  const soon = Date.now() + 30_000;
  const manifests = [await manifestBytes(OWNER, { notAfter: soon })];
  // Within the minute in which its two clocks may differ, it is the attested one that counts.
  await refusesJob("MANIFEST_EXPIRED", { manifests }, nsmOf({ now: () => Date.now() + 45_000 }));
});
