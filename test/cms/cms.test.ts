// CiphertextForRecipient: KMS's own answers open; every other form, key, algorithm or padding meets one refusal.
import assert from "node:assert/strict";
import { constants, createPrivateKey, generateKeyPairSync, publicEncrypt, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { mock, test } from "node:test";

import fc from "fast-check";

import { generateRecipientKey, publicKeyDer } from "../../core/crypto.ts";
import { SealroomError } from "../../core/errors.ts";
import { decodeEnvelope, openCms } from "../../core/seal/cms.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { EnvelopeWriter, NULL, OID, bytes, indefinite, oaep, oid, value } from "./envelope.ts";
import type { EnvelopeParts } from "./envelope.ts";

interface Sample {
  readonly file: string;
  readonly privateKey?: string;
  readonly plaintextHex?: string;
  readonly expect?: {
    readonly encryptedKeyHex: string;
    readonly ivHex: string;
    readonly ciphertextHex: string;
  };
}

const DIRECTORY = new URL("cms/", VECTORS);
const DEEP = process.env["SEALROOM_DEEP"] === "1";
const { privateKey: PRIVATE_KEY } = generateRecipientKey();
const PLAIN = new Uint8Array(randomBytes(32));

function load(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, DIRECTORY)));
}

function samples(): readonly Sample[] {
  return (JSON.parse(readFileSync(new URL("manifest.json", DIRECTORY), "utf8")) as { samples: Sample[] })
    .samples;
}

function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}

/** The one refusal: no details, and nothing else that tells cases apart. */
function assertRefused(data: Uint8Array, what: string, privateKey: KeyObject = PRIVATE_KEY): void {
  try {
    openCms(data, privateKey);
  } catch (error) {
    assert.ok(error instanceof SealroomError, what);
    assert.equal(error.code, "CMS_OPEN", what);
    assert.deepEqual(error.details, {}, what);
    assert.equal(error.cause, undefined, what);
    return;
  }
  assert.fail(`opened: ${what}`);
}

function writer(): EnvelopeWriter {
  return new EnvelopeWriter(PRIVATE_KEY);
}

test(
  "every sample of a KMS answer gives its plaintext, or the fields that AWS's parser finds",
  { skip: withoutVectors },
  () => {
    const files = readdirSync(DIRECTORY).filter((name) => name.endsWith(".der"));
    assert.deepEqual(
      samples()
        .map(({ file }) => file)
        .sort(),
      files.sort(),
    );
    for (const { file, privateKey, plaintextHex, expect } of samples()) {
      if (privateKey !== undefined) {
        assert.equal(
          hex(openCms(load(file), createPrivateKey(Buffer.from(load(privateKey))))),
          plaintextHex,
          file,
        );
      }
      if (expect !== undefined) {
        const { encryptedKey, iv, ciphertext } = decodeEnvelope(load(file));
        assert.deepEqual(
          [hex(encryptedKey), hex(iv), hex(ciphertext)],
          [expect.encryptedKeyHex, expect.ivHex, expect.ciphertextHex],
        );
      }
      assert.ok(privateKey !== undefined || expect !== undefined, file);
    }
  },
);

test(
  "a real KMS answer does not open with another key, nor when cut or followed by a byte",
  { skip: withoutVectors },
  () => {
    const answer = load("edgebit_real-kms-decrypt.der");
    const key = createPrivateKey(Buffer.from(load("edgebit_rsa_private.pem")));
    assertRefused(answer, "another key");
    for (let end = 0; end < answer.length; end++) {
      assertRefused(answer.subarray(0, end), `cut to ${String(end)}`, key);
    }
    assertRefused(bytes(answer, 0), "a byte more", key);
  },
);

