// A whole tokenization job by the functions that the commands call: ten million card numbers, sealed in S3, to a sealed copy
// in S3, two workers. Keys from KMS, object storage and the receipt are included.
import { createWriteStream } from "node:fs";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { parseJson } from "../core/json.ts";
import { parseOutputManifest } from "../core/manifest/output.ts";
import { prepareJob, runJob } from "../host-driver/client.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../owner/keys.ts";
import { parseRulesFile } from "../owner/rules-file.ts";
import { parseSchemaFile } from "../owner/schema-file.ts";
import { sealDataset } from "../owner/seal.ts";
import { makeTokenKey } from "../owner/token-key.ts";
import { interleave } from "./interleave.ts";
import type { Row } from "./row.ts";
import { BUCKET, drawNonce, startStandIns } from "./stand-ins.ts";
import type { StandIns } from "./stand-ins.ts";

const ROWS = 10_000_000;
const DATASET = "cards";
const DOMAIN = "card.pan";
const SCHEMA = "unit: row\ncolumns:\n  pan: { type: utf8, role: identifier }\n";
const rules = (audience: string, rule: string): string => `  ${audience}:
    dataset: ${DATASET}-${audience}
    columns: { pan: ${rule} }
`;
const RULES = `min_units: 10
max_groups: 1000
adhoc: true
recipients: [owner]
token_keys: [key]
tokenization:
${rules("keep", "keep")}${rules("pan", `{ operator: pan, domain: ${DOMAIN}, parameters: { keep: last4 } }`)}${rules(
  "siv",
  `{ operator: siv, domain: ${DOMAIN} }`,
)}`;
const AUDIENCES = ["keep", "pan", "siv"] as const;

export async function measureCopies(rounds: number): Promise<readonly Row[]> {
  const standIns = await startStandIns();
  try {
    return await inside(standIns, rounds);
  } finally {
    await standIns.close();
  }
}

async function inside(standIns: StandIns, rounds: number): Promise<readonly Row[]> {
  const { s3, kms, directory, endpoints, sockets, tunnel } = standIns;
  const csv = join(directory, "cards.csv");
  await writeCards(csv);
  const ownerKey = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  const { thumbprint: owner, sealing } = ownerKey;
  const epoch = Date.now();
  const tokens = [{ domain: DOMAIN, version: 1 }];
  const outputs = AUDIENCES.map((audience) => `${DATASET}-${audience}`);
  const keyArn = await standIns.createKey({ owner, dataset: DATASET, epoch, tokens, outputs });
  const tokenKey = await makeTokenKey({ domain: DOMAIN, version: 1, keyArn, ownerKey, kms });
  await sealDataset({
    inputs: [csv],
    dataset: DATASET,
    schema: parseSchemaFile(SCHEMA),
    rules: await parseRulesFile(
      RULES,
      () => Promise.resolve(sealing),
      () => Promise.resolve({ ...tokenKey }),
    ),
    ownerKey,
    keyArn,
    to: { bucket: BUCKET, prefix: `${DATASET}/` },
    s3,
    kms,
    nowMs: epoch,
  });
  const bytes = new Map<string, number>();
  const run = async (audience: string): Promise<number> => {
    const prepared = await prepareJob({
      job: `kind: tokenize\naudience: ${audience}\ndatasets: { ${DATASET}: { owner: ${owner} } }\nrecipient: owner\n`,
      resolveRecipient: () => sealing,
      from: new Map([[DATASET, `s3://${BUCKET}/${DATASET}/`]]),
      to: `s3://${BUCKET}/${audience}/`,
      s3,
      nowMs: Date.now(),
    });
    const { output } = await runJob(prepared, {
      enclave: `unix:${sockets}`,
      nonce: drawNonce(),
      grants: [],
      credentials: endpoints.credentials.enclave,
      tunnel,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    const { objects } = parseOutputManifest(output ?? new Uint8Array(0));
    bytes.set(
      audience,
      objects.reduce((sum, object) => sum + object.bytes, 0),
    );
    return ROWS;
  };
  const rates = await interleave(
    AUDIENCES.map((audience) => ({
      name: `whole job, ${String(ROWS / 1e6)} M card numbers: ${audience}`,
      run: () => run(audience),
    })),
    rounds,
  );
  return rates.flatMap((rate, at): Row[] => {
    const perValue = (bytes.get(AUDIENCES[at] ?? "") ?? 0) / ROWS;
    const megabytes = (value: number): number => value * perValue;
    return [
      { ...rate, unit: "M values/s" },
      {
        name: `the same, sealed bytes written: ${AUDIENCES[at] ?? ""}`,
        median: megabytes(rate.median),
        min: megabytes(rate.min),
        max: megabytes(rate.max),
        unit: "MB/s",
      },
    ];
  });
}

/** Sixteen digits each, the last of them a right check digit. */
async function writeCards(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write("pan\n");
  const lines = 100_000;
  for (let done = 0; done < ROWS; done += lines) {
    const text = Buffer.alloc(lines * 17, "\n");
    const random = randomBytes(lines * 15);
    for (let line = 0; line < lines; line += 1) {
      let sum = 0;
      for (let place = 0; place < 15; place += 1) {
        const digit = (random[line * 15 + place] ?? 0) % 10;
        text[line * 17 + place] = 0x30 + digit;
        const weighed = place % 2 === 0 ? 2 * digit : digit;
        sum += weighed > 9 ? weighed - 9 : weighed;
      }
      text[line * 17 + 15] = 0x30 + ((10 - (sum % 10)) % 10);
    }
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}
