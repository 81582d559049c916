// One object, from the host's bytes to a partial, in this process: what is read, in which order, and what is refused.
import assert from "node:assert/strict";
import { duplexPair, Readable } from "node:stream";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { compileJob } from "../../query/job.ts";
import { FRAME_OVERHEAD } from "../../core/seal/size.ts";
import type { ReadRequest } from "../../core/wire/gateway.ts";
import type { Dialer } from "../../core/wire/transport.ts";
import { objectRunner } from "../../enclave-worker/object-task.ts";
import type { ObjectTask } from "../../enclave-worker/object-task.ts";
import type { TaskOutcome } from "../../enclave-worker/pool.ts";
import { openSteps } from "../../enclave-worker/steps.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { compileProgram } from "../../jobs/registry.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { drawKey, FRAME_LENGTH, makeKey, makeRows, manifestOf, RULES, sealRows } from "../host/dataset.ts";
import type { Row, SealedObject } from "../host/dataset.ts";
import { BY_CITY } from "../host/host.ts";

const DATASET_KEY = drawKey();
const OWNER = await makeKey();
const MOST_READ_BYTES = 2 ** 20;

interface Served {
  readonly outcome: TaskOutcome;
  readonly requests: readonly ReadRequest[];
}

async function programFor(
  text: (owner: string) => string,
  object: SealedObject,
): Promise<Pick<ObjectTask, "program" | "schema" | "unit">> {
  const manifest: Manifest = manifestOf({
    owner: OWNER,
    dataset: "visits",
    epoch: 1,
    keyArn: "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
    wrappedKey: Uint8Array.of(1),
    objects: [object.entry],
    rules: { ...RULES, recipients: [OWNER.publicKey] },
    notAfter: 2,
  });
  const { plan } = await compileJob(text(OWNER.thumbprint), () => OWNER.publicKey);
  return { program: compileProgram(plan, [manifest]), schema: manifest.schema, unit: manifest.unit };
}

async function runTask(
  object: SealedObject,
  changes: Partial<ObjectTask> = {},
  text: (owner: string) => string = BY_CITY,
): Promise<Served> {
  const requests: ReadRequest[] = [];
  const dialer: Dialer = {
    connect: (port) => {
      assert.equal(port, "gateway");
      const [near, far] = duplexPair();
      void serveGateway(
        far,
        (request) => {
          requests.push(request);
          const { offset, length } = request;
          return Promise.resolve(Readable.from([object.bytes.slice(offset, offset + length)]));
        },
        () => undefined,
      );
      return Promise.resolve(near);
    },
  };
  const task: ObjectTask = {
    address: { job: "0123456789abcdef", input: 0, object: 3 },
    entry: object.entry,
    ...(await programFor(text, object)),
    datasetKey: DATASET_KEY.slice(),
    secrets: { masters: [], maps: [] },
    output: null,
    ...changes,
  };
  return { outcome: await objectRunner(dialer)({ task, steps: openSteps(MOST_READ_BYTES) }), requests };
}

function codeOf(outcome: TaskOutcome): ErrorCode | "result" {
  return "refusal" in outcome ? outcome.refusal.code : "result";
}

function seal(rows: readonly Row[]): SealedObject {
  return sealRows(rows, DATASET_KEY, "part-0.sealed");
}

test("reads an object and counts its rows and the bytes that were pulled", async () => {
  const object = seal(makeRows(1, 100, "read").flat());
  const { outcome, requests } = await runTask(object);
  assert.ok("result" in outcome);
  assert.equal(outcome.result.rows, 300);
  assert.equal(
    outcome.result.bytes,
    requests.reduce((sum, { length }) => sum + length, 0),
  );
  for (const { job, input, object: index, offset, length } of requests) {
    assert.deepEqual([job, input, index], ["0123456789abcdef", 0, 3]);
    assert.ok(offset + length <= object.bytes.length);
  }
});

test("reads the same ranges in the same order whatever the values are, and whatever is filtered for", async () => {
  const rows = makeRows(1, 200, "layout").flat();
  // Other people in the same places, other amounts, other cities of the same lengths.
  const other = rows.map(({ person, city }, index) => ({
    person: `PERSON${person.slice(6)}`,
    city: { north: "hills", south: "coast", west: "east", tiny: "isle" }[city] ?? city,
    amount: 400 - index,
  }));
  const where = (city: string) => (owner: string) =>
    `${BY_CITY(owner)}where: { column: city, op: "=", value: ${city} }\n`;
  const reads = [];
  for (const [data, city] of [
    [rows, "north"],
    [rows, "nowhere"],
    [other, "hills"],
    [other, "isle"],
  ] as const) {
    const { outcome, requests } = await runTask(seal(data), {}, where(city));
    assert.equal(codeOf(outcome), "result");
    reads.push(requests);
  }
  for (const requests of reads) assert.deepEqual(requests, reads[0]);
});

