// Seals a small data set in memory, as owner/ does from files, with frames small enough that few rows span many.
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { encodeTable } from "../../core/column/table.ts";
import type { ArrowField } from "../../core/column/schema.ts";
import { UNIT_START_FIELD, findColumnType } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import type { PrivateJwk, PublicJwk } from "../../core/manifest/jwk.ts";
import { thumbprint } from "../../core/manifest/jwk.ts";
import { DATASET_KEYRING } from "../../core/manifest/manifest.ts";
import type { Manifest, ObjectEntry, Rules } from "../../core/manifest/manifest.ts";
import type { ColumnRule } from "../../core/manifest/tokenization.ts";
import { signManifest } from "../../core/manifest/sign.ts";
import { importSigningKey } from "../../core/manifest/signing-key.ts";
import { MessageWriter } from "../../core/seal/writer.ts";

export const FRAME_LENGTH = 1024;

export interface KeyPair {
  readonly publicKey: PublicJwk;
  readonly privateKey: PrivateJwk;
  readonly thumbprint: string;
}

export async function makeKey(): Promise<KeyPair> {
  const {
    x = "",
    y = "",
    d = "",
  } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  const publicKey = { kty: "EC", crv: "P-256", x, y } as const;
  return { publicKey, privateKey: { ...publicKey, d }, thumbprint: await thumbprint(publicKey) };
}

export interface Row {
  readonly person: string;
  readonly city: string;
  readonly amount: number;
}

export const SCHEMA: Manifest["schema"] = [
  { name: "person", type: "utf8", role: "unit" },
  { name: "city", type: "utf8", role: "dimension" },
  { name: "amount", type: "int32", role: "measure" },
];

export const RULES: Omit<Rules, "recipients"> = {
  minUnits: 5,
  maxGroups: 100,
  adhoc: true,
  plans: [],
  bounds: { amount: { lower: 0, upper: 1000 } },
  maxShare: null,
  extremes: [],
  rounding: { counts: null, sums: {} },
  interval: 5,
  groupKeys: {},
  release: "sealed",
};

/** Rules of a copy for every column: those given, and `keep` for the rest. */
export function columnRules(
  schema: Manifest["schema"],
  given: Readonly<Record<string, Partial<ColumnRule>>> = {},
): Readonly<Record<string, ColumnRule>> {
  const keep = { operator: "keep", domain: null, version: null, parameters: {}, class: null, unit: null };
  return Object.fromEntries(
    schema.map(({ name, role }) => [name, { ...keep, invalid: "error", role, ...given[name] }]),
  );
}

export interface SealedObject {
  readonly entry: ObjectEntry;
  readonly bytes: Uint8Array;
  readonly rows: readonly Row[];
  /** The Arrow file inside, which nobody but the owner and the enclave ever sees. */
  readonly plain: Uint8Array;
}

/** Rows of one person must lie together. `plain`: the file, for who has it not hold the rows. */
export function sealRows(
  rows: readonly Row[],
  datasetKey: Uint8Array,
  key: string,
  plain: Uint8Array = encodeRows(rows),
): SealedObject {
  const writer = new MessageWriter({
    wrappingKey: datasetKey,
    keyNamespace: DATASET_KEYRING.namespace,
    keyName: DATASET_KEYRING.name,
    encryptionContext: new Map([["sealroom:object", key]]),
    frameLength: FRAME_LENGTH,
  });
  const pieces = [writer.header(), ...writer.push(plain), ...writer.finish()];
  const bytes = new Uint8Array(Buffer.concat(pieces));
  const digest = Buffer.from(writer.digest).toString("hex");
  return {
    entry: { key, format: "arrow", digest, bytes: bytes.length, rows: rows.length },
    bytes,
    rows,
    plain,
  };
}

export function encodeRows(rows: readonly Row[]): Uint8Array {
  const cities = [...new Set(rows.map(({ city }) => city))].sort();
  const unitStart = new Uint8Array((rows.length + 7) >> 3);
  rows.forEach(({ person }, row) => {
    if (person !== rows[row - 1]?.person) unitStart[row >> 3] = (unitStart[row >> 3] ?? 0) | (1 << (row & 7));
  });
  const field = (name: string, type: string, dictionary: ArrowField["dictionary"] = null): ArrowField => {
    const found = findColumnType(type);
    if (found === undefined) throw new Error(`no type ${type}`);
    return { name, type: found, dictionary };
  };
  const fields = [
    field("person", "utf8"),
    field("city", "utf8", { id: 0, bits: 8 }),
    field("amount", "int32"),
    field(UNIT_START_FIELD, "bool"),
  ];
  const common = { rows: rows.length, validity: null };
  const person = textBuffers(rows.map((row) => row.person));
  const columns: Vector[] = [
    { ...common, type: { kind: "utf8" }, layout: "utf8", ...person },
    {
      ...common,
      type: { kind: "utf8" },
      layout: "dictionary",
      codes: Int8Array.from(rows, ({ city }) => cities.indexOf(city)),
      values: cities,
    },
    {
      ...common,
      type: { kind: "int", bits: 32, signed: true },
      layout: "number",
      values: Int32Array.from(rows, ({ amount }) => amount),
    },
    { ...common, type: { kind: "bool" }, layout: "bits", values: unitStart },
  ];
  return encodeTable(fields, [{ rows: rows.length, columns }]);
}

function textBuffers(texts: readonly string[]): { offsets: Int32Array; bytes: Uint8Array } {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const offsets = new Int32Array(texts.length + 1);
  encoded.forEach((bytes, row) => {
    offsets[row + 1] = (offsets[row] ?? 0) + bytes.length;
  });
  return { offsets, bytes: new Uint8Array(Buffer.concat(encoded)) };
}

export interface ManifestParts {
  readonly owner: KeyPair;
  readonly dataset: string;
  readonly epoch: number;
  readonly keyArn: string;
  readonly wrappedKey: Uint8Array;
  readonly objects: readonly ObjectEntry[];
  readonly rules: Rules;
  readonly notAfter: number;
}

export function manifestOf(parts: ManifestParts): Manifest {
  const { owner, wrappedKey, ...rest } = parts;
  return {
    version: 1,
    ...rest,
    wrappedKey: Buffer.from(wrappedKey).toString("base64url"),
    unit: "column",
    schema: SCHEMA,
    ownerKey: owner.publicKey,
  };
}

export async function signAs(owner: KeyPair, manifest: Manifest): Promise<Uint8Array> {
  return signManifest(manifest, await importSigningKey(owner.privateKey));
}

/** People of three cities in `objects` parts; `tiny` has fewer people than the rules' minimum. */
export function makeRows(objects: number, peopleEach: number, seed: string): Row[][] {
  const draw = (label: string, below: number): number =>
    createHash("sha256").update(`${seed}/${label}`).digest().readUInt32BE(0) % below;
  return Array.from({ length: objects }, (_, object) =>
    Array.from({ length: peopleEach }, (_, index) => {
      const person = `person-${object}-${String(index).padStart(4, "0")}`;
      const city = object === 0 && index === 0 ? "tiny" : ["north", "south", "west"][draw(person, 3)];
      return Array.from({ length: 3 }, (_, visit): Row => ({
        person,
        city: city ?? "north",
        amount: draw(`${person}/${visit}`, 500),
      }));
    }).flat(),
  );
}

export function drawKey(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}
