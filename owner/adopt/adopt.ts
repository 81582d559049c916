// Adopting: objects that others have written become a data set, or part of one, as they lie. Each is opened with the
// owner's own credentials and read to its end; its data key is wrapped under the dataset key, and the manifest says what
// it takes to open it. Nothing is written before all objects have verified, and then the manifest alone.
import type { S3Client } from "@aws-sdk/client-s3";
import { SealroomError } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { datasetContext } from "../../core/manifest/encryption-context.ts";
import type {
  AdoptedEntry,
  ColumnEntry,
  Manifest,
  ObjectFormat,
  SealedEntry,
  UnitKind,
} from "../../core/manifest/manifest.ts";
import { parseObjects } from "../../core/manifest/objects.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { signManifest } from "../../core/manifest/sign.ts";
import { verifyManifest } from "../../core/manifest/verify.ts";
import { wrapDataKey, type OpenEnvelope } from "../../core/seal/adopted-key.ts";
import { verifyObject } from "../../core/seal/adopted.ts";
import type { OpenedFile } from "../../core/seal/byte-source.ts";
import { encodeBase64url } from "../../core/text/base64url.ts";
import { Field } from "../../core/text/field.ts";
import { encodeHex } from "../../core/text/digest.ts";
import { adoptedColumns, checkContent, openContent, type Content } from "./content.ts";
import { openEnvelope, type WriterTerms } from "./envelope.ts";
import { ForeignObject } from "./foreign-object.ts";
import type { OwnerKey } from "../keys.ts";
import { generateDatasetKey, rewrapDatasetKey, type WrappedKey } from "../kms.ts";
import { checkPlace, getOwnManifest, publishManifest } from "../manifests.ts";
import { checkRules, type RulesFile } from "../rules-file.ts";
import { checkTokenization } from "../tokenization-rules.ts";
import type { SchemaFile } from "../schema-file.ts";
import { DEFAULT_VALIDITY_MS } from "../seal.ts";
import type { Place, Target } from "../store.ts";

export interface AdoptRequest extends WriterTerms {
  /** Names below the place of the manifest, which is theirs too. */
  readonly objects: readonly string[];
  /** Of all objects; null where each begins with what says it. */
  readonly format: ObjectFormat | null;
  readonly dataset: string;
  /** SHA-384 (hex) of the manifest to whose objects these are added; null where they are all there will be. */
  readonly keep: string | null;
  readonly schema: SchemaFile;
  readonly rules: RulesFile;
  readonly ownerKey: OwnerKey;
  /** Wraps the dataset key; the objects' own keys are the writers'. */
  readonly keyArn: string;
  readonly at: Place;
  readonly s3: S3Client;
  /** UTC milliseconds: the new epoch. */
  readonly nowMs: number;
  /** UTC milliseconds; a year from now if left out. */
  readonly notAfter?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: AdoptProgress) => void;
}

export interface AdoptProgress {
  readonly objects: number;
  readonly ofObjects: number;
  readonly bytes: number;
}

export interface Adopted {
  readonly manifestDigest: string;
  readonly owner: string;
  readonly epoch: number;
  readonly unit: UnitKind;
  readonly objects: readonly AdoptedEntry[];
  /** Objects of the manifest before, which stay in it. */
  readonly kept: number;
}

/**
 * @throws OWNER_*, MANIFEST_*, KEY_*, CONTEXT_FIELD for what was given; STORE_*, KMS_* for what was called; SEAL_*,
 * S3EC_*, POLICY_MESSAGE, COLUMN_* for what the objects are; the reason of `signal` when it aborts
 */
export async function adoptObjects(request: AdoptRequest): Promise<Adopted> {
  checkSchemaFile(request.schema);
  // Before anything is read: a name that no manifest takes, or one that is there twice.
  const names = request.objects.map((key, index) => ({ ...placeholder(key, index) }));
  parseObjects(new Field(names, "objects", "OWNER_PLACE"), "row");
  const target: Target = { s3: request.s3, place: request.at };
  const base = await findBase(request, target);
  const [firstName, ...otherNames] = request.objects;
  if (firstName === undefined) throw new RangeError("there is at least one object to adopt");
  // The first object says which columns there are, in which order; the others have to be alike.
  const first = await openCandidate(request, target, firstName);
  const schema = adoptedColumns(first.content, request.schema);
  const draft = draftManifest(request, base, schema);
  const key = await findDatasetKey(request, base);
  const objects: AdoptedEntry[] = [];
  const adopt = async (candidate: Candidate): Promise<void> => {
    objects.push(
      await adoptCandidate(candidate, draft, key.plainKey, (base?.objects.length ?? 0) + objects.length),
    );
    const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    request.onProgress?.({ objects: objects.length, ofObjects: request.objects.length, bytes });
    request.signal?.throwIfAborted();
  };
  try {
    await adopt(first);
    for (const name of otherNames) await adopt(await openCandidate(request, target, name));
  } finally {
    first.dataKey.fill(0);
    key.plainKey.fill(0);
  }
  const { ownerKey, nowMs: epoch } = request;
  const wrappedKey = encodeBase64url(key.wrappedKey);
  const manifest: Manifest = { ...draft, wrappedKey, objects: [...(base?.objects ?? []), ...objects] };
  const jws = await signManifest(manifest, ownerKey.signing);
  const { digest, owner } = await verifyManifest(jws, { nowMs: epoch });
  await publishManifest(target, epoch, jws);
  return { manifestDigest: digest, owner, epoch, unit: draft.unit, objects, kept: base?.objects.length ?? 0 };
}

