// Signing what a job made: the receipt first, by what the owner holds from before the job; then the unsigned manifest
// that it names; then the key, opened as the job's output and wrapped again as a data set's. From then on it is one.
import type { KMSClient } from "@aws-sdk/client-kms";
import type { S3Client } from "@aws-sdk/client-s3";
import { PolicyError, SealroomError } from "../core/errors.ts";
import { datasetContext, outputContext } from "../core/manifest/encryption-context.ts";
import type { Manifest, Rules, VerifiedManifest } from "../core/manifest/manifest.ts";
import { parseOutputManifest } from "../core/manifest/output.ts";
import type { OutputManifest } from "../core/manifest/output.ts";
import type { VaultEntry } from "../core/manifest/tokenization.ts";
import { signManifest } from "../core/manifest/sign.ts";
import { verifyManifest } from "../core/manifest/verify.ts";
import { REPORT_FILE } from "../core/receipt/statement.ts";
import { verifyReceipt } from "../core/receipt/verify.ts";
import type { ReceiptCheck, VerifiedReceipt } from "../core/receipt/verify.ts";
import { decodeBase64url, encodeBase64url } from "../core/text/base64url.ts";
import { sha384Hex } from "../core/text/digest.ts";
import type { OwnerKey } from "./keys.ts";
import { decryptDatasetKey, encryptDatasetKey } from "./kms.ts";
import { checkPlace, findManifest, publishManifest } from "./manifests.ts";
import { checkRules, type RulesFile } from "./rules-file.ts";
import { DEFAULT_VALIDITY_MS } from "./seal.ts";
import { findLength, findObject, type Place, type Target } from "./store.ts";
import { checkTokenization } from "./tokenization-rules.ts";

/** A report's table is bounded (jobs/tokenize/quarantine.ts), padded, and spelt in base64url. */
const MAX_REPORT_BYTES: number = 128 * 1024 * 1024;

export interface SignOutputRequest {
  /** The receipt of the job with all that is expected of it: here the input's manifest too, and the job's output. */
  readonly check: ReceiptCheck & { readonly manifest: string; readonly output: Uint8Array };
  readonly at: Place;
  readonly rules: RulesFile;
  readonly ownerKey: OwnerKey;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  /** UTC milliseconds: the copy's epoch. */
  readonly nowMs: number;
  /** UTC milliseconds; a year from now if left out. */
  readonly notAfter?: number;
}

export interface SignedOutput {
  readonly dataset: string;
  readonly manifestDigest: string;
  readonly owner: string;
  readonly epoch: number;
  readonly objects: number;
  readonly rows: number;
  /** From which the next job's random tokens go on, for the rules of its input. */
  readonly vaults: readonly VaultEntry[];
  readonly receipt: VerifiedReceipt;
}

/**
 * @throws those of verifyReceipt; MANIFEST_*; OWNER_OUTPUT when the output is not the receipt's, or another owner's;
 * OWNER_OBJECT when an object or a map of random tokens is not stored whole; OWNER_TAKEN, OWNER_EPOCH, OWNER_RULES, TOKEN_*, KMS_*, STORE_*
 */
export async function signOutput(request: SignOutputRequest): Promise<SignedOutput> {
  const { check, ownerKey, nowMs: epoch } = request;
  const receipt = await verifyReceipt(check);
  const output = parseOutputManifest(check.output);
  checkOutput(output, receipt, ownerKey);
  const target: Target = { s3: request.s3, place: request.at };
  const { dataset } = output;
  const owner = ownerKey.thumbprint;
  await checkPlace(target, { dataset, owner, epoch });
  checkLineage(output, await findManifest(target));
  const draft = draftManifest(output, request);
  await checkStored(target, output);
  await checkReport(target, output, receipt);
  const manifest = { ...draft, wrappedKey: await rewrap(request.kms, output, epoch) };
  const jws = await signManifest(manifest, ownerKey.signing);
  const { digest } = await verifyManifest(jws, { nowMs: epoch });
  await publishManifest(target, epoch, jws);
  const rows = output.objects.reduce((sum, object) => sum + object.rows, 0);
  const vaults = output.vaults.map(entryOf);
  return {
    dataset,
    manifestDigest: digest,
    owner,
    epoch,
    objects: output.objects.length,
    rows,
    vaults,
    receipt,
  };
}

