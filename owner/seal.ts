// Sealing a data set: read, convert and order the rows, seal them into objects, and sign the manifest when all of them
// are stored. The order of steps is the promise: nothing is uploaded before all values convert and the rules hold, and
// nothing names an object before it is whole.
import type { KMSClient } from "@aws-sdk/client-kms";
import type { S3Client } from "@aws-sdk/client-s3";
import { BATCH_ROWS } from "../core/column/type.ts";
import { PolicyError, SealroomError } from "../core/errors.ts";
import { encodeCanonical } from "../core/json.ts";
import { datasetContext } from "../core/manifest/encryption-context.ts";
import type { Manifest, ObjectEntry } from "../core/manifest/manifest.ts";
import { parseManifest } from "../core/manifest/parse.ts";
import { signManifest } from "../core/manifest/sign.ts";
import { verifyManifest } from "../core/manifest/verify.ts";
import { encodeBase64url } from "../core/text/base64url.ts";
import { encodeHex } from "../core/text/digest.ts";
import { DEFAULT_LIMITS, isOutOfMemory, openDatabase, type DatabaseLimits } from "./read/database.ts";
import { checkUnchanged, openInputs, type Input } from "./read/input.ts";
import type { OwnerKey } from "./keys.ts";
import { generateDatasetKey } from "./kms.ts";
import { checkPlace, objectKey, publishManifest } from "./manifests.ts";
import { ObjectSealer, type TableShape } from "./write/object-sealer.ts";
import { readRows, type StoredRows } from "./read/read-rows.ts";
import { RowStream } from "./write/row-stream.ts";
import { checkRules, type RulesFile } from "./rules-file.ts";
import type { SchemaFile } from "./schema-file.ts";
import { checkTokenization } from "./tokenization-rules.ts";
import { declaredColumns, resolveColumns, type SealColumn } from "./read/source.ts";
import { uploadNew, type Place, type Target } from "./store.ts";

export const DEFAULT_ROWS_PER_OBJECT: number = 4 * BATCH_ROWS;
export const DEFAULT_VALIDITY_MS: number = 365 * 24 * 60 * 60 * 1000;

export interface SealRequest {
  /** Files of equal columns: CSV, Parquet or Arrow. */
  readonly inputs: readonly string[];
  readonly dataset: string;
  readonly schema: SchemaFile;
  readonly rules: RulesFile;
  readonly ownerKey: OwnerKey;
  readonly keyArn: string;
  readonly to: Place;
  readonly s3: S3Client;
  readonly kms: KMSClient;
  /** UTC milliseconds: the new epoch. */
  readonly nowMs: number;
  /** UTC milliseconds after which no job may use the data; a year from now if left out. */
  readonly notAfter?: number;
  readonly limits?: DatabaseLimits;
  readonly rowsPerObject?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SealProgress) => void;
}

export interface SealProgress {
  readonly step: "read" | "survey" | "seal" | "sign";
  readonly rows: number;
  /** 0 until it is known. */
  readonly totalRows: number;
  readonly sealedBytes: number;
  readonly objects: number;
}

export interface Sealed {
  readonly manifestDigest: string;
  /** Whose data set it is: thumbprint of the signing key. */
  readonly owner: string;
  readonly epoch: number;
  readonly objects: number;
  readonly rows: number;
  /** Rows left out because they had no unit (`null_units: drop`). */
  readonly droppedRows: number;
  readonly bytes: number;
}

/**
 * @throws OWNER_*, MANIFEST_*, KEY_*, CONTEXT_FIELD for what was given; KMS_*, STORE_* for what was called; the reason
 * of `signal` when it aborts
 */
export async function sealDataset(request: SealRequest): Promise<Sealed> {
  const { rowsPerObject = DEFAULT_ROWS_PER_OBJECT } = request;
  if (!Number.isSafeInteger(rowsPerObject) || rowsPerObject < 1) {
    throw new RangeError("rowsPerObject is at least 1");
  }
  checkRequest(request);
  const target: Target = { s3: request.s3, place: request.to };
  const progress = new Progress(request);
  await checkPlace(target, {
    dataset: request.dataset,
    owner: request.ownerKey.thumbprint,
    epoch: request.nowMs,
  });

  const stored = await readInputs(request, progress);
  try {
    const { keyArn, ownerKey, dataset, nowMs: epoch } = request;
    const context = datasetContext({ owner: ownerKey.thumbprint, dataset, epoch });
    const key = await generateDatasetKey(request.kms, keyArn, context);
    let objects: readonly ObjectEntry[];
    try {
      objects = await sealObjects(request, stored, rowsPerObject, key.plainKey, progress);
    } finally {
      key.plainKey.fill(0);
    }
    await checkUnchanged(stored.inputs);
    progress.report({ step: "sign" });
    const manifest = { ...stored.draft, wrappedKey: encodeBase64url(key.wrappedKey), objects };
    const jws = await signManifest(manifest, ownerKey.signing);
    const { digest, owner } = await verifyManifest(jws, { nowMs: epoch });
    request.signal?.throwIfAborted();
    await publishManifest(target, epoch, jws);
    const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    const { rows, droppedRows } = stored;
    return { manifestDigest: digest, owner, epoch, objects: objects.length, rows, droppedRows, bytes };
  } finally {
    stored.close();
  }
}

interface ReadInputs extends StoredRows {
  readonly inputs: readonly Input[];
  readonly draft: Manifest;
}

