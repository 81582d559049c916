// Two threads over the frames that a job reads: the cipher alone, frames opened, the group-by from memory, and through a
// gateway in a process of its own, which serves from memory or from the local S3.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Origin } from "./gateway-process.ts";
import { SCHEMA } from "./columns.ts";
import { interleave } from "./interleave.ts";
import type { Contestant } from "./interleave.ts";
import { programFor } from "./job.ts";
import type { LoadName } from "./load.ts";
import { makePlain, sealObject } from "./object.ts";
import { beside } from "./row.ts";
import type { Row } from "./row.ts";
import { BUCKET, startStandIns } from "./stand-ins.ts";
import type { StandIns } from "./stand-ins.ts";
import { Threads } from "./threads.ts";

const BATCHES = 4;
/** Objects a thread and round: some 100 MB of frames. */
const TIMES = 8;
const KEY = "part-0";

/** Everything that needs no S3. */
export async function measureMemoryRates(rounds: number): Promise<readonly Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-bench-"));
  const file = join(directory, KEY);
  const { setup, sealed } = await prepare(directory);
  await writeFile(file, sealed);
  const stop = await startGateway(directory, { kind: "memory", file });
  const threads = new Threads(setup);
  const rates = await interleave(
    [
      contestant(threads, "2 threads: node:crypto alone, frames in memory", "decrypt"),
      contestant(threads, "2 threads: the same, its output's memory given back at once", "reuse"),
      contestant(threads, "2 threads: frames opened, columns checked", "open"),
      contestant(threads, "2 threads: group-by, frames in memory", "memory"),
      contestant(threads, "2 threads: pull and discard, gateway from memory", "pull"),
      contestant(threads, "2 threads: group-by, gateway from memory", "socket"),
    ],
    rounds,
  );
  await threads.close();
  await stop();
  await rm(directory, { recursive: true });
  return beside(rates, "MB/s", rates[0]?.name ?? "", {
    "2 threads: group-by, frames in memory": 0.8,
    "2 threads: group-by, gateway from memory": 0.4,
  });
}

export async function measureS3Rates(rounds: number): Promise<readonly Row[]> {
  const standIns = await startStandIns();
  try {
    return await throughS3(standIns, rounds);
  } finally {
    await standIns.close();
  }
}

async function throughS3({ s3, endpoints, directory }: StandIns, rounds: number): Promise<readonly Row[]> {
  const { setup, sealed } = await prepare(directory);
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: sealed }));
  const stop = await startGateway(directory, {
    kind: "s3",
    endpoint: endpoints.s3,
    region: endpoints.region,
    credentials: endpoints.credentials.owner,
    bucket: BUCKET,
    key: KEY,
  });
  const threads = new Threads(setup);
  const pull = "2 threads: pull and discard, gateway from local S3";
  const job = "2 threads: group-by, gateway from local S3";
  const rates = await interleave(
    [contestant(threads, pull, "pull", 2), contestant(threads, job, "socket", 2)],
    rounds,
  );
  await threads.close();
  await stop();
  return beside(rates, "MB/s", pull, { [job]: 0.8 });
}

function contestant(threads: Threads, name: string, load: LoadName, times: number = TIMES): Contestant {
  return { name, run: () => threads.run(load, times) };
}

async function prepare(
  sockets: string,
): Promise<{ setup: ConstructorParameters<typeof Threads>[0]; sealed: Uint8Array }> {
  const datasetKey = new Uint8Array(randomBytes(32));
  const { entry, bytes } = sealObject(makePlain(BATCHES), datasetKey, KEY);
  const program = await programFor([entry], "city", "visits");
  return { setup: { entry, sealed: bytes, datasetKey, program, schema: SCHEMA, sockets }, sealed: bytes };
}

export async function startGateway(sockets: string, origin: Origin): Promise<() => Promise<void>> {
  const main = fileURLToPath(new URL("./gateway-process.ts", import.meta.url));
  const child = spawn(process.execPath, [main, sockets, JSON.stringify(origin)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return async () => {
    const exited = once(child, "exit");
    child.stdin.end();
    await exited;
  };
}