test("opens every mix of definite and indefinite lengths, primitive, chunked and nested content", () => {
  const w = writer();
  const ciphertext = w.encrypt(PLAIN);
  const [a, b] = [ciphertext.subarray(0, 5), ciphertext.subarray(5)];
  const contents = [
    value(0x80, ciphertext),
    value(0xa0, value(0x04, ciphertext)),
    indefinite(0xa0, value(0x04, ciphertext)),
    indefinite(0xa0, value(0x04, a), value(0x04, b)),
    value(0xa0, value(0x04, a), value(0x04), value(0x04, b)),
    indefinite(0xa0, indefinite(0x24, value(0x04, a)), value(0x24, value(0x04, b))),
    value(0xa0, indefinite(0x24, value(0x24, value(0x04, a), value(0x04, b)))),
  ];
  for (const form of ["definite", "indefinite"] as const) {
    for (const content of contents) {
      assert.deepEqual(openCms(w.write(ciphertext, { form, content }), PRIVATE_KEY), PLAIN, hex(content));
    }
  }
});

test("opens plaintexts of every length that KMS decrypts", () => {
  const w = writer();
  for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 4096]) {
    const plain = new Uint8Array(randomBytes(length));
    assert.deepEqual(openCms(w.write(w.encrypt(plain)), PRIVATE_KEY), plain);
  }
});

test("opens an envelope of 16 KiB, and none that is longer", () => {
  const w = writer();
  const plain = new Uint8Array(randomBytes(15_000));
  const ciphertext = w.encrypt(plain);
  const written = (first: number, empties: number): Uint8Array => {
    const chunks = [ciphertext.subarray(0, first), ciphertext.subarray(first)];
    const empty = Array.from({ length: empties }, () => value(0x04));
    return w.write(ciphertext, {
      content: value(0xa0, ...chunks.map((chunk) => value(0x04, chunk)), ...empty),
    });
  };
  // A chunk of 128 bytes has one byte of length more than a shorter one; an empty chunk has two bytes.
  const first = written(16, 0).length % 2 === 0 ? 16 : 128;
  const empties = (16 * 1024 - written(first, 0).length) / 2;
  assert.equal(written(first, empties).length, 16 * 1024);
  assert.deepEqual(openCms(written(first, empties), PRIVATE_KEY), plain);
  assertRefused(written(first, empties + 1), "an empty chunk more");
});

test("takes the hash's parameters as NULL or left out (RFC 4055 §2.1)", () => {
  const w = writer();
  const keyAlgorithm = value(
    0x30,
    oid(OID.oaep),
    value(
      0x30,
      value(0xa0, value(0x30, oid(OID.sha256))),
      value(0xa1, value(0x30, oid(OID.mgf1), value(0x30, oid(OID.sha256)))),
    ),
  );
  assert.deepEqual(openCms(w.write(w.encrypt(PLAIN), { keyAlgorithm }), PRIVATE_KEY), PLAIN);
});

