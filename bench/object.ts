// One sealed object in memory for the benches: batches of one dictionary dimension, one int32 and one float64
// measure, and the unit bit, where every third row or so starts a unit.
import { randomBytes } from "node:crypto";
import type { ArrowField } from "../core/column/schema.ts";
import { BATCH_ROWS, UNIT_START_FIELD } from "../core/column/type.ts";
import type { Vector } from "../core/column/vector.ts";
import { ArrowFileWriter } from "../core/column/writer.ts";
import { RawAesKeyring } from "../core/seal/keyring.ts";
import { openHeader } from "../core/seal/header.ts";
import type { OpenedHeader } from "../core/seal/header.ts";
import { MessageWriter } from "../core/seal/writer.ts";

export interface BenchObject {
  readonly header: OpenedHeader;
  readonly sealed: Uint8Array;
  readonly plain: Uint8Array;
  readonly rows: number;
}

const KEYS = Array.from({ length: 100 }, (_, key) => `key-${String(key)}`);

export function makeObject(batches: number): BenchObject {
  const fields: ArrowField[] = [
    { name: "key", type: { kind: "utf8" }, dictionary: { id: 0, bits: 8 } },
    { name: "amount", type: { kind: "int", bits: 32, signed: true }, dictionary: null },
    { name: "score", type: { kind: "float", bits: 64 }, dictionary: null },
    { name: UNIT_START_FIELD, type: { kind: "bool" }, dictionary: null },
  ];
  const arrow = new ArrowFileWriter(fields);
  const chunks = [...arrow.start()];
  for (let batch = 0; batch < batches; batch++) {
    chunks.push(...arrow.batch(BATCH_ROWS, makeBatch()).map((chunk) => chunk.slice()));
  }
  chunks.push(...arrow.finish(new Map([[0, KEYS]])));
  const plain = new Uint8Array(Buffer.concat(chunks));
  const key = { wrappingKey: randomBytes(32), keyNamespace: "bench", keyName: "bench" };
  const writer = new MessageWriter({ ...key, encryptionContext: new Map() });
  const sealed = new Uint8Array(Buffer.concat([writer.header(), ...writer.push(plain), ...writer.finish()]));
  return { header: openHeader(sealed, new RawAesKeyring(key)), sealed, plain, rows: batches * BATCH_ROWS };
}

function makeBatch(): readonly Vector[] {
  const noise = new Uint32Array(randomBytes(BATCH_ROWS * 4).buffer.slice(0, BATCH_ROWS * 4));
  const unitStart = new Uint8Array(randomBytes(BATCH_ROWS / 8)).map((bits, at) =>
    at === 0 ? bits | 1 : bits & 0x5b,
  );
  const common = { rows: BATCH_ROWS, validity: null };
  return [
    {
      ...common,
      type: { kind: "utf8" },
      layout: "dictionary",
      codes: Int8Array.from(noise, (value) => value % 100),
      values: KEYS,
    },
    {
      ...common,
      type: { kind: "int", bits: 32, signed: true },
      layout: "number",
      values: Int32Array.from(noise, (value) => value % 1000),
    },
    { ...common, type: { kind: "float", bits: 64 }, layout: "number", values: Float64Array.from(noise) },
    { ...common, type: { kind: "bool" }, layout: "bits", values: unitStart },
  ];
}
