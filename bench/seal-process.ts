// Seals one CSV in a process of its own, so that its memory and its processor time are sealing's alone, and prints both.
import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { parseJson } from "../core/json.ts";
import type { Endpoints } from "../local/services.ts";
import { parseOwnerKey } from "../owner/keys.ts";
import { parseRulesFile } from "../owner/rules-file.ts";
import { parseSchemaFile } from "../owner/schema-file.ts";
import { sealDataset } from "../owner/seal.ts";

export interface SealWork {
  readonly endpoints: Endpoints;
  readonly csv: string;
  readonly dataset: string;
  readonly keyArn: string;
  /** The owner's key file, as JSON. */
  readonly ownerKey: string;
  readonly schema: string;
  readonly rules: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly epoch: number;
}

export interface SealCost {
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const [argument] = process.argv.slice(2);
if (argument === undefined) throw new Error("started by bench/seal-large.ts");
const work = JSON.parse(argument) as SealWork;
const { region, s3: endpoint, kms, kmsAuthority, credentials } = work.endpoints;
const ownerKey = await parseOwnerKey(parseJson(work.ownerKey));
const httpsAgent = new Agent({ ca: await readFile(kmsAuthority, "utf8") });
await sealDataset({
  inputs: [work.csv],
  dataset: work.dataset,
  schema: parseSchemaFile(work.schema),
  rules: await parseRulesFile(work.rules, () => Promise.resolve(ownerKey.sealing)),
  ownerKey,
  keyArn: work.keyArn,
  to: { bucket: work.bucket, prefix: work.prefix },
  s3: new S3Client({ region, endpoint, forcePathStyle: true, credentials: credentials.owner }),
  kms: new KMSClient({
    region,
    endpoint: kms,
    credentials: credentials.owner,
    requestHandler: new NodeHttpHandler({ httpsAgent }),
  }),
  nowMs: work.epoch,
});
const { user, system } = process.cpuUsage();
const status = await readFile("/proc/self/status", "utf8");
const cost: SealCost = {
  cpuSeconds: (user + system) / 1e6,
  peakBytes: Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024,
};
process.stdout.write(`${JSON.stringify(cost)}\n`);
process.exit(0);
