// The embedded stand-ins in a process of their own, and a real local enclave in another: what a job needs on one machine.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { parseMeasurements } from "../core/attestation/measurements.ts";
import type { AllowList } from "../host-driver/tunnel.ts";
import type { Endpoints } from "../local/services.ts";
import { encodeKeyPolicy, keyPolicy } from "../owner/key-policy.ts";
import type { KeyPolicyTerms } from "../owner/key-policy/terms.ts";

export const BUCKET = "bench";

export interface StandIns {
  readonly endpoints: Endpoints;
  /** Where the enclave listens, and the host is to. */
  readonly sockets: string;
  readonly directory: string;
  readonly s3: S3Client;
  /** As the owner. */
  readonly kms: KMSClient;
  readonly tunnel: AllowList;
  /** A key whose policy lets this image open this owner's data set. */
  createKey(terms: KeyTerms): Promise<string>;
  /** The most memory that the enclave's process has had, in bytes. */
  enclavePeak(): Promise<number>;
  /** Processor time of all its threads so far, in milliseconds; told to ten. */
  enclaveCpu(): Promise<number>;
  close(): Promise<void>;
}

interface KeyTerms extends Pick<KeyPolicyTerms, "owner" | "dataset" | "tokens" | "outputs"> {
  readonly epoch: number;
}

export async function startStandIns(): Promise<StandIns> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-bench-"));
  const main = fileURLToPath(new URL("../local/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "--enclave", "--state", join(directory, "state")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { sockets, ...endpoints } = JSON.parse(line) as Endpoints & { sockets: string };
  const { region, credentials, roles } = endpoints;
  const ca = await readFile(endpoints.kmsAuthority, "utf8");
  const agent = new Agent({ ca });
  const kmsAs = (role: "owner" | "breakGlass"): KMSClient =>
    new KMSClient({
      region,
      endpoint: endpoints.kms,
      credentials: credentials[role],
      requestHandler: new NodeHttpHandler({ httpsAgent: agent }),
    });
  const s3 = new S3Client({
    region,
    endpoint: endpoints.s3,
    forcePathStyle: true,
    credentials: credentials.owner,
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const kms = kmsAs("owner");
  const breakGlass = kmsAs("breakGlass");
  const measurements = parseMeasurements(await readFile(endpoints.measurements, "utf8"));
  return {
    endpoints,
    sockets,
    directory,
    s3,
    kms,
    tunnel: new Map([
      [`${endpoints.kmsHost}:443`, { host: "127.0.0.1", port: Number(new URL(endpoints.kms).port) }],
    ]),
    createKey: async ({ epoch, ...terms }) => {
      const policy = keyPolicy({
        measurements: [measurements],
        ownerRoleArn: roles.owner,
        enclaveRoleArn: roles.enclave,
        breakGlassRoleArn: roles.breakGlass,
        ...terms,
        liveEpochs: [epoch],
      });
      const { KeyMetadata } = await breakGlass.send(
        new CreateKeyCommand({ Policy: encodeKeyPolicy(policy) }),
      );
      return KeyMetadata?.Arn ?? "";
    },
    enclavePeak: () => peakOfChild(child.pid ?? 0),
    enclaveCpu: () => cpuOfChild(child.pid ?? 0),
    close: async () => {
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
      for (const client of [s3, kms, breakGlass, agent]) client.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Linux keeps the high-water mark of each process. */
async function peakOfChild(pid: number): Promise<number> {
  const status = await readFile(`/proc/${await childOf(pid)}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** User and system time are the 14th and 15th field, in hundredths of a second (proc(5)). */
async function cpuOfChild(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${await childOf(pid)}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function childOf(pid: number): Promise<string> {
  const [child = ""] = (await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8")).split(
    " ",
  );
  return child;
}

export function drawNonce(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}
