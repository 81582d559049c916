// Data keys: how they are wrapped for an adopted object, which lengths they have, and whose wrapped keys are opened.
import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import type { AdoptedEntry } from "../../core/manifest/manifest.ts";
import { unwrapDataKey, wrapDataKey } from "../../core/seal/adopted-key.ts";
import { parseHeader } from "../../core/seal/header-fields.ts";
import { RawAesKeyring, knownDataKey } from "../../core/seal/keyring.ts";
import { committedText, plainKeyText } from "../../core/seal/s3ec-keys.ts";
import { Forger, concat, text, u32 } from "./forger.ts";

const DATASET_KEY = new Uint8Array(randomBytes(32));
const DATA_KEY = new Uint8Array(randomBytes(32));
const ENTRY = {
  key: "object-3",
  format: "arrow",
  digest: "00".repeat(48),
  bytes: 100,
  rows: 7,
  envelope: { kind: "s3ec-v2", iv: "AAAAAAAAAAAAAAAA" },
} as const;

/** The entry with `wrapped` in place of its wrapped key. */
function withWrapped(wrapped: Uint8Array | string): AdoptedEntry {
  const wrappedKey = typeof wrapped === "string" ? wrapped : Buffer.from(wrapped).toString("base64url");
  return { ...ENTRY, envelope: { ...ENTRY.envelope, wrappedKey } };
}

test("a data key is wrapped under a key of that purpose, with all that the manifest says of its object bound to it", () => {
  const { envelope } = wrapDataKey(DATASET_KEY, ENTRY, 3, DATA_KEY);
  const wrapped = Buffer.from(envelope.wrappedKey, "base64url");
  const key = hkdfSync("sha512", DATASET_KEY, new Uint8Array(0), text("sealroom adopted data key"), 32);
  const cipher = createDecipheriv("aes-256-gcm", new Uint8Array(key), wrapped.subarray(0, 12));
  // RFC 8785: the members in the order of their names.
  cipher.setAAD(
    text(
      `{"bytes":100,"digest":"${ENTRY.digest}","envelope":{"iv":"AAAAAAAAAAAAAAAA","kind":"s3ec-v2"},` +
        `"format":"arrow","key":"object-3","object":3,"rows":7}`,
    ),
  );
  cipher.setAuthTag(wrapped.subarray(-16));
  assert.deepEqual(concat(cipher.update(wrapped.subarray(12, -16)), cipher.final()), DATA_KEY);
});

test("a wrapped key that is cut anywhere, or no base64url, does not open", () => {
  const { envelope } = wrapDataKey(DATASET_KEY, ENTRY, 3, DATA_KEY);
  const whole = new Uint8Array(Buffer.from(envelope.wrappedKey, "base64url"));
  assert.deepEqual(unwrapDataKey(DATASET_KEY, withWrapped(whole), 3), DATA_KEY);
  for (let length = 0; length < whole.length; length++) {
    const entry = withWrapped(whole.subarray(0, length));
    assert.throws(() => unwrapDataKey(DATASET_KEY, entry, 3), { code: "OBJECT_KEY" }, String(length));
  }
  assert.throws(() => unwrapDataKey(DATASET_KEY, withWrapped("!"), 3), { code: "OBJECT_KEY" });
});

test("a data key of the S3 Encryption Client has 32 bytes, also where its commitment holds", () => {
  const messageId = new Uint8Array(28);
  for (const length of [0, 16, 24, 31, 33]) {
    const dataKey = new Uint8Array(length);
    assert.throws(() => plainKeyText(dataKey, new Uint8Array(12), 16), { code: "SEAL_KEY" });
    const info = concat(Uint8Array.of(0x00, 0x73), text("COMMITKEY"));
    const commitment = new Uint8Array(hkdfSync("sha512", dataKey, messageId, info, 28));
    assert.throws(() => committedText(dataKey, messageId, commitment, 16), { code: "SEAL_KEY" });
  }
});

const HEADER = parseHeader(new Forger({ suite: 0x0478 }).header);

test("a known data key is copied: what its owner clears afterwards is still known", () => {
  const given = DATA_KEY.slice();
  const source = knownDataKey(given);
  given.fill(0);
  assert.deepEqual(source.dataKey(HEADER, new Map()), DATA_KEY);
});

test("the namespaces that begin as AWS KMS's does are refused, and no others", () => {
  const keyring = (keyNamespace: string): unknown =>
    new RawAesKeyring({ wrappingKey: new Uint8Array(32), keyNamespace, keyName: "key" });
  for (const namespace of ["aws-kms", "aws-kms-mrk", "aws-kms/eu-west-1"]) {
    assert.throws(() => keyring(namespace), {
      name: "TypeError",
      message: "the namespace aws-kms belongs to AWS KMS",
    });
  }
  for (const namespace of ["", "not-aws-kms", "aws"]) assert.doesNotThrow(() => keyring(namespace));
});

test("a wrapped key whose IV is not of 12 bytes is not this keyring's, though it was wrapped under its key", () => {
  const wrappingKey = new Uint8Array(randomBytes(32));
  const keyring = new RawAesKeyring({ wrappingKey, keyNamespace: "sealroom", keyName: "key" });
  const dataKeyFor = (iv: Uint8Array): Uint8Array => {
    const cipher = createCipheriv("aes-256-gcm", wrappingKey, iv);
    const ciphertext = concat(cipher.update(DATA_KEY), cipher.final(), cipher.getAuthTag());
    const info = concat(text("key"), u32(128), u32(12), iv);
    const { header } = new Forger({ suite: 0x0478, dataKeys: [["sealroom", info, ciphertext]] });
    return keyring.dataKey(parseHeader(header), new Map());
  };
  assert.deepEqual(dataKeyFor(new Uint8Array(12)), DATA_KEY);
  for (const length of [8, 11, 13, 16]) {
    assert.throws(() => dataKeyFor(new Uint8Array(length)), { code: "SEAL_KEY" }, String(length));
  }
});