test("refuses other forms, versions, recipients and algorithms, all in one way", () => {
  const w = writer();
  const ciphertext = w.encrypt(PLAIN);
  const pkcs1 = new Uint8Array(
    publicEncrypt({ key: w.publicKey, padding: constants.RSA_PKCS1_PADDING }, w.cek),
  );
  const rsa = value(0x30, oid(OID.rsaEncryption), NULL);
  const cbc = (algorithm: string, iv: Uint8Array = w.iv): Uint8Array =>
    value(0x30, oid(algorithm), value(0x04, iv));
  const issuerAndSerial = value(0x30, value(0x30), value(0x02, Uint8Array.of(1)));
  const mine = w.recipient({});
  const stranger = new EnvelopeWriter(generateRecipientKey().privateKey).recipient({});
  const deep = (depth: number): Uint8Array =>
    depth === 0 ? value(0x04, ciphertext) : indefinite(0x24, deep(depth - 1));
  const variants: Readonly<Record<string, EnvelopeParts>> = {
    "another content type": { outerOid: oid(OID.signedData) },
    "EnvelopedData version 0": { version: 0 },
    "EnvelopedData version 3": { version: 3 },
    "no recipient": { recipients: [] },
    "two recipients": { recipients: [mine, mine] },
    "a stranger and this one": { recipients: [stranger, mine] },
    "this one and a stranger": { recipients: [mine, stranger] },
    "a stranger only": { recipients: [stranger] },
    "a key agreement recipient": { recipients: [value(0xa1, value(0x02, Uint8Array.of(3)))] },
    "recipient version 0 with issuer and serial": { recipientVersion: 0, recipientId: issuerAndSerial },
    "recipient version 2 with issuer and serial": { recipientId: issuerAndSerial },
    "recipient version 0 with a key id": { recipientVersion: 0 },
    "a wrong key id": { recipientId: value(0x80, new Uint8Array(32)) },
    "a short key id": { recipientId: value(0x80, w.keyId().subarray(0, 31)) },
    "an empty key id": { recipientId: value(0x80) },
    "a constructed key id": { recipientId: value(0xa0, value(0x04, w.keyId())) },
    "PKCS #1 v1.5": { keyAlgorithm: rsa, encryptedKey: pkcs1 },
    "PKCS #1 v1.5 under the name of OAEP": { encryptedKey: pkcs1 },
    "OAEP under the name of PKCS #1 v1.5": { keyAlgorithm: rsa },
    "OAEP with SHA-1": { keyAlgorithm: oaep(OID.sha1, OID.sha1), encryptedKey: w.encryptKey(w.cek, "sha1") },
    "OAEP with SHA-1 under the name of SHA-256": { encryptedKey: w.encryptKey(w.cek, "sha1") },
    "OAEP with SHA-256 under the name of SHA-1": { keyAlgorithm: oaep(OID.sha1, OID.sha1) },
    "OAEP with SHA-384": {
      keyAlgorithm: oaep(OID.sha384, OID.sha384),
      encryptedKey: w.encryptKey(w.cek, "sha384"),
    },
    "a mask of SHA-1": { keyAlgorithm: oaep(OID.sha256, OID.sha1) },
    "OAEP by default, which is SHA-1": { keyAlgorithm: value(0x30, oid(OID.oaep), value(0x30)) },
    "OAEP without parameters": { keyAlgorithm: value(0x30, oid(OID.oaep)) },
    "OAEP with a label": {
      keyAlgorithm: oaep(OID.sha256, OID.sha256, value(0xa2, value(0x30, oid(OID.pSpecified), value(0x04)))),
    },
    "a content key of 16 bytes": { encryptedKey: w.encryptKey(w.cek.subarray(0, 16)) },
    "a content key of 33 bytes": { encryptedKey: w.encryptKey(bytes(w.cek, 0)) },
    "a content key of 0 bytes": { encryptedKey: w.encryptKey(new Uint8Array(0)) },
    "an encrypted key of 255 bytes": { encryptedKey: w.encryptKey(w.cek).subarray(1) },
    "an encrypted key of 257 bytes": { encryptedKey: bytes(0, w.encryptKey(w.cek)) },
    "no encrypted key": { encryptedKey: new Uint8Array(0) },
    "an encrypted key of all ones": { encryptedKey: new Uint8Array(256).fill(0xff) },
    "content that is not data": { contentOid: oid(OID.envelopedData) },
    "AES-128-CBC": { contentAlgorithm: cbc(OID.aes128Cbc) },
    "triple DES": { contentAlgorithm: cbc(OID.tripleDes, w.iv.subarray(0, 8)) },
    "AES-256-GCM": {
      contentAlgorithm: value(0x30, oid(OID.aes256Gcm), value(0x30, value(0x04, w.iv.subarray(0, 12)))),
    },
    "an IV of 15 bytes": { contentAlgorithm: cbc(OID.aes256Cbc, w.iv.subarray(1)) },
    "an IV of 17 bytes": { contentAlgorithm: cbc(OID.aes256Cbc, bytes(w.iv, 0)) },
    "no IV": { contentAlgorithm: value(0x30, oid(OID.aes256Cbc)) },
    "something after the IV": { contentAlgorithm: value(0x30, oid(OID.aes256Cbc), value(0x04, w.iv), NULL) },
    "no content": { content: new Uint8Array(0) },
    "empty content": { content: value(0x80) },
    "content of no chunks": { content: indefinite(0xa0) },
    "half a block of content": { content: value(0x80, ciphertext.subarray(0, 8)) },
    "a block and a half of content": { content: value(0x80, ciphertext.subarray(0, 24)) },
    "content twice": { content: bytes(value(0x80, ciphertext), value(0x80, ciphertext)) },
    "content in an explicit tag of another kind": { content: value(0xa0, value(0x03, ciphertext)) },
    "primitive content of indefinite length": { content: bytes(0x80, 0x80, ciphertext, 0, 0) },
    "chunks of indefinite length": { content: indefinite(0xa0, bytes(0x04, 0x80, ciphertext, 0, 0)) },
    "chunks nested four deep": { content: indefinite(0xa0, deep(3)) },
    "chunks nested a thousand deep": { content: indefinite(0xa0, deep(1000)) },
    "unprotected attributes": { attributes: value(0xa1, value(0x30)) },
    "originator info": {
      version: 2,
      recipients: [mine],
      outerOid: bytes(oid(OID.envelopedData), value(0xa0)),
    },
  };
  for (const [name, parts] of Object.entries(variants)) assertRefused(w.write(ciphertext, parts), name);
  assert.deepEqual(openCms(w.write(ciphertext, { content: indefinite(0xa0, deep(2)) }), PRIVATE_KEY), PLAIN);
});