/** All that DuckDB is needed for; its memory is free when the first object is sealed. */
async function readInputs(request: SealRequest, progress: Progress): Promise<ReadInputs> {
  const { schema, limits = DEFAULT_LIMITS } = request;
  // Rows that are units by themselves keep their order, which several threads would not.
  const database = await openDatabase(schema.unit === null ? { ...limits, threads: 1 } : limits);
  try {
    const inputs = await openInputs(database, request.inputs, schema);
    progress.report({ step: "survey" });
    const columns = await resolveColumns(database, inputs, schema);
    const draft = draftManifest(request, columns);
    const onRows = (rows: number): void => {
      progress.report({ rows });
    };
    const stored = await readRows({ database, inputs, schema, columns, onRows });
    await checkUnchanged(inputs);
    progress.report({ step: "seal", rows: 0, totalRows: stored.rows });
    return { ...stored, inputs, draft };
  } catch (error) {
    throw isOutOfMemory(error) ? new SealroomError("OWNER_MEMORY", {}, { cause: error }) : error;
  } finally {
    database.close();
  }
}

/**
 * What is wrong with the request itself, before a byte of the data is read. What rules say of a column whose type is
 * left open has to wait until the type is found.
 */
function checkRequest(request: SealRequest): void {
  const { notAfter, nowMs, schema } = request;
  if (notAfter !== undefined && notAfter <= nowMs) {
    throw new PolicyError("MANIFEST_EXPIRED", { notAfter, now: nowMs });
  }
  if (schema.header === "none") {
    throw new SealroomError("OWNER_SCHEMA", { field: "header", fault: "only texts to adopt may have none" });
  }
  const open = schema.columns.filter(({ type }) => type === null).map(({ name }) => `.${name}`);
  try {
    draftManifest(request, declaredColumns(schema));
  } catch (error) {
    const field = error instanceof SealroomError ? String(error.details["field"] ?? "") : "";
    if (!open.some((name) => field.includes(name))) throw error;
  }
}

/** All of the manifest that is known before sealing, checked as a stranger would check it. */
function draftManifest(request: SealRequest, columns: readonly SealColumn[]): Manifest {
  const schema = columns.map(({ name, type, role }) => ({ name, type, role }));
  const manifest: Manifest = {
    version: 1,
    dataset: request.dataset,
    epoch: request.nowMs,
    keyArn: request.keyArn,
    wrappedKey: "AA",
    unit: request.schema.unit === null ? "row" : "column",
    schema,
    objects: [
      { key: objectKey(request.nowMs, 0), format: "arrow", digest: "00".repeat(48), bytes: 1, rows: 0 },
    ],
    rules: checkRules(request.rules, { schema, keyArn: request.keyArn }),
    ownerKey: request.ownerKey.sealing,
    notAfter: request.notAfter ?? request.nowMs + DEFAULT_VALIDITY_MS,
  };
  parseManifest(encodeCanonical(manifest));
  checkTokenization(manifest, request.ownerKey.thumbprint);
  return manifest;
}

async function sealObjects(
  request: SealRequest,
  stored: StoredRows,
  rowsPerObject: number,
  datasetKey: Uint8Array,
  progress: Progress,
): Promise<readonly ObjectEntry[]> {
  const rows = new RowStream(stored.ordered(), rowsPerObject, stored.layout);
  const sealer = new ObjectSealer(tableShape(stored));
  const objects: ObjectEntry[] = [];
  rows.nextObject();
  // A data set of no rows is one object of none.
  do {
    const index = objects.length;
    const key = objectKey(request.nowMs, index);
    const bytes = progress.watch(sealer.seal(rows, datasetKey, headerContext(request, index)), rows);
    const sealed = await uploadNew({ s3: request.s3, place: request.to }, key, bytes);
    objects.push({
      key,
      format: "arrow",
      digest: encodeHex(sealed.digest),
      bytes: sealed.bytes,
      rows: sealed.rows,
    });
    progress.report({ objects: objects.length });
  } while (rows.nextObject());
  if (rows.rows !== stored.rows) throw new Error("rows were lost between reading and sealing");
  return objects;
}

function tableShape({ columns, layout, dictionaries, hasNulls }: StoredRows): TableShape {
  const shapes = columns.flatMap(({ name, arrowType: type }, i) => {
    const field = layout.fields[i];
    if (field === undefined) return [];
    return [{ name, type, field, hasNulls: hasNulls[i] ?? true, dictionary: dictionaries.get(i) ?? null }];
  });
  return { columns: shapes, texts: layout.texts, hasUnits: layout.unit !== null };
}

/** What an object's header says in the clear: whose it is and which, nothing of what is in it. */
function headerContext(request: SealRequest, index: number): ReadonlyMap<string, string> {
  return new Map([
    ["sealroom:owner", request.ownerKey.thumbprint],
    ["sealroom:dataset", request.dataset],
    ["sealroom:epoch", String(request.nowMs)],
    ["sealroom:object", String(index)],
  ]);
}

class Progress {
  readonly #request: SealRequest;
  #state: SealProgress = { step: "read", rows: 0, totalRows: 0, sealedBytes: 0, objects: 0 };

  constructor(request: SealRequest) {
    this.#request = request;
    this.report({});
  }

  report(change: Partial<SealProgress>): void {
    this.#request.signal?.throwIfAborted();
    this.#state = { ...this.#state, ...change };
    this.#request.onProgress?.(this.#state);
  }

  /** Passes an object's bytes on and counts them; ends them when the signal aborts. */
  *watch<T>(bytes: Generator<Uint8Array, T, void>, rows: RowStream): Generator<Uint8Array, T, void> {
    for (;;) {
      const step = bytes.next();
      if (step.done === true) return step.value;
      // Whoever takes the piece gives its memory back.
      const sealedBytes = this.#state.sealedBytes + step.value.length;
      yield step.value;
      this.report({ sealedBytes, rows: rows.rows });
    }
  }
}