/** What `seal` does to rows and columns cannot be done to objects that stay as they are. */
function checkSchemaFile({ drop, nullUnits }: SchemaFile): void {
  if (drop.length > 0) {
    throw new SealroomError("OWNER_SCHEMA", { field: "drop", fault: "adopted objects keep their columns" });
  }
  if (nullUnits === "drop") {
    throw new SealroomError("OWNER_SCHEMA", {
      field: "null_units",
      fault: "adopted objects keep their rows",
    });
  }
}

/** The manifest whose objects are kept, or null where the adopted ones are all there will be. */
async function findBase(
  { keep, dataset, ownerKey, nowMs: epoch }: AdoptRequest,
  target: Target,
): Promise<Manifest | null> {
  const owner = ownerKey.thumbprint;
  if (keep !== null) return getOwnManifest(target, { dataset, owner, epoch, digest: keep });
  await checkPlace(target, { dataset, owner, epoch });
  return null;
}

async function findDatasetKey(request: AdoptRequest, base: Manifest | null): Promise<WrappedKey> {
  const { keyArn, ownerKey, dataset, nowMs: epoch } = request;
  const owner = ownerKey.thumbprint;
  const kms = request.kms(keyArn);
  return base === null
    ? generateDatasetKey(kms, keyArn, datasetContext({ owner, dataset, epoch }))
    : rewrapDatasetKey(kms, base, owner, epoch);
}

/** All of the manifest that is known beforehand, checked as a stranger would check it. */
function draftManifest(
  request: AdoptRequest,
  base: Manifest | null,
  schema: readonly ColumnEntry[],
): Manifest {
  const unit = request.schema.unit === null ? "row" : "scattered";
  if (base !== null) checkAlike(base, request.keyArn, unit, schema);
  const manifest: Manifest = {
    version: 1,
    dataset: request.dataset,
    epoch: request.nowMs,
    keyArn: request.keyArn,
    wrappedKey: "AA",
    unit,
    schema,
    objects: [...(base?.objects ?? []), ...request.objects.map(placeholder)],
    rules: checkRules(request.rules, { schema, keyArn: request.keyArn }),
    ownerKey: request.ownerKey.sealing,
    notAfter: request.notAfter ?? request.nowMs + DEFAULT_VALIDITY_MS,
  };
  parseManifest(encodeCanonical(manifest));
  checkTokenization(manifest, request.ownerKey.thumbprint);
  return manifest;
}

/** An entry that is not known yet, but for its name. */
function placeholder(key: string, index: number): SealedEntry {
  return { key, format: "arrow", digest: index.toString(16).padStart(96, "0"), bytes: 1, rows: 0 };
}

/** Objects that are kept have the columns and the units of before; only roles may change with the schema. */
function checkAlike(base: Manifest, keyArn: string, unit: UnitKind, schema: readonly ColumnEntry[]): void {
  if (base.keyArn !== keyArn) throw new SealroomError("OWNER_DATASET", { keyArn: base.keyArn });
  const [before, now] = [base.schema, schema].map((columns) =>
    columns.map(({ name, type }) => `${name} ${type}`),
  );
  if (before?.join("\n") !== now?.join("\n")) {
    throw new SealroomError("OWNER_COLUMNS", { fault: "not as before" });
  }
  const unitOf = (columns: readonly ColumnEntry[]): string | undefined =>
    columns.find(({ role }) => role === "unit")?.name;
  if ((base.unit === "row") !== (unit === "row") || unitOf(base.schema) !== unitOf(schema)) {
    throw new SealroomError("OWNER_SCHEMA", { field: "unit", fault: "not as before" });
  }
}

/** An object that has verified, and whose content is of a format that is taken. */
interface Candidate {
  readonly name: string;
  readonly bytes: number;
  readonly envelope: OpenEnvelope;
  readonly dataKey: Uint8Array;
  readonly digest: Uint8Array;
  readonly file: OpenedFile;
  readonly content: Content;
}

async function openCandidate(request: AdoptRequest, target: Target, name: string): Promise<Candidate> {
  const object = await ForeignObject.open(target, name);
  const { bytes } = object;
  const { envelope, dataKey } = await openEnvelope(target, object, request);
  try {
    const { digest, file } = await verifyObject(object, bytes, envelope, dataKey);
    const content = await openContent(file, request.format, request.schema);
    return { name, bytes, envelope, dataKey, digest, file, content };
  } catch (error) {
    dataKey.fill(0);
    throw error;
  }
}

async function adoptCandidate(
  { name, bytes, envelope, dataKey, digest, file, content }: Candidate,
  { schema, unit }: Manifest,
  datasetKey: Uint8Array,
  index: number,
): Promise<AdoptedEntry> {
  try {
    const rows = await checkContent(file, content, schema, unit);
    const { format } = content;
    const dialect = format === "csv" ? { csv: content.csv } : {};
    const entry = { key: name, format, ...dialect, digest: encodeHex(digest), bytes, rows, envelope };
    return wrapDataKey(datasetKey, entry, index, dataKey);
  } finally {
    dataKey.fill(0);
  }
}
