import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeCanonical } from "../../core/json.ts";
import { MAX_PLAN_BYTES } from "../../core/plan/plan.ts";
import {
  MAX_GRANTS,
  MAX_INPUTS,
  readJobEvent,
  readJobRequest,
  writeJobEvent,
  writeJobRequest,
} from "../../core/wire/job.ts";
import type { JobEvent, JobRequest } from "../../core/wire/job.ts";
import { refuses } from "../host/refusal.ts";
import { connectedPair, fed, written } from "./pair.ts";

const REQUEST: JobRequest = {
  job: "0123456789abcdef",
  nonce: "ab".repeat(16),
  credentials: { accessKeyId: "ASIA", secretAccessKey: "secret", sessionToken: "token" },
  plan: Uint8Array.of(1, 2, 3),
  manifests: [Uint8Array.of(4, 5)],
  grants: [Uint8Array.of(6)],
};

const MEMBERS = {
  accessKeyId: "ASIA",
  attachments: [3, 2, 1],
  grants: 1,
  job: "0123456789abcdef",
  manifests: 1,
  nonce: "ab".repeat(16),
  secretAccessKey: "secret",
  sessionToken: "token",
  type: "job",
};

/** The message of these members, with zeros for attachments. */
function message(members: Record<string, unknown>, attachmentBytes = 6): Uint8Array {
  const json = encodeCanonical(members);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(json.length);
  return Buffer.concat([prefix, json, Buffer.alloc(attachmentBytes)]);
}

function without<T extends object>(members: T, name: keyof T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([key]) => key !== name)) as Partial<T>;
}

test("a job request comes out as it went in, however it was cut", async () => {
  const part = fc.uint8Array({ maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        plan: part,
        manifests: fc.array(part, { maxLength: MAX_INPUTS }),
        grants: fc.array(part, { maxLength: MAX_GRANTS }),
        nonce: fc.uint8Array({ minLength: 16, maxLength: 64 }),
      }),
      fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 5 }),
      fc.boolean(),
      async ({ nonce, ...parts }, chunks, session) => {
        const { accessKeyId, secretAccessKey } = REQUEST.credentials;
        const credentials = session ? REQUEST.credentials : { accessKeyId, secretAccessKey };
        const request = { ...REQUEST, ...parts, credentials, nonce: Buffer.from(nonce).toString("hex") };
        const bytes = await written((stream) => writeJobRequest(stream, request));
        assert.deepEqual(await readJobRequest(fed(bytes, chunks)), request);
      },
    ),
    { numRuns: 40 },
  );
});

test("refuses a job request that lacks a member, or has one more", async () => {
  await readJobRequest(fed(message(MEMBERS)));
  await readJobRequest(fed(message(without(MEMBERS, "sessionToken"))));
  for (const name of Object.keys(MEMBERS) as (keyof typeof MEMBERS)[]) {
    if (name === "sessionToken") continue;
    await refuses("WIRE_FIELD", readJobRequest(fed(message(without(MEMBERS, name)))));
  }
  for (const name of ["debug", "Type", "time", "nowMs", "valueOf2"]) {
    const refusal = await refuses("WIRE_FIELD", readJobRequest(fed(message({ ...MEMBERS, [name]: 1 }))));
    assert.deepEqual(refusal.details, { name: "unknown" });
  }
});

test("refuses a job request with a malformed member, and names the member only", async () => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    type: ["Job", "jobs", 1, null],
    job: ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdef0", 1, null, "../../../etc/pas"],
    nonce: ["", "ab".repeat(15), "ab".repeat(65), "AB".repeat(16), `${"ab".repeat(16)}a`, 7, null],
    accessKeyId: ["", " ", "a b", "a\u00e9", "x".repeat(16_385), 1, null],
    secretAccessKey: ["", "a\tb", null],
    sessionToken: ["", null, {}],
    manifests: [-1, 1.5, "1", null, MAX_INPUTS + 1, 2 ** 53],
    grants: [-1, 1.5, "1", null, MAX_GRANTS + 1],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      // What the JSON layer refuses is refused there.
      const code = value === 2 ** 53 || value === "a\tb" ? "WIRE_JSON" : "WIRE_FIELD";
      const bytes = message({ ...MEMBERS, [name]: value });
      const refusal = await refuses(code, readJobRequest(fed(bytes, [4096])));
      if (code === "WIRE_FIELD") assert.deepEqual(refusal.details, { name });
    }
  }
});

