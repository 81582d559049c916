// Every vector of the S3 Encryption Client gives the verdict of its manifest, read from its metadata to its last byte as
// an owner would adopt it; a refused one fails in its layer. KMS is the manifest's: it opens under one context only.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { SealroomError } from "../../core/errors.ts";
import { verifyObject } from "../../core/seal/adopted.ts";
import { parseEnvelope } from "../../core/seal/s3ec-metadata.ts";
import { readCells } from "../csv/naive.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { codeOf, MemorySource, readAll } from "./memory.ts";

interface Vector {
  readonly name: string;
  readonly base?: string;
  readonly ciphertext: string;
  readonly plaintext?: string;
  readonly expect?: string;
  readonly object_metadata: Readonly<Record<string, string>>;
  readonly instruction_file?: Readonly<Record<string, string>>;
  readonly kms_plaintext_data_key_b64?: string;
  readonly kms_encryption_context?: Readonly<Record<string, string>>;
}

const DIRECTORY = new URL("s3ec/", VECTORS);

/** Where each bad vector, and each that is too old to be adopted, must fail. One that is not here fails the test. */
const LAYERS: ReadonlyMap<string, string> = new Map([
  ["v1-cbc-aesmaster", "S3EC_LEGACY"],
  ["v2-kms-cbc", "S3EC_LEGACY"],
  ["v2-kms-gcm", "S3EC_LEGACY"],
  ["v3-instruction-has-content-keys", "S3EC_INSTRUCTION"],
  ["v2-tag-flip", "S3EC_TAG"],
  ["v2-ct-flip", "S3EC_TAG"],
  ["v2-truncated-tag", "S3EC_LENGTH"],
  ["v2-truncated-body", "S3EC_TAG"],
  ["v2-tag-len-96", "S3EC_METADATA"],
  ["v2-iv-16", "S3EC_METADATA"],
  ["v2-downgrade-cbc", "S3EC_LEGACY"],
  ["v2-wrap-kms-downgrade", "S3EC_LEGACY"],
  ["v2-matdesc-changed", "KMS_CALL"],
  ["v2v3-mixed-keys", "S3EC_METADATA"],
  ["v1v2-mixed", "S3EC_METADATA"],
  ["v3-commitment-flip", "S3EC_COMMITMENT"],
  ["v3-message-id-swap", "S3EC_COMMITMENT"],
  ["v3-other-data-key", "S3EC_COMMITMENT"],
  ["v3-body-swap", "S3EC_TAG"],
  ["v3-as-v2", "S3EC_METADATA"],
  ["v3-suite-114", "S3EC_METADATA"],
  ["no-metadata", "S3EC_INSTRUCTION"],
]);

function load(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, DIRECTORY)));
}

function manifest(name: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(`manifest_${name}.json`, DIRECTORY), "utf8")) as readonly Vector[];
}

function openDataKey(vector: Vector, context: Readonly<Record<string, string>>): Uint8Array {
  const expected = Object.entries(vector.kms_encryption_context ?? {}).sort();
  const given = Object.entries(context).sort();
  if (JSON.stringify(expected) !== JSON.stringify(given)) throw new SealroomError("KMS_CALL");
  return Buffer.from(vector.kms_plaintext_data_key_b64 ?? "", "base64");
}

async function adopt(vector: Vector, ciphertext: Uint8Array = load(vector.ciphertext)): Promise<Uint8Array> {
  const { object_metadata: metadata, instruction_file: file } = vector;
  const instruction = file === undefined ? null : new TextEncoder().encode(JSON.stringify(file));
  const { envelope, context } = parseEnvelope(metadata, instruction);
  const dataKey = openDataKey(vector, context);
  const source = new MemorySource(ciphertext);
  return readAll((await verifyObject(source, ciphertext.length, envelope, dataKey)).file);
}

/** A vector with what its base knows and it leaves out. */
function completed(vector: Vector, bases: readonly Vector[]): Vector {
  const base = bases.find(({ name }) => name === vector.base);
  return { ...base, ...vector };
}

