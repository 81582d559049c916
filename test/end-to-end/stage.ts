// A data set in the local S3, a real enclave, and a relay between it and `sealroom run`, for tests in which one of them
// is killed. The command finds all of it as it finds a running `sealroom local`.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { MANIFEST_KEY } from "../../host-driver/store.ts";
import { writeKeyFiles } from "../../owner/key-file.ts";
import { naiveByCity } from "../host/answer.ts";
import { startEnclave } from "../host/enclave.ts";
import type { EnclaveProcess } from "../host/enclave.ts";
import { BY_CITY } from "../host/host.ts";
import { sealDataset, startWorld } from "../host/world.ts";
import { Relay } from "./relay.ts";
import type { Moment } from "./relay.ts";

const FILES = ["receipt.json", "result.arrow", "result.csv", "result.jwe"];
const THREADS = 2;

export interface Stage {
  /** `sealroom run` with the same arguments each time. */
  readonly args: readonly string[];
  readonly out: string;
  /** Called at each moment, with everything held until it resolves. */
  onMoment: (moment: Moment) => Promise<void>;
  killEnclave(): Promise<void>;
  /** Starts another in place of one that was killed, and cuts what is left of the last job's connections. */
  reset(): Promise<void>;
  /** Whether the result is there, whole, with its receipt; fails if what is there is anything else but nothing. */
  hasResult(): Promise<boolean>;
  close(): Promise<void>;
}

export async function startStage(): Promise<Stage> {
  const world = await startWorld({ threads: THREADS });
  const { endpoints } = world.services;
  const dataset = await sealDataset(world);
  const s3 = new S3Client({
    region: endpoints.region,
    endpoint: endpoints.s3,
    credentials: endpoints.credentials.owner,
    forcePathStyle: true,
  });
  await s3.send(new CreateBucketCommand({ Bucket: "sealed" }));
  const put = (key: string, Body: Uint8Array) =>
    s3.send(new PutObjectCommand({ Bucket: "sealed", Key: `visits/${key}`, Body }));
  for (const { entry, bytes } of dataset.objects) await put(entry.key, bytes);
  await put(MANIFEST_KEY, dataset.jws);
  s3.destroy();

  const home = join(world.state, "..");
  const sockets = join(home, "host");
  const results = join(home, "results");
  await Promise.all([mkdir(sockets), mkdir(results)]);
  const key = join(home, "analyst.key");
  await writeKeyFiles(key, { kind: "recipient", entries: [{ use: "enc", key: world.analyst.privateKey }] });
  const job = BY_CITY(world.owner.thumbprint)
    .replace(" }\n", ", from: s3://sealed/visits/ }\n")
    .replace("recipient: analyst", "recipient: analyst.key.pub");
  await writeFile(join(home, "job.yaml"), job);
  // As `sealroom local` announces itself.
  const running = { pid: process.pid, ...endpoints, sockets };
  await writeFile(join(world.state, "running.json"), JSON.stringify(running));

  const out = join(results, "out");
  let enclave: EnclaveProcess | null = world.enclave;
  let dying: Promise<void> = Promise.resolve();
  const stage: Stage = {
    args: [
      ...["run", join(home, "job.yaml"), "--out", out, "--nonce", "5e".repeat(32)],
      ...["--recipient-key", key, "--state", world.state],
    ],
    out,
    onMoment: () => Promise.resolve(),
    killEnclave: async () => {
      const killed = enclave;
      enclave = null;
      // Closed, it would end by itself, and tell what it has.
      dying = killed === null ? dying : killed.kill().then(() => killed.close());
      await dying;
      // What it had sent and nobody had read is gone with it, as far as the host had not got it.
      relay.cut();
    },
    reset: async () => {
      relay.cut();
      stage.onMoment = () => Promise.resolve();
      await dying;
      enclave ??= await startEnclave(world.services, world.sockets, THREADS);
    },
    hasResult: async () => {
      for (const name of await readdir(results)) {
        // What a killed process had begun lies hidden under a name that says so.
        if (name !== "out") assert.match(name, /^\.out\.partial-\d+-\w{6}$/);
      }
      const found = await readdir(out).catch(() => null);
      if (found === null) return false;
      assert.deepEqual(found.sort(), FILES);
      assert.equal(await readFile(join(out, "result.csv"), "utf8"), expected);
      return true;
    },
    close: async () => {
      await relay.close();
      await enclave?.close();
      await world.close();
    },
  };
  const rows = naiveByCity(dataset.objects.flatMap((object) => object.rows));
  const expected = [["city", "count_units", "total"], ...rows.map((row) => Object.values(row))]
    .map((cells) => `${cells.join(",")}\r\n`)
    .join("");
  const relay = await Relay.start({
    enclave: world.sockets,
    host: sockets,
    onMoment: (moment) => stage.onMoment(moment),
  });
  return stage;
}
