// Every Encryption SDK vector, read in every way, gives the verdict of its manifest; a refused one fails in its layer.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { knownDataKey, RawAesKeyring } from "../../core/seal/keyring.ts";
import { parseHeader } from "../../core/seal/header-fields.ts";
import { openWithDataKey, openWithRawAes } from "../../core/seal/open.ts";
import { COMMITTING, EVERY_SUITE, SEALED_OBJECT } from "../../core/seal/policy.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { SUITE_FACTS } from "./forger.ts";
import { cutAt, readByRanges, readByteByByte, readChunks, readWhole } from "./reading.ts";
import type { Reader } from "./reading.ts";

interface Vector {
  readonly file: string;
  readonly expect: "ok" | "reject";
  readonly suite: string;
  readonly contentType?: "framed" | "unframed";
  readonly cmm?: string;
  readonly encryptionContext?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly keyName?: string;
  readonly providerId?: string;
  readonly plaintextDataKeyB64?: string;
  readonly plaintextDataKeyHex?: string;
  readonly plaintext?: string;
}

interface CommitmentVector {
  readonly ciphertext: string;
  readonly "decrypted-dek": string;
  readonly "plaintext-frames"?: readonly string[];
  readonly status: boolean;
}

const DIRECTORY = new URL("esdk/", VECTORS);

/** Where each bad vector must fail. A vector that is not here fails the test. */
const LAYERS: ReadonlyMap<string, string> = new Map([
  ["derived-0478-aad-flip", "SEAL_KEY"],
  ["derived-0478-commitment-flip", "SEAL_COMMITMENT"],
  ["derived-0478-content-type-unframed", "SEAL_HEADER"],
  ["derived-0478-drop-frame-2", "SEAL_SEQUENCE"],
  ["derived-0478-frame1-ct-flip", "SEAL_FRAME_TAG"],
  ["derived-0478-frame2-seq-bump", "SEAL_SEQUENCE"],
  ["derived-0478-framelength-changed", "SEAL_HEADER_TAG"],
  ["derived-0478-header-tag-flip", "SEAL_HEADER_TAG"],
  ["derived-0478-swap-frames-1-2", "SEAL_SEQUENCE"],
  ["derived-0478-trailing-byte", "SEAL_TRAILING"],
  ["derived-0478-truncate-after-frame-3", "SEAL_TRUNCATED"],
  ["js-frameSequenceOutOfOrder", "SEAL_SEQUENCE"],
  ["js-invalidSignatureCiphertextAlgAes256GcmIv12Tag16HkdfSha384Ecd", "SEAL_SIGNATURE"],
  ["kat-02", "SEAL_COMMITMENT"],
  ["kat-12", "SEAL_COMMITMENT"],
  ["kat-13", "SEAL_COMMITMENT"],
  ["kat-20", "SEAL_COMMITMENT"],
  ["kat-21", "SEAL_COMMITMENT"],
]);

function load(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, DIRECTORY)));
}

function loadJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, DIRECTORY), "utf8"));
}

function manifest(): readonly Vector[] {
  return loadJson("manifest.json") as readonly Vector[];
}

function knownKey(vector: Vector): Uint8Array | undefined {
  if (vector.plaintextDataKeyB64 !== undefined) return Buffer.from(vector.plaintextDataKeyB64, "base64");
  if (vector.plaintextDataKeyHex === undefined) return undefined;
  return new Uint8Array(SUITE_FACTS.get(Number(vector.suite))?.keyBytes ?? 0);
}

function rawAesKey(vector: Vector): { wrappingKey: Uint8Array; keyNamespace: string; keyName: string } {
  const keys = loadJson("keys.json") as Readonly<Record<string, { material: string; keyId?: string }>>;
  const key = keys[vector.key ?? ""] ?? { material: "" };
  return {
    wrappingKey: Buffer.from(key.material, "base64"),
    keyNamespace: vector.providerId ?? "",
    keyName: vector.keyName ?? key.keyId ?? "",
  };
}

function readerOf(vector: Vector): Reader {
  const dataKey = knownKey(vector);
  const source = dataKey === undefined ? new RawAesKeyring(rawAesKey(vector)) : knownDataKey(dataKey);
  const context = vector.cmm === "RequiredEncryptionContext" ? vector.encryptionContext : undefined;
  return { source, policy: EVERY_SUITE, required: new Map(Object.entries(context ?? {})) };
}

function expectedCode(vector: Vector): string {
  if (vector.expect === "ok") return "ok";
  const name = vector.file.replace(/^negative\/(.*)\.esdk$/, "$1");
  return LAYERS.get(name) ?? `no layer is stated for ${name}`;
}

test("the manifest names every vector file, once", { skip: withoutVectors }, () => {
  const files = ["ciphertexts", "negative"].flatMap((folder) =>
    readdirSync(new URL(folder, DIRECTORY)).map((name) => `${folder}/${name}`),
  );
  assert.deepEqual(
    manifest()
      .map(({ file }) => file)
      .sort(),
    files.sort(),
  );
  assert.equal(files.length, 63);
});