/** That the receipt is of this very copy, made of the owner's own data. */
function checkOutput(output: OutputManifest, { statement }: VerifiedReceipt, ownerKey: OwnerKey): void {
  const { release, planDigest, inputs } = statement;
  const [input] = inputs;
  const isTheirs =
    release.mode === "tokens" &&
    release.dataset === output.dataset &&
    release.keyArn === output.keyArn &&
    output.job === planDigest &&
    output.source === input?.manifest &&
    output.owner === input.owner;
  if (!isTheirs) {
    throw new PolicyError("OWNER_OUTPUT", { dataset: output.dataset, fault: "not the receipt's" });
  }
  if (output.owner !== ownerKey.thumbprint) {
    throw new PolicyError("OWNER_OUTPUT", { dataset: output.dataset, fault: "another owner's" });
  }
}

/**
 * A copy whose random tokens do not go on from those of the copy that it replaces: whoever lost a run's outputs, or lets a
 * host say so, would have two maps for one domain, and not know it.
 */
function checkLineage({ vaults }: OutputManifest, before: VerifiedManifest | undefined): void {
  const known = before?.manifest.rules.vaults ?? [];
  for (const { domain, audience, from } of vaults) {
    const last = known.find((vault) => vault.domain === domain && vault.audience === audience)?.map ?? null;
    if (last !== null && last.digest !== from) {
      throw new PolicyError("OWNER_VAULT", { domain, audience, expected: last.digest, from: from ?? "none" });
    }
  }
}

function entryOf({ domain, audience, map }: VaultEntry): VaultEntry {
  return { domain, audience, map };
}

function draftManifest(output: OutputManifest, request: SignOutputRequest): Manifest {
  const { dataset, keyArn, unit, schema, objects, tokens } = output;
  const { nowMs: epoch, ownerKey } = request;
  const manifest: Manifest = {
    version: 1,
    dataset,
    epoch,
    keyArn,
    wrappedKey: "AA",
    unit,
    schema,
    objects,
    rules: withVaults(checkRules(request.rules, { schema, keyArn }), output),
    ownerKey: ownerKey.sealing,
    notAfter: request.notAfter ?? epoch + DEFAULT_VALIDITY_MS,
    tokens,
  };
  checkTokenization(manifest, ownerKey.thumbprint);
  return manifest;
}

/** The copy's own maps, where its rules name no others: by them tokens are revealed, and the next copy is judged. */
function withVaults(rules: Rules, { vaults }: OutputManifest): Rules {
  const isSilent = rules.vaults === undefined && vaults.length > 0;
  return isSilent ? { ...rules, vaults: vaults.map(entryOf) } : rules;
}

/**
 * A manifest of objects that are not there would make jobs fail, and nobody could mend it but by a new one; tokens whose
 * map is not there nobody could ever explain.
 */
async function checkStored(target: Target, { objects, vaults }: OutputManifest): Promise<void> {
  for (const { key, bytes } of [...objects, ...vaults.flatMap(({ map }) => map ?? [])]) {
    const stored = await findLength(target, key);
    if (stored !== bytes) throw new SealroomError("OWNER_OBJECT", { key, bytes, stored: stored ?? 0 });
  }
}

/** What was put aside for the owner is lost with its one copy. */
async function checkReport(
  target: Target,
  { objects: [object] }: OutputManifest,
  { statement }: VerifiedReceipt,
): Promise<void> {
  const report = statement.outputs.find(({ name }) => name === REPORT_FILE);
  if (report === undefined || object === undefined) return;
  const key = object.key.slice(0, object.key.lastIndexOf("/") + 1) + REPORT_FILE;
  const stored = await findObject(target, key, MAX_REPORT_BYTES);
  if (stored === undefined || (await sha384Hex(stored)) !== report.sha384) {
    throw new SealroomError("OWNER_OBJECT", { key, stored: stored?.length ?? 0 });
  }
}

async function rewrap(kms: KMSClient, output: OutputManifest, epoch: number): Promise<string> {
  const { owner, dataset, job, keyArn, wrappedKey } = output;
  const blob = decodeBase64url(wrappedKey) ?? new Uint8Array(0);
  const key = await decryptDatasetKey(kms, keyArn, blob, outputContext({ owner, dataset, job }));
  try {
    return encodeBase64url(
      await encryptDatasetKey(kms, keyArn, key, datasetContext({ owner, dataset, epoch })),
    );
  } finally {
    key.fill(0);
  }
}
