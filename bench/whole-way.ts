// The whole way by the functions that the commands call: CSV sealed to the local S3, a job in the local enclave, its receipt
// verified.
import { randomInt } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMeasurements } from "../core/attestation/measurements.ts";
import { trustRoot } from "../core/attestation/root.ts";
import { parseJson } from "../core/json.ts";
import { verifyReceipt } from "../core/receipt/verify.ts";
import { prepareJob, runJob } from "../host-driver/client.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../owner/keys.ts";
import { parseRulesFile } from "../owner/rules-file.ts";
import { parseSchemaFile } from "../owner/schema-file.ts";
import { sealDataset } from "../owner/seal.ts";
import { interleave } from "./interleave.ts";
import { DATASET, jobText } from "./job.ts";
import type { Row } from "./row.ts";
import { BUCKET, drawNonce, startStandIns } from "./stand-ins.ts";
import type { StandIns } from "./stand-ins.ts";

const ROWS = 1_000_000;
const VERIFICATIONS = 20;
const SCHEMA = `unit: person
columns:
  person: { type: int64, role: unit }
  city: { type: utf8, role: dimension }
  visits: { type: int64, role: measure }
  price: { type: float64, role: measure }
`;
const RULES = `min_units: 10
max_groups: 1000
adhoc: true
bounds: { visits: { lower: 0, upper: 1000 }, price: { lower: 0, upper: 100 } }
recipients: [analyst]
`;

export async function measureWholeWay(rounds: number): Promise<readonly Row[]> {
  const standIns = await startStandIns();
  try {
    return await inside(standIns, rounds);
  } finally {
    await standIns.close();
  }
}

async function inside(standIns: StandIns, rounds: number): Promise<readonly Row[]> {
  const { s3, kms, directory, endpoints, sockets, tunnel } = standIns;
  const csv = join(directory, "rows.csv");
  await writeCsv(csv);
  const csvBytes = (await stat(csv)).size;
  const ownerKey = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  const { thumbprint, sealing } = ownerKey;
  const schema = parseSchemaFile(SCHEMA);
  const rules = await parseRulesFile(RULES, () => Promise.resolve(sealing));
  let prefix = "";
  const seal = async (): Promise<number> => {
    const epoch = Date.now();
    prefix = `${String(epoch)}/`;
    const keyArn = await standIns.createKey({ owner: thumbprint, dataset: DATASET, epoch });
    await sealDataset({
      inputs: [csv],
      dataset: DATASET,
      schema,
      rules,
      ownerKey,
      keyArn,
      to: { bucket: BUCKET, prefix },
      s3,
      kms,
      nowMs: epoch,
    });
    return csvBytes;
  };
  const nonce = drawNonce();
  let verify = (): Promise<unknown> => Promise.resolve();
  const run = async (): Promise<number> => {
    const job = await prepareJob({
      job: jobText(thumbprint, "city", "visits"),
      resolveRecipient: () => sealing,
      from: new Map([[DATASET, `s3://${BUCKET}/${prefix}`]]),
      s3,
      nowMs: Date.now(),
    });
    const { receipt, result } = await runJob(job, {
      enclave: `unix:${sockets}`,
      nonce,
      grants: [],
      credentials: endpoints.credentials.enclave,
      tunnel,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    const check = {
      receipt,
      result,
      root: trustRoot(await readFile(endpoints.simulatedRoot, "utf8")),
      measurements: [parseMeasurements(await readFile(endpoints.measurements, "utf8"))],
      nonce,
      owners: { [DATASET]: thumbprint },
      plan: job.plan,
    };
    verify = () => verifyReceipt(check);
    return ROWS;
  };
  const verifyMany = async (): Promise<number> => {
    for (let time = 0; time < VERIFICATIONS; time += 1) await verify();
    return VERIFICATIONS * 1e6;
  };
  const rates = await interleave(
    [
      { name: `seal ${(csvBytes / 1e6).toFixed(0)} MB of CSV to local S3`, run: seal },
      { name: "whole job in the local enclave, KMS and receipt included", run },
      { name: "verify a receipt", run: verifyMany },
    ],
    rounds,
  );
  const units = ["MB/s of CSV", "M rows/s", "receipts/s"];
  return rates.map((rate, index) => ({ ...rate, unit: units[index] ?? "" }));
}

/** Some five rows a person, in no order. */
async function writeCsv(path: string): Promise<void> {
  const lines = ["person,city,visits,price"];
  for (let row = 0; row < ROWS; row += 1) {
    const draw = randomInt(2 ** 32);
    const price = ((draw >>> 7) % 10_000) / 100;
    lines.push(
      `${String(draw % (ROWS / 5))},city-${String(draw % 97)},${String(draw % 1000)},${String(price)}`,
    );
  }
  await writeFile(path, `${lines.join("\n")}\n`);
}