test(
  "every vector gives its verdict whole, byte by byte, in random cuts and by range",
  { skip: withoutVectors },
  () => {
    const visited = { ok: 0, refused: 0, ranged: 0 };
    for (const vector of manifest()) {
      const bytes = load(vector.file);
      const reader = readerOf(vector);
      const code = expectedCode(vector);
      const whole = readWhole(bytes, reader);
      assert.equal(whole.code, code, vector.file);
      const chunked = [
        readByteByByte(bytes, reader),
        ...[1, 2, 3].map((seed) => readChunks(cutAt(bytes, seed), reader)),
      ];
      for (const verdict of chunked) assert.equal(verdict.code, code, vector.file);
      if (code !== "ok") {
        visited.refused++;
        continue;
      }
      visited.ok++;
      const plain = load(vector.plaintext ?? "");
      for (const verdict of [whole, ...chunked]) assert.deepEqual(verdict.released, plain, vector.file);
      const header = parseHeader(bytes);
      if (!header.framed || header.suite.signature !== null) continue;
      visited.ranged++;
      for (const step of [1, 7, header.frameLength, header.frameLength + 1, 100_000]) {
        if (plain.length / step > 2_000) continue;
        const verdict = readByRanges(bytes, reader, step);
        assert.deepEqual(verdict, { code: "ok", released: plain }, vector.file);
      }
    }
    assert.deepEqual(visited, { ok: 45, refused: 18, ranged: visited.ranged });
    assert.ok(visited.ranged >= 15);
  },
);

test("the functions behind `open` give every vector its verdict", { skip: withoutVectors }, () => {
  for (const vector of manifest()) {
    const bytes = load(vector.file);
    const dataKey = knownKey(vector);
    const required = readerOf(vector).required;
    const open = (): Uint8Array =>
      dataKey === undefined
        ? openWithRawAes(bytes, rawAesKey(vector), required)
        : openWithDataKey(bytes, dataKey, required);
    const code = expectedCode(vector);
    if (code === "ok") assert.deepEqual(open(), load(vector.plaintext ?? ""), vector.file);
    else assert.throws(open, { code }, vector.file);
  }
});

test("all 46 commitment vectors give AWS's verdict", { skip: withoutVectors }, () => {
  const { tests } = loadJson("commitment-test-vectors.json") as { tests: readonly CommitmentVector[] };
  assert.equal(tests.length, 46);
  for (const [index, vector] of tests.entries()) {
    const bytes = new Uint8Array(Buffer.from(vector.ciphertext, "base64"));
    const reader = { source: knownDataKey(Buffer.from(vector["decrypted-dek"], "base64")) };
    const name = `vector ${String(index + 1)}`;
    for (const verdict of [readWhole(bytes, reader), readByteByByte(bytes, reader)]) {
      assert.equal(verdict.code, vector.status ? "ok" : "SEAL_COMMITMENT", name);
      const released = vector.status ? (vector["plaintext-frames"] ?? []).join("") : "";
      assert.equal(Buffer.from(verdict.released).toString(), released, name);
    }
  }
});

test(
  "a message that AWS's default policy refuses is refused before its key is asked for",
  { skip: withoutVectors },
  () => {
    const source = { dataKey: () => assert.fail("the key was asked for") };
    for (const vector of manifest()) {
      const bytes = load(vector.file);
      const suite = Number(vector.suite);
      if (suite < 0x0400) {
        assert.equal(readWhole(bytes, { source, policy: COMMITTING }).code, "POLICY_MESSAGE");
      }
      const sealable = suite === 0x0478 && vector.contentType !== "unframed" && parseableAlone(bytes);
      if (!sealable) assert.notEqual(readWhole(bytes, { source, policy: SEALED_OBJECT }).code, "ok");
    }
  },
);

/** One data key, as a sealed object has. */
function parseableAlone(bytes: Uint8Array): boolean {
  try {
    return parseHeader(bytes).dataKeys.length === 1;
  } catch {
    return false;
  }
}

test("a signed or unframed vector that is cut anywhere releases nothing", { skip: withoutVectors }, () => {
  for (const vector of manifest().filter(({ expect }) => expect === "ok")) {
    const bytes = load(vector.file);
    const header = parseHeader(bytes);
    if (header.framed && header.suite.signature === null) continue;
    const reader = readerOf(vector);
    for (let end = bytes.length - 1; end >= 0; end -= Math.max(1, Math.floor(bytes.length / 40))) {
      const verdict = readWhole(bytes.subarray(0, end), reader);
      assert.deepEqual(verdict, { code: "SEAL_TRUNCATED", released: new Uint8Array(0) }, vector.file);
    }
  }
});
