// An owner who adopts, against the local S3 and KMS, with a key of somebody who writes.
import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { CreateKeyCommand, KMS } from "@aws-sdk/client-kms";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Measurements } from "../../core/attestation/measurements.ts";
import { parseJson } from "../../core/json.ts";
import { verifyManifest } from "../../core/manifest/verify.ts";
import type { VerifiedManifest } from "../../core/manifest/manifest.ts";
import { INSTRUCTION_SUFFIX } from "../../core/seal/s3ec-metadata.ts";
import type { Endpoints } from "../../local/services.ts";
import { adoptObjects } from "../../owner/adopt/adopt.ts";
import type { Adopted, AdoptRequest } from "../../owner/adopt/adopt.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../../owner/keys.ts";
import type { OwnerKey } from "../../owner/keys.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import type { KeyPair } from "../host/dataset.ts";
import type { S3Object, Writer } from "./writers.ts";

export const BUCKET = "bucket";
export const PLACE = { bucket: BUCKET, prefix: "visits/" };
export const SCHEMA = `
unit: person
columns:
  person: { role: unit }
  city: { role: dimension }
  amount: { role: measure }
`;
export const RULES = `
min_units: 5
max_groups: 100
adhoc: true
bounds: { amount: { lower: 0, upper: 1000 } }
`;

const OPEN_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "all", Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" }],
});

export interface AdoptRig {
  readonly s3: S3Client;
  readonly ownerKey: OwnerKey;
  /** Uses a KMS key that the owner's role may decrypt with. */
  readonly writer: Writer;
  createKey(policy?: string): Promise<string>;
  /** Whose policy is the one that `policy kms` prints. */
  createDatasetKey(dataset: string, epoch: number): Promise<string>;
  put(name: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): Promise<void>;
  putS3(name: string, object: S3Object): Promise<void>;
  get(name: string): Promise<Uint8Array>;
  adopt(change: AdoptChange): Promise<Adopted>;
  manifest(): Promise<{ readonly jws: Uint8Array; readonly verified: VerifiedManifest }>;
  close(): void;
}

export type AdoptChange = Partial<Omit<AdoptRequest, "schema" | "rules">> & {
  readonly objects: readonly string[];
  readonly schema?: string;
  readonly rules?: string;
  /** Who may receive results. */
  readonly recipient?: KeyPair;
};

export interface RigServices {
  readonly endpoints: Endpoints;
  readonly measurements: Measurements;
}

export async function openRig({ endpoints, measurements }: RigServices): Promise<AdoptRig> {
  const { region, credentials, roles } = endpoints;
  const agent = new Agent({ ca: await readFile(endpoints.kmsAuthority, "utf8") });
  const kmsAs = (who: "owner" | "breakGlass"): KMS =>
    new KMS({
      region,
      endpoint: endpoints.kms,
      credentials: credentials[who],
      requestHandler: new NodeHttpHandler({ httpsAgent: agent }),
    });
  const [kms, breakGlass] = [kmsAs("owner"), kmsAs("breakGlass")];
  const s3 = new S3Client({
    region,
    endpoint: endpoints.s3,
    forcePathStyle: true,
    credentials: credentials.owner,
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const ownerKey = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  const createKey = async (policy = OPEN_POLICY): Promise<string> => {
    const { KeyMetadata } = await breakGlass.send(new CreateKeyCommand({ Policy: policy }));
    return KeyMetadata?.Arn ?? "";
  };
  const writer: Writer = { kms, keyArn: await createKey(), context: { purpose: "visits" } };
  const put: AdoptRig["put"] = async (name, bytes, metadata = {}) => {
    const where = { Bucket: BUCKET, Key: PLACE.prefix + name };
    await s3.send(new PutObjectCommand({ ...where, Body: bytes, Metadata: { ...metadata } }));
  };
  const get: AdoptRig["get"] = async (name) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: PLACE.prefix + name }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
  };
  return {
    s3,
    ownerKey,
    writer,
    createKey,
    createDatasetKey: (dataset, epoch) =>
      createKey(
        encodeKeyPolicy(
          keyPolicy({
            measurements: [measurements],
            ownerRoleArn: roles.owner,
            enclaveRoleArn: roles.enclave,
            breakGlassRoleArn: roles.breakGlass,
            owner: ownerKey.thumbprint,
            dataset,
            liveEpochs: [epoch],
          }),
        ),
      ),
    put,
    putS3: async (name, { bytes, metadata, instruction }) => {
      await put(name, bytes, metadata);
      if (instruction === null) return;
      await put(name + INSTRUCTION_SUFFIX, new TextEncoder().encode(JSON.stringify(instruction)));
    },
    get,
    adopt: async ({ schema = SCHEMA, rules = RULES, recipient, ...rest }) =>
      adoptObjects({
        dataset: "visits",
        keep: null,
        format: null,
        ownerKey,
        keyArn: writer.keyArn,
        writerKeys: [writer.keyArn],
        context: new Map(),
        at: PLACE,
        s3,
        kms: () => kms,
        nowMs: Date.now(),
        ...rest,
        schema: parseSchemaFile(schema),
        rules: await parseRulesFile(
          recipient === undefined ? rules : `${rules}recipients: [analyst]\n`,
          () =>
            recipient === undefined
              ? Promise.reject(new Error("no recipient"))
              : Promise.resolve(recipient.publicKey),
        ),
      }),
    manifest: async () => {
      const jws = await get("manifest.jws");
      return { jws, verified: await verifyManifest(jws, { nowMs: 0 }) };
    },
    close: () => {
      for (const client of [s3, kms, breakGlass]) client.destroy();
      agent.destroy();
    },
  };
}