test("refuses an encrypted key without its leading zero, which is the same number", () => {
  const w = writer();
  const ciphertext = w.encrypt(PLAIN);
  let encryptedKey = w.encryptKey(w.cek);
  while (encryptedKey[0] !== 0) encryptedKey = w.encryptKey(w.cek);
  assert.deepEqual(openCms(w.write(ciphertext, { encryptedKey }), PRIVATE_KEY), PLAIN);
  assertRefused(w.write(ciphertext, { encryptedKey: encryptedKey.subarray(1) }), "255 bytes");
  assertRefused(w.write(ciphertext, { encryptedKey: bytes(0, encryptedKey) }), "257 bytes");
});

test("refuses lengths that are not in their shortest form, too long, or past the end", () => {
  const w = writer();
  const ciphertext = w.encrypt(PLAIN);
  const contents: Readonly<Record<string, Uint8Array>> = {
    "a long form for a short length": bytes(0x80, 0x81, 48, ciphertext),
    "a leading zero": bytes(0x80, 0x82, 0, 48, ciphertext),
    "three octets": bytes(0x80, 0x83, 0, 0, 48, ciphertext),
    "four octets": bytes(0x80, Uint8Array.of(0x84, 0xff, 0xff, 0xff, 0xff), ciphertext),
    "the reserved octet": bytes(0x80, 0xff, ciphertext),
    "one more than there is": bytes(0x80, 49, ciphertext),
    "far more than there is": bytes(0x80, Uint8Array.of(0x82, 0xff, 0xff), ciphertext),
    "a tag of several bytes": bytes(0x9f, 0x1f, 48, ciphertext),
    "half an end mark": bytes(0xa0, 0x80, value(0x04, ciphertext), 0),
    "an end mark with a length": bytes(0xa0, 0x80, value(0x04, ciphertext), 0, 1, 0),
    "an end mark too many": bytes(0xa0, 0x80, value(0x04, ciphertext), 0, 0, 0, 0),
  };
  for (const [name, content] of Object.entries(contents)) {
    for (const form of ["definite", "indefinite"] as const) {
      assertRefused(w.write(ciphertext, { form, content }), name);
    }
  }
});

test("refuses every padding but the right one", () => {
  const w = writer();
  for (let last = 0; last < 256; last++) {
    const block = new Uint8Array(16).fill(last);
    const opens = last >= 1 && last <= 16;
    const envelope = w.write(w.encryptBlocks(bytes(PLAIN, block)));
    if (opens) assert.equal(openCms(envelope, PRIVATE_KEY).length, 48 - last);
    else assertRefused(envelope, `padding of ${String(last)}`);
    for (let at = Math.max(0, 16 - last); opens && at < 15; at++) {
      const wrong = block.with(at, last + 1);
      assertRefused(
        w.write(w.encryptBlocks(bytes(PLAIN, wrong))),
        `padding of ${String(last)} wrong at ${String(at)}`,
      );
    }
  }
});

