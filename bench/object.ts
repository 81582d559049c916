// Sealed objects of the eight columns, made by core's own writers: what `seal` stores, without reading CSV first.
import { BATCH_ROWS } from "../core/column/type.ts";
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
  const arrow = new ArrowFileWriter(FIELDS, DEFAULT_FRAME_LENGTH);
  const chunks = [...arrow.start()];
  for (let batch = 0; batch < batches; batch += 1) {
    chunks.push(...arrow.batch(BATCH_ROWS, makeBatch()));
  }
  chunks.push(...arrow.finish(DICTIONARIES));
  return { bytes: new Uint8Array(Buffer.concat(chunks)), rows: batches * BATCH_ROWS };
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
