// Sealed objects of the eight columns, made by core's own writers: what `seal` stores, without reading CSV first.
import type { ArrowField } from "../core/column/schema.ts";
import type { Vector } from "../core/column/vector.ts";
import { ArrowFileWriter } from "../core/column/writer.ts";
import { DATASET_KEYRING } from "../core/manifest/manifest.ts";
import type { ObjectEntry } from "../core/manifest/manifest.ts";
import { DEFAULT_FRAME_LENGTH, MessageWriter } from "../core/seal/writer.ts";
import { DICTIONARIES, FIELDS, makeBatch } from "./columns.ts";

export interface PlainObject {
  /** An Arrow file. */
  readonly bytes: Uint8Array;
  readonly rows: number;
}

export interface SealedObject {
  readonly entry: ObjectEntry;
  readonly bytes: Uint8Array;
}

export function makePlain(batches: number): PlainObject {
  return plainOf(FIELDS, Array.from({ length: batches }, makeBatch), DICTIONARIES);
}

/** Of other columns than the eight. */
export function plainOf(
  fields: readonly ArrowField[],
  batches: readonly (readonly Vector[])[],
  dictionaries: ReadonlyMap<number, readonly string[]>,
): PlainObject {
  const arrow = new ArrowFileWriter(fields, DEFAULT_FRAME_LENGTH);
  const chunks = [...arrow.start()];
  let rows = 0;
  for (const vectors of batches) {
    const count = vectors[0]?.rows ?? 0;
    chunks.push(...arrow.batch(count, vectors));
    rows += count;
  }
  chunks.push(...arrow.finish(dictionaries));
  return { bytes: new Uint8Array(Buffer.concat(chunks)), rows };
}

/** Another object each time, however often the same plaintext is sealed. */
export function sealObject(plain: PlainObject, datasetKey: Uint8Array, key: string): SealedObject {
  const writer = new MessageWriter({
    wrappingKey: datasetKey,
    keyNamespace: DATASET_KEYRING.namespace,
    keyName: DATASET_KEYRING.name,
    encryptionContext: new Map([["sealroom:object", key]]),
  });
  const bytes = new Uint8Array(
    Buffer.concat([writer.header(), ...writer.push(plain.bytes), ...writer.finish()]),
  );
  const digest = Buffer.from(writer.digest).toString("hex");
  return { entry: { key, format: "arrow", digest, bytes: bytes.length, rows: plain.rows }, bytes };
}
