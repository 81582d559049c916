// A sealing owner against the local S3 and KMS, and a plain reader of what was sealed.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { KMSClient } from "@aws-sdk/client-kms";
import { parseTable, type ColumnTable } from "../../core/column/table.ts";
import { checkSchema } from "../../core/column/schema.ts";
import { checkFirstUnit } from "../../core/column/vectors.ts";
import { datasetContext } from "../../core/manifest/encryption-context.ts";
import { DATASET_KEYRING, type VerifiedManifest } from "../../core/manifest/manifest.ts";
import { RawAesKeyring } from "../../core/seal/keyring.ts";
import { decodeBase64url } from "../../core/text/base64url.ts";
import { generateOwnerKeys, encodeKeys, parseOwnerKey, type OwnerKey } from "../../owner/keys.ts";
import { parseJson } from "../../core/json.ts";
import { decryptDatasetKey } from "../../owner/kms.ts";
import { findManifest } from "../../owner/manifests.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { sealDataset, type Sealed, type SealRequest } from "../../owner/seal.ts";
import { findObject, type Target } from "../../owner/store.ts";
import { startRig, type Cleanup } from "../local/kms/rig.ts";
import { BUCKET, startS3Rig } from "../local/s3/rig.ts";
import { openHeader } from "../../core/seal/header.ts";
import { openMessage } from "../../core/seal/open.ts";
import { SEALED_OBJECT } from "../../core/seal/policy.ts";
import { encodeHex } from "../../core/text/digest.ts";
import { cellsOf, type Cell } from "../column/cells.ts";

const POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "all", Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" }],
});

export interface OwnerRig {
  readonly directory: string;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly keyArn: string;
  readonly ownerKey: OwnerKey;
  file(name: string, content: string | Uint8Array): Promise<string>;
  seal(request: SealInput): Promise<Sealed>;
  open(prefix: string): Promise<OpenedDataset>;
  keys(prefix: string): Promise<readonly string[]>;
}

export type SealInput = Partial<Omit<SealRequest, "schema" | "rules">> & {
  readonly inputs: readonly string[];
  readonly schema: string;
  readonly rules?: string;
  readonly prefix: string;
};

export interface OpenedDataset {
  readonly manifest: VerifiedManifest;
  readonly tables: readonly ColumnTable[];
  /** By column name: all cells in stored order. */
  readonly columns: Readonly<Record<string, readonly (Cell | null)[]>>;
}

export const RULES = "min_units: 2\nmax_groups: 1000\n";
export const EPOCH = 1_700_000_000_000;

export async function startOwnerRig(cleanup: Cleanup): Promise<OwnerRig> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-owner-"));
  cleanup.after(() => rm(directory, { recursive: true, force: true }));
  const kmsRig = await startRig(cleanup);
  const s3 = (await startS3Rig(cleanup)).client();
  const kms = kmsRig.client(kmsRig.credentials.owner);
  const keyArn = await kmsRig.kms.createKey(POLICY);
  const ownerKey = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
  const targetOf = (prefix: string): Target => ({ s3, place: { bucket: BUCKET, prefix } });
  return {
    directory,
    s3,
    kms,
    keyArn,
    ownerKey,
    file: async (name, content) => {
      const path = join(directory, name);
      await writeFile(path, content);
      return path;
    },
    seal: async ({ schema, rules = RULES, prefix, ...rest }) =>
      sealDataset({
        dataset: "people",
        ownerKey,
        keyArn,
        s3,
        kms,
        nowMs: EPOCH,
        to: targetOf(prefix).place,
        ...rest,
        schema: parseSchemaFile(schema),
        rules: await parseRulesFile(rules, () => Promise.reject(new Error("no recipients here"))),
      }),
    open: async (prefix) => {
      const manifest = await findManifest(targetOf(prefix));
      if (manifest === undefined) throw new Error("no manifest");
      const { dataset, epoch, wrappedKey, objects, schema, unit } = manifest.manifest;
      const context = datasetContext({ owner: manifest.owner, dataset, epoch });
      const key = await decryptDatasetKey(
        kms,
        keyArn,
        decodeBase64url(wrappedKey) ?? new Uint8Array(0),
        context,
      );
      const keyring = new RawAesKeyring({
        wrappingKey: key,
        keyNamespace: DATASET_KEYRING.namespace,
        keyName: DATASET_KEYRING.name,
      });
      const tables: ColumnTable[] = [];
      for (const { key: name, bytes, digest, rows } of objects) {
        const sealed = await findObject(targetOf(prefix), name, 2 ** 31);
        if (sealed?.length !== bytes) throw new Error("an object of another length than the manifest says");
        if (encodeHex(openHeader(sealed, keyring).digest) !== digest) throw new Error("another header");
        const plain = openMessage(sealed, keyring, SEALED_OBJECT);
        const table = parseTable(plain);
        checkSchema(table.fields, schema, unit);
        const [first] = table.batches;
        if (first !== undefined) checkFirstUnit(first);
        if (table.batches.reduce((sum, batch) => sum + batch.rows, 0) !== rows) {
          throw new Error("rows differ");
        }
        tables.push(table);
      }
      const columns = Object.fromEntries(
        schema.map(({ name }, i) => [
          name,
          tables.flatMap((table) =>
            table.batches.flatMap(({ columns: vectors }) => (vectors[i] ? cellsOf(vectors[i]) : [])),
          ),
        ]),
      );
      return { manifest, tables, columns };
    },
    keys: async (prefix) => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
      return Contents.map(({ Key = "" }) => Key.slice(prefix.length));
    },
  };
}
