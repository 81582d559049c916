// All parties of a tokenization pipeline at once, with their real programs: an owner who seals CSV and signs copies, a
// host's own driver, a local enclave, S3 and KMS that hold to the key policy.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateKeyCommand, DecryptCommand, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { readFile } from "node:fs/promises";
import { parseTable } from "../../core/column/table.ts";
import type { ColumnTable } from "../../core/column/table.ts";
import { parseJson } from "../../core/json.ts";
import { outputContext } from "../../core/manifest/encryption-context.ts";
import { DATASET_KEYRING } from "../../core/manifest/manifest.ts";
import { parseOutputManifest } from "../../core/manifest/output.ts";
import type { OutputManifest } from "../../core/manifest/output.ts";
import { parseMeasurements } from "../../core/attestation/measurements.ts";
import { trustRoot } from "../../core/attestation/root.ts";
import { openResult } from "../../core/receipt/sealed-result.ts";
import type { ReceiptCheck } from "../../core/receipt/verify.ts";
import { openWithRawAes } from "../../core/seal/open.ts";
import { prepareJob, runJob } from "../../host-driver/client.ts";
import type { PreparedJob } from "../../host-driver/client.ts";
import type { Outcome } from "../../host-driver/driver.ts";
import { grantPlan } from "../../owner/grant.ts";
import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { encodeKeys, generateOwnerKeys, parseOwnerKey } from "../../owner/keys.ts";
import type { OwnerKey } from "../../owner/keys.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { sealDataset } from "../../owner/seal.ts";
import type { Sealed } from "../../owner/seal.ts";
import { signOutput } from "../../owner/sign-output.ts";
import type { SignedOutput } from "../../owner/sign-output.ts";
import { signDataset } from "../../owner/sign.ts";
import { makeTokenKey } from "../../owner/token-key.ts";
import type { World } from "../host/world.ts";
import { startWorld } from "../host/world.ts";
import { cellsOf } from "./cells.ts";

export const BUCKET = "tokens";

export interface Terms {
  readonly dataset: string;
  readonly liveEpochs?: readonly number[];
}

export interface SealTerms {
  readonly dataset: string;
  readonly csv: string;
  readonly schema: string;
  /** KEY in it is the data set's own key. */
  readonly rules: string;
  readonly keyArn: string;
  readonly rowsPerObject?: number;
}

export interface Ran {
  readonly outcome: Outcome;
  readonly prepared: PreparedJob;
  readonly nonce: Uint8Array;
}

export class House {
  readonly world: World;
  readonly owner: OwnerKey;
  readonly s3: S3Client;
  /** Under which data sets and copies lie, and the domains and copies that their keys' policies allow. */
  readonly tokens: { domain: string; version: number }[] = [];
  readonly outputs: string[] = [];
  readonly #tokenKeys = new Map<string, object>();
  /** Where the host finds the enclave: its own place, or a tap's. */
  sockets: string;
  #files = 0;

  private constructor(world: World, owner: OwnerKey, s3: S3Client) {
    this.world = world;
    this.owner = owner;
    this.s3 = s3;
    this.sockets = world.sockets;
  }

