// Objects that an owner made so that a thread would run out of memory over them, in real threads of a pool that has
// little: each ends in a refusal, and the next object is read. Those that would keep one computing are in test/attacks.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { setEnvironmentData } from "node:worker_threads";
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import type { Vector } from "../../core/column/vector.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { compileJob } from "../../query/job.ts";
import { openPool } from "../../enclave-worker/pool.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { compileProgram } from "../../jobs/registry.ts";
import { SOCKETS } from "../../local/enclave-files.ts";
import { unixListener } from "../../transport/unix.ts";
import { typeOf, vectorOf } from "../column/cells.ts";
import { drawKey, makeKey, makeRows, manifestOf, RULES, sealRows } from "../host/dataset.ts";
import type { SealedObject } from "../host/dataset.ts";
import { refuses } from "../host/refusal.ts";

const MB = 2 ** 20;
const NEVER = new AbortController().signal;
const DATASET_KEY = drawKey();
const OWNER = await makeKey();

const sockets = await mkdtemp(join(tmpdir(), "sealroom-hostile-"));
setEnvironmentData(SOCKETS, sockets);
let served: Uint8Array = new Uint8Array(0);
let asked = 0;
const listening = await unixListener(sockets, "gateway").accept((connection) => {
  void serveGateway(
    connection,
    ({ offset, length }) => {
      asked += length;
      return Promise.resolve(Readable.from([served.subarray(offset, offset + length)]));
    },
    () => undefined,
  );
});
// A heap of 39 MiB, and reads of 19 MiB.
const thread = new URL("../../local/enclave-thread.ts", import.meta.url);
const pool = openPool({ thread, threads: 1, memoryBytes: 104 * MB });
after(async () => {
  await pool.close();
  await listening.close();
  await rm(sockets, { recursive: true });
});

const JOB = `
datasets:
  visits: { owner: ${OWNER.thumbprint} }
group_by: [city]
select:
  - count
recipient: analyst
`;

async function run(object: SealedObject, schema?: Manifest["schema"]): ReturnType<typeof pool.run> {
  const usual = manifestOf({
    owner: OWNER,
    dataset: "visits",
    epoch: 1,
    keyArn: "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
    wrappedKey: Uint8Array.of(1),
    objects: [object.entry],
    rules: { ...RULES, recipients: [OWNER.publicKey] },
    notAfter: 2,
  });
  const manifest: Manifest = schema === undefined ? usual : { ...usual, schema, unit: "row" };
  const { plan } = await compileJob(JOB, () => OWNER.publicKey);
  [served, asked] = [object.bytes, 0];
  return pool.run(
    {
      address: { job: "0123456789abcdef", input: 0, object: 0 },
      entry: object.entry,
      schema: manifest.schema,
      unit: manifest.unit,
      program: compileProgram(plan, [manifest]),
      datasetKey: DATASET_KEY.slice(),
      secrets: { masters: [], maps: [] },
      output: null,
    },
    NEVER,
  );
}

const CITIES: Manifest["schema"] = [{ name: "city", type: "utf8", role: "dimension" }];

/** An object of the one column. */
function sealCities(vector: Vector, dictionary: ArrowField["dictionary"]): SealedObject {
  const field: ArrowField = { name: "city", type: typeOf("utf8"), dictionary };
  const plain = encodeTable([field], [{ rows: vector.rows, columns: [vector] }]);
  const rows = Array.from({ length: vector.rows }, () => ({ person: "", city: "", amount: 0 }));
  return sealRows(rows, DATASET_KEY, "part-0.sealed", plain);
}

async function stillServes(): Promise<void> {
  const rows = makeRows(1, 10, "honest").flat();
  assert.equal((await run(sealRows(rows, DATASET_KEY, "part-0.sealed"))).rows, rows.length);
}

test("a cell that a thread has no room for is refused before it is asked for, with lengths that the layout has", async () => {
  const field: ArrowField = { name: "city", type: typeOf("utf8"), dictionary: null };
  const object = sealCities(vectorOf({ field, cells: ["x".repeat(20 * MB), "y"] }), null);
  const { details } = await refuses("POOL_MEMORY", run(object, CITIES));
  assert.deepEqual(Object.keys(details), ["bytes", "limit"]);
  assert.ok(asked < MB, `${asked} bytes were asked for`);
  await stillServes();
});

test("strings that fill a thread's heap are refused, the thread is replaced, and the next object is read", async () => {
  const values = Array.from({ length: MB }, (_, at) => at.toString(36));
  const codes = Int32Array.of(0, 1);
  const vector: Vector = {
    type: typeOf("utf8"),
    rows: 2,
    validity: null,
    layout: "dictionary",
    codes,
    values,
  };
  const { details } = await refuses("POOL_MEMORY", run(sealCities(vector, { id: 0, bits: 32 }), CITIES));
  assert.deepEqual(details, {});
  await stillServes();
});