test("refuses attachments that are not the plan, the manifests and the grants", async () => {
  const cases = [
    { attachments: [3, 2] },
    { attachments: [3, 1, 1, 1] },
    { manifests: 0 },
    { manifests: 2 },
    { grants: 0 },
    { grants: 2 },
    { attachments: [6], manifests: 1, grants: 0 },
  ];
  for (const parts of cases) {
    await refuses("WIRE_LENGTH", readJobRequest(fed(message({ ...MEMBERS, ...parts }))));
  }
  await refuses("WIRE_LENGTH", readJobRequest(fed(message({ ...MEMBERS, attachments: [] }))));
});

test("refuses a plan past its length, and a request past all lengths before it is sent", async () => {
  const plan = MAX_PLAN_BYTES + 1;
  const late = message({ ...MEMBERS, attachments: [plan, 0, 0] }, plan);
  await refuses("WIRE_LENGTH", readJobRequest(fed(late)));
  const { stream, peer } = connectedPair();
  peer.write(message({ ...MEMBERS, attachments: [0, 2 ** 30, 0] }, 0));
  await refuses("WIRE_LENGTH", readJobRequest(stream));
});

const EVENTS: readonly JobEvent[] = [
  { type: "progress", objects: 0, ofObjects: 100_000, bytes: 2 ** 52 },
  { type: "refused", code: "MANIFEST_EXPIRED", details: { notAfter: 5, dataset: "visits", late: true } },
  { type: "refused", code: "INTERNAL", details: {} },
  { type: "done", receipt: Uint8Array.of(1, 2), result: new Uint8Array(100_000).fill(3), output: null },
  { type: "done", receipt: new Uint8Array(0), result: new Uint8Array(0), output: null },
  {
    type: "done",
    receipt: Uint8Array.of(1),
    result: Uint8Array.of(2),
    output: new Uint8Array(70_000).fill(4),
  },
  { type: "done", receipt: Uint8Array.of(1), result: Uint8Array.of(2), output: new Uint8Array(0) },
];

test("events come out as they went in, one after another, however they were cut", async () => {
  const bytes = await written(async (stream) => {
    for (const event of EVENTS) await writeJobEvent(stream, event);
  });
  for (const chunks of [[1000], [7, 65_536], [bytes.length]]) {
    const stream = fed(bytes, chunks);
    for (const event of EVENTS) assert.deepEqual(await readJobEvent(stream), event);
    assert.equal(await stream.atEnd(), true);
  }
});

test("refuses events of an unknown kind, with missing, unknown or malformed members", async () => {
  const progress = { type: "progress", objects: 1, ofObjects: 2, bytes: 3 };
  const refused = { type: "refused", code: "INTERNAL", details: {} };
  const wrong: Record<string, unknown>[] = [
    {},
    { type: "finished" },
    { type: 1 },
    { ...progress, rows: 5 },
    { ...progress, bytes: -1 },
    { ...progress, bytes: 1.5 },
    without(progress, "objects"),
    { ...progress, attachments: [0] },
    without(refused, "details"),
    without(refused, "code"),
    { ...refused, code: "NO_SUCH_CODE" },
    { ...refused, code: "toString" },
    { ...refused, message: "text" },
    { ...refused, stack: "text" },
    { ...refused, details: null },
    { ...refused, details: [] },
    { ...refused, details: ["a"] },
    { ...refused, details: "a" },
    { ...refused, details: { a: null } },
    { ...refused, details: { a: { b: 1 } } },
    { ...refused, details: { a: [1] } },
    { ...refused, attachments: [0] },
    { type: "done" },
    { type: "done", attachments: [1, 2], code: "INTERNAL" },
  ];
  for (const members of wrong) await refuses("WIRE_FIELD", readJobEvent(fed(message(members))));
  for (const attachments of [[1], [1, 1, 1, 1], [2 ** 31, 1], [1, 1, 2 ** 31]]) {
    await refuses("WIRE_LENGTH", readJobEvent(fed(message({ type: "done", attachments }))));
  }
});

test("a refusal arrives though one of its details was cut in half a character", async () => {
  const details = { name: "a\ud83d", other: "\udc00b" };
  const bytes = await written((stream) =>
    writeJobEvent(stream, { type: "refused", code: "JSON_DUPLICATE", details }),
  );
  assert.deepEqual(await readJobEvent(fed(bytes)), {
    type: "refused",
    code: "JSON_DUPLICATE",
    details: { name: "a\ufffd", other: "\ufffdb" },
  });
});