  static async open(): Promise<House> {
    const world = await startWorld({ threads: 2 });
    const owner = await parseOwnerKey(parseJson(await encodeKeys(await generateOwnerKeys(), "private")));
    const { region, s3: endpoint, credentials } = world.services.endpoints;
    const s3 = new S3Client({ region, endpoint, credentials: credentials.owner, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return new House(world, owner, s3);
  }

  async close(): Promise<void> {
    this.s3.destroy();
    await this.world.close();
  }

  get kms(): ReturnType<World["kmsAs"]> {
    return this.world.kmsAs(this.world.services.endpoints.credentials.owner);
  }

  async createKey(dataset: string): Promise<string> {
    const breakGlass = this.world.kmsAs(this.world.services.endpoints.credentials.breakGlass);
    const { KeyMetadata } = await breakGlass.send(
      new CreateKeyCommand({ Policy: this.#policy({ dataset }) }),
    );
    return KeyMetadata?.Arn ?? "";
  }

  async putPolicy(keyArn: string, terms: Terms): Promise<void> {
    const breakGlass = this.world.kmsAs(this.world.services.endpoints.credentials.breakGlass);
    await breakGlass.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy: this.#policy(terms) }));
  }

  #policy({ dataset, liveEpochs = [] }: Terms): string {
    const { measurements, endpoints } = this.world.services;
    const { roles } = endpoints;
    return encodeKeyPolicy(
      keyPolicy({
        measurements: [measurements],
        ownerRoleArn: roles.owner,
        enclaveRoleArn: roles.enclave,
        breakGlassRoleArn: roles.breakGlass,
        owner: this.owner.thumbprint,
        dataset,
        liveEpochs,
        tokens: this.tokens,
        outputs: this.outputs,
      }),
    );
  }

  /** As `sealroom token-key`; rules name it as DOMAIN-VERSION. */
  async makeTokenKey(domain: string, version: number, keyArn: string): Promise<void> {
    const entry = await makeTokenKey({ domain, version, keyArn, ownerKey: this.owner, kms: this.kms });
    this.#tokenKeys.set(`${domain}-${version}`, { ...entry });
  }

  async #rules(text: string): Promise<Awaited<ReturnType<typeof parseRulesFile>>> {
    return parseRulesFile(
      text,
      () => Promise.resolve(this.world.analyst.publicKey),
      (reference) => Promise.resolve((this.#tokenKeys.get(reference) ?? null) as never),
    );
  }

  /** Sealed from CSV, and made live. */
  async seal({ dataset, csv, schema, rules, keyArn, rowsPerObject }: SealTerms): Promise<Sealed> {
    const file = join(this.world.state, `rows-${this.#files++}.csv`);
    await writeFile(file, csv);
    const sealed = await sealDataset({
      inputs: [file],
      dataset,
      schema: parseSchemaFile(schema),
      rules: await this.#rules(rules),
      ownerKey: this.owner,
      keyArn,
      to: { bucket: BUCKET, prefix: `${dataset}/` },
      s3: this.s3,
      kms: this.kms,
      nowMs: Date.now(),
      ...(rowsPerObject === undefined ? {} : { rowsPerObject }),
    });
    await this.putPolicy(keyArn, { dataset, liveEpochs: [sealed.epoch] });
    return sealed;
  }

  /** Signed again with other rules, and made live. */
  async resign(dataset: string, keyArn: string, manifest: string, rules: string): Promise<string> {
    const signed = await signDataset({
      dataset,
      at: { bucket: BUCKET, prefix: `${dataset}/` },
      manifest,
      rules: await this.#rules(rules),
      ownerKey: this.owner,
      s3: this.s3,
      kms: this.kms,
      nowMs: Date.now(),
    });
    await this.putPolicy(keyArn, { dataset, liveEpochs: [signed.epoch] });
    return signed.manifestDigest;
  }

  async run(
    dataset: string,
    job: string,
    grants: readonly Uint8Array[] = [],
    place: string = dataset,
    onProgress: (interrupt: () => void) => void = () => undefined,
  ): Promise<Ran> {
    const { endpoints } = this.world.services;
    const prepared = await this.#prepare(dataset, job, place);
    const nonce = new Uint8Array(randomBytes(32));
    const interruption = new AbortController();
    const outcome = await runJob(prepared, {
      enclave: `unix:${this.sockets}`,
      nonce,
      grants,
      credentials: endpoints.credentials.enclave,
      tunnel: new Map([
        [`${endpoints.kmsHost}:443`, { host: "127.0.0.1", port: Number(new URL(endpoints.kms).port) }],
      ]),
      onProgress: () => {
        onProgress(() => {
          interruption.abort();
        });
      },
      signal: interruption.signal,
    });
    return { outcome, prepared, nonce };
  }

  async #prepare(dataset: string, job: string, place: string): Promise<PreparedJob> {
    return prepareJob({
      job: `datasets:\n  ${dataset}: { owner: ${this.owner.thumbprint} }\nrecipient: analyst\n${job}`,
      resolveRecipient: () => this.world.analyst.publicKey,
      from: new Map([[dataset, `s3://${BUCKET}/${place}/`]]),
      s3: this.s3,
      nowMs: Date.now(),
    });
  }

  /** The owner's grant of a job of the analyst's. */
  async grant(dataset: string, job: string, place: string, maxRows: number): Promise<Uint8Array> {
    const { plan, datasets } = await this.#prepare(dataset, job, place);
    const granted = await grantPlan({
      plan: plan.digest,
      manifests: datasets.map(({ verified }) => verified),
      recipient: this.world.analyst.publicKey,
      ownerKey: this.owner,
      nowMs: Date.now(),
      maxRows,
    });
    return granted.jws;
  }

  /** The expectations of whoever asked for the job. */
  async check({ outcome, prepared, nonce }: Ran): Promise<ReceiptCheck> {
    const { endpoints } = this.world.services;
    const { receipt, result, output } = outcome;
    const datasets = prepared.datasets.map(({ verified }) => [
      verified.manifest.dataset,
      this.owner.thumbprint,
    ]);
    return {
      receipt,
      result,
      ...(output === null ? {} : { output }),
      root: trustRoot(await readFile(endpoints.simulatedRoot, "utf8")),
      measurements: [parseMeasurements(await readFile(endpoints.measurements, "utf8"))],
      nonce,
      owners: Object.fromEntries(datasets) as Record<string, string>,
      plan: prepared.plan,
    };
  }

  /** Signed as a data set at `place`, and made live in its key's policy. */
  async sign(ran: Ran, place: string, rules: string): Promise<SignedOutput> {
    const check = await this.check(ran);
    const [dataset] = ran.prepared.datasets;
    const { output } = ran.outcome;
    assert.ok(dataset !== undefined && output !== null);
    const signed = await signOutput({
      check: { ...check, output, manifest: dataset.verified.digest },
      at: { bucket: BUCKET, prefix: `${place}/` },
      rules: await this.#rules(rules),
      ownerKey: this.owner,
      s3: this.s3,
      kms: this.kms,
      nowMs: Date.now(),
    });
    const { keyArn } = parseOutputManifest(output);
    await this.putPolicy(keyArn, { dataset: signed.dataset, liveEpochs: [signed.epoch] });
    return signed;
  }

  /** What the recipient reads. */
  async resultOf({ outcome }: Ran): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return rowsOf(parseTable(await openResult(outcome.result, this.world.analyst.privateKey)));
  }

  /** What the owner finds in the copy's objects, opened with his own rights on the output's key. */
  async copyOf({ outcome }: Ran, place: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    assert.ok(outcome.output !== null);
    const output = parseOutputManifest(outcome.output);
    const key = await this.#openKey(output);
    const rows = [];
    for (const object of output.objects) {
      const bytes = await this.read(`${place}/${object.key}`);
      assert.equal(bytes.length, object.bytes);
      const { namespace, name } = DATASET_KEYRING;
      const wrapping = { wrappingKey: key, keyNamespace: namespace, keyName: name };
      rows.push(...rowsOf(parseTable(openWithRawAes(bytes, wrapping))));
    }
    return rows;
  }

  async #openKey({ owner, dataset, job, keyArn, wrappedKey }: OutputManifest): Promise<Uint8Array> {
    const { Plaintext } = await this.kms.send(
      new DecryptCommand({
        KeyId: keyArn,
        CiphertextBlob: Buffer.from(wrappedKey, "base64url"),
        EncryptionContext: outputContext({ owner, dataset, job }),
      }),
    );
    return Plaintext ?? new Uint8Array(0);
  }

  async read(key: string): Promise<Uint8Array> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
  }

  async list(prefix: string): Promise<readonly string[]> {
    const { Contents } = await this.s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
    return (Contents ?? []).map(({ Key }) => Key ?? "");
  }
}

export function rowsOf(table: ColumnTable): readonly Readonly<Record<string, unknown>>[] {
  const { fields, batches } = table;
  return batches.flatMap((batch) => {
    const columns = batch.columns.map(cellsOf);
    return Array.from({ length: batch.rows }, (_, row) =>
      Object.fromEntries(fields.map(({ name }, at) => [name, columns[at]?.[row] ?? null])),
    );
  });
}