test("refuses what is empty, oversized, or not CMS at all", () => {
  const w = writer();
  assertRefused(new Uint8Array(0), "nothing");
  assertRefused(w.write(w.encrypt(new Uint8Array(20_000))), "20 kB");
  assertRefused(new Uint8Array(16 * 1024).fill(0x30), "sequences");
  assertRefused(new Uint8Array(16 * 1024).fill(0x80), "lengths");
  assertRefused(bytes(w.write(w.encrypt(PLAIN)), 0), "a byte after the end");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
      assertRefused(noise, "noise");
    }),
  );
});

test("the key id must be the one of the key that was attested, though another is given", () => {
  const w = writer();
  const envelope = w.write(w.encrypt(PLAIN));
  assert.deepEqual(openCms(envelope, PRIVATE_KEY, publicKeyDer(PRIVATE_KEY)), PLAIN);
  const other = generateRecipientKey().publicKeyDer;
  assert.throws(() => openCms(envelope, PRIVATE_KEY, other), { code: "CMS_OPEN" });
});

test("an earlier answer does not open under a fresh key", () => {
  const w = writer();
  const envelope = w.write(w.encrypt(PLAIN));
  assertRefused(envelope, "replayed", generateRecipientKey().privateKey);
  assertRefused(
    envelope,
    "a key of 3072 bits",
    generateKeyPairSync("rsa", { modulusLength: 3072 }).privateKey,
  );
});

/**
 * CMS itself authenticates nothing: a flip in the IV or the first block changes the plaintext, and one in the last block
 * may. That is why the answer must come over TLS, and why sealed objects commit to their key. All else is refused.
 */
test("one flipped bit of a KMS answer is refused, or changes the key it gives", () => {
  const w = writer();
  const ciphertext = w.encrypt(PLAIN);
  const envelope = w.write(ciphertext);
  const ivAt = Buffer.from(envelope).indexOf(w.iv);
  const contentAt = Buffer.from(envelope).indexOf(ciphertext);
  const malleable = (at: number): boolean =>
    (at >= ivAt && at < ivAt + 16) ||
    (at >= contentAt && at < contentAt + 16) ||
    (at >= contentAt + 32 && at < contentAt + 48);
  for (let at = 0; at < envelope.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      if (!DEEP && bit !== (at * 5) % 8) continue;
      const flipped = envelope.with(at, (envelope[at] ?? 0) ^ (1 << bit));
      if (!malleable(at)) {
        assertRefused(flipped, `byte ${String(at)} bit ${String(bit)}`);
        continue;
      }
      const opened = openOrNull(flipped);
      if (at < contentAt + 32) assert.ok(opened !== null, `byte ${String(at)} bit ${String(bit)}`);
      if (opened !== null) assert.notDeepEqual(opened, PLAIN);
    }
  }
});

function openOrNull(envelope: Uint8Array): Uint8Array | null {
  try {
    return openCms(envelope, PRIVATE_KEY);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "CMS_OPEN");
    return null;
  }
}

test("leaves neither the plaintext nor the key it was under in a buffer of its own", () => {
  const w = new EnvelopeWriter(PRIVATE_KEY);
  const envelope = w.write(w.encrypt(PLAIN));
  const passed = new Set<Uint8Array>();
  // Whatever is copied goes through one of these.
  const watch = (method: "slice" | "set", seen: (self: Uint8Array, from: unknown) => unknown) => {
    const original = Reflect.get(Uint8Array.prototype, method) as (...args: unknown[]) => unknown;
    return mock.method(Uint8Array.prototype, method, function (this: Uint8Array, ...args: unknown[]) {
      const bytes = seen(this, args[0]);
      if (bytes instanceof Uint8Array) passed.add(bytes);
      return original.apply(this, args);
    });
  };
  const watched = [watch("slice", (self) => self), watch("set", (_self, from) => from)];
  let plain: Uint8Array;
  try {
    plain = openCms(envelope, PRIVATE_KEY);
  } finally {
    for (const method of watched) method.mock.restore();
  }
  assert.deepEqual(plain, PLAIN);
  assert.ok([...passed].some((bytes) => bytes.length >= PLAIN.length && bytes.every((byte) => byte === 0)));
  for (const bytes of passed) assert.equal(Buffer.from(bytes).indexOf(PLAIN), -1);
});