test("does not read the columns that the plan does not need", async () => {
  const object = seal(makeRows(1, 2000, "needed").flat());
  const { outcome, requests } = await runTask(
    object,
    {},
    (owner) => `datasets: { visits: { owner: ${owner} } }\nselect: [count_units]\nrecipient: analyst\n`,
  );
  assert.equal(codeOf(outcome), "result");
  // A frame in the middle of the names holds nothing else.
  const named = Buffer.from(object.plain).indexOf("person-0-0500");
  const sealedAt = Math.floor(named / FRAME_LENGTH) * (FRAME_LENGTH + FRAME_OVERHEAD);
  assert.ok(named > 0);
  for (const { offset, length } of requests) {
    assert.ok(offset > sealedAt + 4096 || offset + length < sealedAt);
  }
});

test("refuses an object under another key, of another digest, length, row count or schema", async () => {
  const object = seal(makeRows(1, 100, "refuse").flat());
  const { entry } = object;
  const [person, city, amount] = (await programFor(BY_CITY, object)).schema;
  assert.ok(person && city && amount);
  const cases: readonly (readonly [Partial<ObjectTask>, ErrorCode])[] = [
    [{ datasetKey: drawKey() }, "SEAL_KEY"],
    [{ entry: { ...entry, digest: "ab".repeat(48) } }, "OBJECT_DIGEST"],
    [{ entry: { ...entry, rows: entry.rows + 1 } }, "OBJECT_ROWS"],
    [{ entry: { ...entry, rows: entry.rows - 1 } }, "OBJECT_ROWS"],
    [{ entry: { ...entry, rows: 0 } }, "OBJECT_ROWS"],
    [{ schema: [person, amount, city] }, "COLUMN_SCHEMA"],
    [{ schema: [person, city] }, "COLUMN_SCHEMA"],
    [{ schema: [person, city, { ...amount, type: "int64" }] }, "COLUMN_SCHEMA"],
    [{ unit: "row" }, "COLUMN_SCHEMA"],
  ];
  for (const [changes, code] of cases) assert.equal(codeOf((await runTask(object, changes)).outcome), code);
  for (const bytes of [1, 100, entry.bytes - 1, entry.bytes + 1, entry.bytes - FRAME_LENGTH - 32]) {
    const { outcome } = await runTask(object, { entry: { ...entry, bytes } });
    assert.match(codeOf(outcome), /^(SEAL_|STORE_|TRANSPORT_CLOSED|OBJECT_DIGEST)/, String(bytes));
  }
});

test("one bit of a byte changed anywhere in what it reads is refused", async () => {
  const object = seal(makeRows(1, 40, "flip").flat());
  const step = process.env["SEALROOM_DEEP"] === undefined ? 23 : 1;
  for (let at = 0; at < object.bytes.length; at += step) {
    const bytes = object.bytes.slice();
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    const { outcome, requests } = await runTask({ ...object, bytes });
    const isRead = requests.some(({ offset, length }) => offset <= at && at < offset + length);
    assert.ok(isRead, "the object is so small that all of it is read");
    assert.match(codeOf(outcome), /^(SEAL|POLICY|OBJECT)_/, `byte ${at}`);
  }
});

test("clears its copy of the dataset key, however it ends", async () => {
  const object = seal(makeRows(1, 20, "clear").flat());
  for (const changes of [{}, { entry: { ...object.entry, rows: 1 } }]) {
    const datasetKey = DATASET_KEY.slice();
    await runTask(object, { ...changes, datasetKey });
    assert.ok(datasetKey.every((byte) => byte === 0));
  }
  const datasetKey = DATASET_KEY.slice();
  const unreachable: Dialer = { connect: () => Promise.reject(new SealroomError("TRANSPORT_CONNECT")) };
  const task: ObjectTask = {
    address: { job: "0123456789abcdef", input: 0, object: 0 },
    entry: object.entry,
    ...(await programFor(BY_CITY, object)),
    datasetKey,
    secrets: { masters: [], maps: [] },
    output: null,
  };
  const steps = openSteps(MOST_READ_BYTES);
  assert.equal(codeOf(await objectRunner(unreachable)({ task, steps })), "TRANSPORT_CONNECT");
  assert.ok(datasetKey.every((byte) => byte === 0));
});

test("tells of a fault that is not a refusal nothing but that there was one", async () => {
  const object = seal(makeRows(1, 20, "fault").flat());
  const broken: Dialer = { connect: () => Promise.reject(new Error("person-0-0001 has 499")) };
  const { program, schema, unit } = await programFor(BY_CITY, object);
  const task: ObjectTask = {
    address: { job: "0123456789abcdef", input: 0, object: 0 },
    entry: object.entry,
    program,
    schema,
    unit,
    datasetKey: DATASET_KEY.slice(),
    secrets: { masters: [], maps: [] },
    output: null,
  };
  const outcome = await objectRunner(broken)({ task, steps: openSteps(MOST_READ_BYTES) });
  assert.deepEqual(outcome, { refusal: { code: "INTERNAL", details: {} } });
});