test(
  "the vectors of AWS's clients give their verdicts, and each refusal its layer",
  { skip: withoutVectors },
  async () => {
    const generated = manifest("generated");
    const derived = [...manifest("instruction"), ...manifest("negative")];
    const all = [...generated, ...manifest("ruby"), ...derived.map((vector) => completed(vector, generated))];
    const visited = new Set<string>();
    for (const vector of all) {
      visited.add(vector.ciphertext);
      if (vector.plaintext !== undefined) visited.add(vector.plaintext);
      const isBad = LAYERS.has(vector.name);
      assert.equal(isBad, vector.expect?.startsWith("reject") ?? isBad, vector.name);
      let plain: Uint8Array | undefined;
      const code = await codeOf(async () => {
        plain = await adopt(vector);
      });
      assert.equal(code, LAYERS.get(vector.name) ?? "ok", vector.name);
      if (!isBad) assert.deepEqual(plain, load(vector.plaintext ?? ""), vector.name);
    }
    assert.deepEqual(
      [...LAYERS.keys()].filter((name) => !all.some((vector) => vector.name === name)),
      [],
    );
    const files = readdirSync(DIRECTORY).filter((name) => /\.(ct|pt)$/.test(name));
    assert.deepEqual([...visited].sort(), files.sort());
    assert.equal(all.length, 31);
  },
);

test("texts that AWS's clients encrypted are the CSV that they are", { skip: withoutVectors }, async () => {
  const dialect = { delimiter: "comma", header: "none", nulls: [] } as const;
  for (const vector of manifest("generated").filter(({ name }) => /small|16B|empty/.test(name))) {
    const text = load(vector.plaintext ?? "");
    const fields = new TextDecoder().decode(text).split(",");
    const schema = fields.map((_, i) => ({ name: `c${i}`, type: "utf8" }));
    const read = readCells(await adopt(vector), { schema, dialect, columns: schema.map((_, i) => i) });
    assert.deepEqual(read.rows, text.length === 0 ? [] : [fields], vector.name);
  }
});

test(
  "any byte of a real object changed, and any length cut from it, is refused before its plaintext is there",
  { skip: withoutVectors },
  async () => {
    const vectors = manifest("generated").filter(({ name }) => /small|16B|empty/.test(name));
    assert.ok(vectors.length >= 6);
    for (const vector of vectors) {
      const honest = load(vector.ciphertext);
      const step = process.env["SEALROOM_DEEP"] === undefined ? 7 : 1;
      for (let at = 0; at < honest.length; at += step) {
        const flipped = honest.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        assert.equal(await codeOf(() => adopt(vector, flipped)), "S3EC_TAG", `${vector.name} at ${at}`);
        const cut = honest.slice(0, at);
        assert.match(
          await codeOf(() => adopt(vector, cut)),
          /^S3EC_(TAG|LENGTH)$/,
          `${vector.name} to ${at}`,
        );
      }
      const longer = new Uint8Array(honest.length + 1);
      longer.set(honest);
      assert.equal(await codeOf(() => adopt(vector, longer)), "S3EC_TAG", vector.name);
    }
  },
);

test(
  "whatever a host makes of metadata and instruction file is refused by a code of ours, or is what it was",
  { skip: withoutVectors },
  () => {
    const vectors = [...manifest("generated"), ...manifest("instruction"), ...manifest("ruby")];
    const members = [...new Set(vectors.flatMap(({ object_metadata: metadata }) => Object.keys(metadata)))];
    const values = [...new Set(vectors.flatMap(({ object_metadata: metadata }) => Object.values(metadata)))];
    const member = fc.constantFrom(...members, "x-amz-m", "x-amz-t", "__proto__", "toString");
    const value = fc.oneof(fc.constantFrom(...values), fc.string(), fc.base64String(), fc.constant("{}"));
    const change = fc.tuple(fc.boolean(), member, fc.option(value));
    fc.assert(
      fc.property(
        fc.constantFrom(...vectors),
        fc.array(change, { maxLength: 3 }),
        fc.boolean(),
        (vector, changes, damage) => {
          const metadata = new Map(Object.entries(vector.object_metadata));
          const file = new Map(Object.entries(vector.instruction_file ?? {}));
          for (const [inFile, name, given] of changes) {
            const place = inFile ? file : metadata;
            if (given === null) place.delete(name);
            else place.set(name, given);
          }
          const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(file)));
          const instruction =
            file.size === 0 ? null : damage ? text.map((byte, at) => (at === 5 ? byte ^ 0x90 : byte)) : text;
          try {
            const { envelope, context } = parseEnvelope(Object.fromEntries(metadata), instruction);
            // What passes is of the two kinds that are taken, with a context that says so.
            const content = envelope.kind === "s3ec-v2" ? "AES/GCM/NoPadding" : "115";
            assert.equal(context["aws:x-amz-cek-alg"], content);
          } catch (error) {
            if (!(error instanceof SealroomError)) throw error;
            assert.match(error.code, /^(S3EC|JSON)_/);
          }
        },
      ),
      { numRuns: 3000 },
    );
  },
);
