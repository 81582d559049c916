// What ended a job is said to lie where its user can do something about it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findPlace } from "../../cli/refusal-place.ts";
import type { JobPlaces } from "../../cli/refusal-place.ts";
import { ERROR_CODES, SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { JobRefused } from "../../host-driver/driver.ts";
import { makeKey, manifestOf, RULES, signAs } from "../host/dataset.ts";
import { verifyManifest } from "../../core/manifest/verify.ts";

const KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555";
const owner = await makeKey();
const manifest = manifestOf({
  owner,
  dataset: "visits",
  epoch: 1_763_856_000_000,
  keyArn: KEY_ARN,
  wrappedKey: new Uint8Array(100),
  objects: ["part-0.sealed", "part-1.sealed"].map((key, index) => ({
    key,
    format: "arrow",
    digest: String(index).repeat(96),
    bytes: 1000,
    rows: 1,
  })),
  rules: { ...RULES, recipients: [] },
  notAfter: 1_800_000_000_000,
});
const jws = await signAs(owner, manifest);
const dataset = {
  location: { bucket: "sealed", prefix: "visits/" },
  jws,
  verified: await verifyManifest(jws, { nowMs: 1_763_856_000_000 }),
};
const PLACES: JobPlaces = { job: "job.yaml", grants: [], enclave: "unix:/sockets", datasets: [dataset] };

const CASES: readonly (readonly [ErrorCode, Record<string, number>, Partial<JobPlaces>, string])[] = [
  ["RULES_RECIPIENT", {}, {}, "job.yaml"],
  ["PLAN_BOUNDS", {}, {}, "job.yaml"],
  ["JOB_INPUTS", {}, {}, "job.yaml"],
  ["GRANT_PLAN", {}, { grants: ["grant.jws"] }, "grant.jws"],
  ["GRANT_PLAN", {}, { grants: ["one.jws", "other.jws"] }, "job.yaml"],
  ["KMS_DENIED", {}, {}, KEY_ARN],
  ["OBJECT_DIGEST", { object: 1 }, {}, "s3://sealed/visits/part-1.sealed"],
  ["OBJECT_DIGEST", { object: 2 }, {}, "s3://sealed/visits/"],
  ["STORE_MISSING", {}, {}, "s3://sealed/visits/"],
  ["MANIFEST_EXPIRED", {}, {}, "s3://sealed/visits/"],
  ["KMS_DENIED", {}, { datasets: [dataset, dataset] }, "job.yaml"],
  ["OBJECT_DIGEST", { object: 1 }, { datasets: [dataset, dataset] }, "job.yaml"],
  ["TRANSPORT_CLOSED", {}, {}, "unix:/sockets"],
  ["POOL_THREAD", {}, {}, "unix:/sockets"],
  ["INTERNAL", {}, {}, "unix:/sockets"],
];

for (const [code, details, change, place] of CASES) {
  test(`${code} with ${JSON.stringify({ ...details, ...change }).slice(0, 60)} lies at ${place}`, () => {
    const refused = new JobRefused(code, details, undefined);
    assert.equal(findPlace(refused, { ...PLACES, ...change }), place);
  });
}

test("every code has a place, and what is no error of ours lies at the enclave", () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    assert.notEqual(findPlace(new SealroomError(code), PLACES), "");
  }
  assert.equal(findPlace(new TypeError("x"), PLACES), PLACES.enclave);
});
