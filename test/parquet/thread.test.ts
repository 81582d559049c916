// Parquet files that an owner made to keep a thread computing or to fill it, in real threads of a pool that has little:
// each ends in a refusal, and the next object is read, by the same thread or by one in its place.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { setEnvironmentData } from "node:worker_threads";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compileJob } from "../../query/job.ts";
import { openPool } from "../../enclave-worker/pool.ts";
import { serveGateway } from "../../host-driver/gateway.ts";
import { compileProgram } from "../../jobs/registry.ts";
import { SOCKETS } from "../../local/enclave-files.ts";
import { unixListener } from "../../transport/unix.ts";
import { i32Field } from "../../core/parquet/thrift-writer.ts";
import { entryOf, s3ecV2 } from "../adopt/specimens.ts";
import { makeKey, manifestOf, RULES } from "../host/dataset.ts";
import { refuses } from "../host/refusal.ts";
import { forge, MB, plainPage, type Forgery } from "./forger.ts";

const DATASET_KEY = new Uint8Array(randomBytes(32));
const OWNER = await makeKey();
const sockets = await mkdtemp(join(tmpdir(), "sealroom-parquet-"));
setEnvironmentData(SOCKETS, sockets);
let served: Uint8Array = new Uint8Array(0);
const listening = await unixListener(sockets, "gateway").accept((connection) => {
  void serveGateway(
    connection,
    ({ offset, length }) => Promise.resolve(Readable.from([served.subarray(offset, offset + length)])),
    () => undefined,
  );
});
// A decoder's memory of 24 MiB.
const thread = new URL("../../local/enclave-thread.ts", import.meta.url);
const pool = openPool({ thread, threads: 1, memoryBytes: 128 * MB });
after(async () => {
  await pool.close();
  await listening.close();
  await rm(sockets, { recursive: true });
});

const JOB = `
datasets:
  visits: { owner: ${OWNER.thumbprint} }
group_by: [c]
select:
  - count
recipient: analyst
`;

async function run(forgery: Forgery, rows = forgery.rows ?? 3): ReturnType<typeof pool.run> {
  const specimen = s3ecV2(forge(forgery));
  const entry = await entryOf(specimen, DATASET_KEY, 0, { format: "parquet", rows });
  const usual = manifestOf({
    owner: OWNER,
    dataset: "visits",
    epoch: 1,
    keyArn: "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012",
    wrappedKey: Uint8Array.of(1),
    objects: [entry],
    rules: { ...RULES, bounds: {}, recipients: [OWNER.publicKey] },
    notAfter: 2,
  });
  const manifest = {
    ...usual,
    schema: [{ name: "c", type: "int32", role: "dimension" }],
    unit: "row",
  } as const;
  const { plan } = await compileJob(JOB, () => OWNER.publicKey);
  served = specimen.bytes;
  return pool.run(
    {
      address: { job: "0123456789abcdef", input: 0, object: 0 },
      entry,
      schema: manifest.schema,
      unit: manifest.unit,
      program: compileProgram(plan, [manifest]),
      datasetKey: DATASET_KEY.slice(),
      secrets: { masters: [], maps: [] },
      output: null,
    },
    new AbortController().signal,
  );
}

async function stillServes(): Promise<void> {
  assert.equal((await run({})).rows, 3);
}

test("a file is read, and one of more or fewer rows than the manifest says is refused", async () => {
  await stillServes();
  for (const rows of [2, 4]) await refuses("OBJECT_ROWS", run({}, rows));
  await stillServes();
});

test("a page that has no room in the decoder's memory ends in a refusal, and the thread reads the next object", async () => {
  const pages = plainPage(zstdCompressSync(Buffer.alloc(100 * MB)), 10, 100 * MB);
  const refusal = await run({ rows: 10, pages, facts: { 4: i32Field(6) } }).catch((error: unknown) => error);
  assert.match((refusal as { code: string }).code, /^(COLUMN_PARQUET|POOL_MEMORY)$/);
  await stillServes();
});

test("pages that take longer to decompress than honest ones end in a refusal, the thread is replaced, and the next object is read", async () => {
  // Of each mebibyte the first value alone is one of the column's.
  const rows = 5_000;
  const page = plainPage(gzipSync(Buffer.alloc(MB)), 1, MB);
  const pages = new Uint8Array(Buffer.concat(Array<Uint8Array>(rows).fill(page)));
  await refuses("POOL_TIME", run({ rows, pages, facts: { 4: i32Field(2) } }));
  await stillServes();
});
