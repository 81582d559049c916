// The most memory that the enclave's process has had after jobs over more and more data, in which every row is another
// unit's. The data is real and the enclave the local one; its objects come from files instead of S3.
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { datasetContext } from "../core/manifest/encryption-context.ts";
import type { ObjectEntry } from "../core/manifest/manifest.ts";
import { signManifest } from "../core/manifest/sign.ts";
import { compileJob } from "../query/job.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import { readJobEvent, writeJobRequest } from "../core/wire/job.ts";
import { serveGateway } from "../host-driver/gateway.ts";
import { serveTunnel } from "../host-driver/tunnel.ts";
import { parseJson } from "../core/json.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../owner/keys.ts";
import { connectUnix, ENCLAVE_SOCKET, unixListener } from "../transport/unix.ts";
import { SCHEMA } from "./columns.ts";
import { DATASET, rulesFor, wideJob } from "./job.ts";
import { makePlain, sealObject } from "./object.ts";
import { drawNonce, startStandIns } from "./stand-ins.ts";
import type { StandIns } from "./stand-ins.ts";

export interface MemoryPeak {
  /** Of the data set, sealed. */
  readonly bytes: number;
  readonly units: number;
  /** What the job pulled. */
  readonly pulled: number;
  readonly peakBytes: number;
  /** Processor time that the job took of the enclave's process, milliseconds. */
  readonly cpuMs: number;
}

const BATCHES = 4;

/** Peaks after jobs over so many bytes each, in one enclave and so never falling. */
export async function measureMemory(sizes: readonly number[]): Promise<readonly MemoryPeak[]> {
  const standIns = await startStandIns();
  try {
    const run = await prepare(standIns, Math.max(...sizes));
    const peaks: MemoryPeak[] = [];
    for (const size of sizes) peaks.push(await run(size));
    return peaks;
  } finally {
    await standIns.close();
  }
}

async function prepare(
  standIns: StandIns,
  mostBytes: number,
): Promise<(size: number) => Promise<MemoryPeak>> {
  const { kms, directory, endpoints, sockets, tunnel } = standIns;
  const owner = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  const epoch = Date.now();
  const keyArn = await standIns.createKey({ owner: owner.thumbprint, dataset: DATASET, epoch });
  const EncryptionContext = datasetContext({ owner: owner.thumbprint, dataset: DATASET, epoch });
  const drawn = await kms.send(
    new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: "AES_256", EncryptionContext }),
  );
  const objects = await sealObjects(
    join(directory, "objects"),
    drawn.Plaintext ?? new Uint8Array(0),
    mostBytes,
  );
  const { bytes } = await compileJob(wideJob(owner.thumbprint), () => owner.sealing);
  await unixListener(sockets, "gateway").accept((connection) => {
    const file = (object: number): string => join(directory, "objects", String(object));
    void serveGateway(
      connection,
      ({ object, offset, length }) =>
        Promise.resolve(createReadStream(file(object), { start: offset, end: offset + length - 1 })),
      fail,
    );
  });
  await unixListener(sockets, "tunnel").accept((connection) => {
    void serveTunnel(connection, tunnel, fail);
  });
  return async (size) => {
    const used: ObjectEntry[] = [];
    for (let total = 0; total < size; total += used.at(-1)?.bytes ?? 0) {
      const next = objects[used.length];
      if (next === undefined) break;
      used.push(next);
    }
    const manifest = await signManifest(
      {
        version: 1,
        dataset: DATASET,
        epoch,
        keyArn,
        wrappedKey: Buffer.from(drawn.CiphertextBlob ?? []).toString("base64url"),
        objects: used,
        schema: SCHEMA,
        rules: rulesFor(owner.sealing),
        ownerKey: owner.sealing,
        notAfter: epoch + 86_400_000,
        unit: "column",
      },
      owner.signing,
    );
    const cpuBefore = await standIns.enclaveCpu();
    const stream = new ByteStream(await connectUnix(join(sockets, ENCLAVE_SOCKET)), 600_000);
    await writeJobRequest(stream, {
      job: "0123456789abcdef",
      nonce: Buffer.from(drawNonce()).toString("hex"),
      credentials: endpoints.credentials.enclave,
      plan: bytes,
      manifests: [manifest],
      grants: [],
    });
    let pulled = 0;
    for (;;) {
      const event = await readJobEvent(stream);
      if (event.type === "refused") {
        throw new Error(`refused: ${event.code} ${JSON.stringify(event.details)}`);
      }
      if (event.type === "done") break;
      pulled = event.bytes;
    }
    stream.destroy();
    return {
      bytes: used.reduce((sum, entry) => sum + entry.bytes, 0),
      units: used.reduce((sum, entry) => sum + entry.rows, 0),
      pulled,
      peakBytes: await standIns.enclavePeak(),
      cpuMs: (await standIns.enclaveCpu()) - cpuBefore,
    };
  };
}

async function sealObjects(
  directory: string,
  key: Uint8Array,
  mostBytes: number,
): Promise<readonly ObjectEntry[]> {
  await mkdir(directory);
  const plain = makePlain(BATCHES);
  const entries: ObjectEntry[] = [];
  for (let total = 0; total < mostBytes;) {
    const { entry, bytes } = sealObject(plain, key, `part-${String(entries.length)}`);
    await writeFile(join(directory, String(entries.length)), bytes);
    entries.push(entry);
    total += bytes.length;
  }
  return entries;
}

function fail(error: unknown): void {
  console.error(error);
}
