// The writer, against AWS's own client in both directions, and against misuse.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  AlgorithmSuiteIdentifier,
  CommitmentPolicy,
  MultiKeyringNode,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
  buildClient,
} from "@aws-crypto/client-node";
import fc from "fast-check";

import { aesKey, randomBytes, sha384 } from "../../core/crypto.ts";
import { FrameCipher } from "../../core/seal/frame.ts";
import { openHeader } from "../../core/seal/header.ts";
import { RawAesKeyring } from "../../core/seal/keyring.ts";
import { openMessage, openWithRawAes } from "../../core/seal/open.ts";
import { SEALED_OBJECT } from "../../core/seal/policy.ts";
import { plainSize, sealedSize } from "../../core/seal/size.ts";
import { DEFAULT_FRAME_LENGTH, MessageWriter } from "../../core/seal/writer.ts";
import type { MessageOptions } from "../../core/seal/writer.ts";
import { Forger, concat } from "./forger.ts";
import { readByRanges, readChunks } from "./reading.ts";

const FRAME_LENGTH = 64;
const OWNER = { wrappingKey: randomBytes(32), keyNamespace: "sealroom", keyName: "dataset-key" };
const CONTEXT = new Map([
  ["sealroom:dataset", "flights"],
  ["a", "ü"],
]);
const OPTIONS: MessageOptions = { ...OWNER, encryptionContext: CONTEXT, frameLength: FRAME_LENGTH };
const LENGTHS = [0, 1, 2, 3]
  .flatMap((frames) => [-1, 0, 1].map((more) => frames * FRAME_LENGTH + more))
  .filter((n) => n >= 0);

const UNSIGNED = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
const SIGNED = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const awsKeyring = new RawAesKeyringNode({
  keyNamespace: OWNER.keyNamespace,
  keyName: OWNER.keyName,
  unencryptedMasterKey: OWNER.wrappingKey.slice(), // the keyring wipes what it is given
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});

function seal(plain: Uint8Array, options: MessageOptions = OPTIONS, step = plain.length): Uint8Array {
  const writer = new MessageWriter(options);
  const pieces = [writer.header()];
  for (let at = 0; at < plain.length; at += step) pieces.push(...writer.push(plain.subarray(at, at + step)));
  pieces.push(...writer.finish());
  const sealed = concat(...pieces);
  assert.equal(writer.sealedBytes, sealed.length);
  assert.equal(writer.plainBytes, plain.length);
  assert.deepEqual(writer.digest, sha384(writer.header()));
  return sealed;
}

test("AWS's client, which demands commitment, opens what we write, at every length around a frame", async () => {
  for (const length of LENGTHS) {
    const plain = randomBytes(length);
    const { plaintext, messageHeader } = await client.decrypt(awsKeyring, Buffer.from(seal(plain)));
    assert.deepEqual(new Uint8Array(plaintext), plain);
    assert.deepEqual(new Map(Object.entries(messageHeader.encryptionContext)), CONTEXT);
    assert.equal(messageHeader.suiteId, 0x0478);
    assert.equal(messageHeader.frameLength, FRAME_LENGTH);
  }
});

test("AWS's client opens a message of several default frames without a context", async () => {
  const plain = randomBytes(2 * DEFAULT_FRAME_LENGTH + 5);
  const sealed = seal(plain, { ...OWNER, encryptionContext: new Map() }, 100_000);
  const { plaintext } = await client.decrypt(awsKeyring, Buffer.from(sealed));
  assert.deepEqual(new Uint8Array(plaintext), plain);
});

test("we open what AWS's client writes, signed and unsigned, at every length around a frame", async () => {
  for (const length of LENGTHS) {
    const plain = randomBytes(length);
    for (const suiteId of [UNSIGNED, SIGNED]) {
      const { result } = await client.encrypt(awsKeyring, Buffer.from(plain), {
        suiteId,
        frameLength: FRAME_LENGTH,
        encryptionContext: Object.fromEntries(CONTEXT),
      });
      assert.deepEqual(openWithRawAes(new Uint8Array(result), OWNER), plain);
      if (suiteId === SIGNED) continue;
      const reader = { source: new RawAesKeyring(OWNER), policy: SEALED_OBJECT };
      assert.deepEqual(readByRanges(new Uint8Array(result), reader, 50), { code: "ok", released: plain });
    }
  }
});

test("wrapping keys of 128 and 192 bits work as AWS's do", async () => {
  const suites = [
    [16, RawAesWrappingSuiteIdentifier.AES128_GCM_IV12_TAG16_NO_PADDING],
    [24, RawAesWrappingSuiteIdentifier.AES192_GCM_IV12_TAG16_NO_PADDING],
  ] as const;
  for (const [keyBytes, wrappingSuite] of suites) {
    const key = { ...OWNER, wrappingKey: randomBytes(keyBytes) };
    const unencryptedMasterKey = key.wrappingKey.slice();
    const keyring = new RawAesKeyringNode({ ...OWNER, unencryptedMasterKey, wrappingSuite });
    const { result } = await client.encrypt(keyring, "text");
    assert.equal(Buffer.from(openWithRawAes(new Uint8Array(result), key)).toString(), "text");
    const { plaintext } = await client.decrypt(
      keyring,
      Buffer.from(seal(randomBytes(9), { ...OPTIONS, ...key })),
    );
    assert.equal(plaintext.length, 9);
  }
});

test("a keyring opens only what was wrapped under its key, namespace, name and context", () => {
  const sealed = seal(randomBytes(10));
  const others = [
    { ...OWNER, wrappingKey: randomBytes(32) },
    { ...OWNER, wrappingKey: randomBytes(16) },
    { ...OWNER, keyNamespace: "sealroon" },
    { ...OWNER, keyNamespace: "" },
    { ...OWNER, keyName: "dataset-kez" },
    { ...OWNER, keyName: "dataset-ke" },
    { ...OWNER, keyName: "dataset-key\0" },
  ];
  for (const key of others) assert.throws(() => openWithRawAes(sealed, key), { code: "SEAL_KEY" });
  assert.throws(() => openWithRawAes(sealed, OWNER, new Map([["more", "context"]])), { code: "SEAL_KEY" });
  assert.throws(() => openWithRawAes(sealed, OWNER, new Map([["a", "u"]])), { code: "SEAL_CONTEXT" });
  assert.equal(openWithRawAes(sealed, OWNER, new Map([["a", "ü"]])).length, 10);
});

test("a keyring passes over wrapped keys of others, and ones of its own that do not open", async () => {
  const encryptionContext = Object.fromEntries(CONTEXT);
  const twin = new RawAesKeyringNode({
    ...OWNER,
    unencryptedMasterKey: randomBytes(32),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  const both = new MultiKeyringNode({ generator: twin, children: [awsKeyring] });
  const { result } = await client.encrypt(both, "text", { encryptionContext });
  assert.equal(Buffer.from(openWithRawAes(new Uint8Array(result), OWNER)).toString(), "text");
});

test("a keyring passes over a wrapped key of another length", () => {
  const keyring = new RawAesKeyring(OWNER);
  const wrap = (dataKey: Uint8Array): readonly [string, Uint8Array, Uint8Array] => {
    const { providerId, providerInfo, ciphertext } = keyring.wrap(dataKey, new Map());
    return [providerId, providerInfo, ciphertext];
  };
  const dataKey = randomBytes(32);
  const forger = new Forger({ suite: 0x0478, dataKey, dataKeys: [wrap(randomBytes(16)), wrap(dataKey)] });
  assert.equal(openWithRawAes(forger.message(...forger.frames(randomBytes(50))), OWNER).length, 50);
  const lone = new Forger({ suite: 0x0478, dataKey, dataKeys: [wrap(randomBytes(16))] });
  assert.throws(() => openWithRawAes(lone.message(...lone.frames(randomBytes(50))), OWNER), {
    code: "SEAL_KEY",
  });
});

test("a keyring refuses the namespace of AWS KMS and keys of other lengths", () => {
  assert.throws(() => new RawAesKeyring({ ...OWNER, keyNamespace: "aws-kms" }), TypeError);
  assert.throws(() => new RawAesKeyring({ ...OWNER, wrappingKey: randomBytes(31) }), TypeError);
});

test("opening what was sealed gives it back, however it was cut on either side", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 1, max: 130 }),
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 150 }),
      fc.dictionary(fc.string({ unit: "binary", minLength: 1 }), fc.string({ unit: "binary" }), {
        maxKeys: 5,
      }),
      (plain, frameLength, writeStep, readStep, dictionary) => {
        const encryptionContext = new Map(Object.entries(dictionary));
        const sealed = seal(plain, { ...OPTIONS, encryptionContext, frameLength }, writeStep);
        const reader = { source: new RawAesKeyring(OWNER), policy: SEALED_OBJECT };
        const chunks = Array.from({ length: Math.ceil(sealed.length / readStep) }, (_, i) =>
          sealed.subarray(i * readStep, (i + 1) * readStep),
        );
        const expected = { code: "ok", released: new Uint8Array(plain) };
        assert.deepEqual(readChunks(chunks, reader), expected);
        assert.deepEqual(readByRanges(sealed, reader, readStep), expected);
        const header = openHeader(sealed, reader.source);
        assert.deepEqual(header.encryptionContext, encryptionContext);
        assert.equal(sealed.length, sealedSize(header.headerBytes, frameLength, plain.length));
      },
    ),
    { numRuns: 150 },
  );
});

test("sealedSize and plainSize are inverse", () => {
  const sizes = fc.integer({ min: 0, max: 2 ** 45 });
  fc.assert(
    fc.property(
      fc.integer({ min: 50, max: 10_000 }),
      fc.integer({ min: 1 << 14, max: 2 ** 24 }),
      sizes,
      (h, f, n) => {
        const { frames, plainBytes } = plainSize(h, f, sealedSize(h, f, n));
        assert.equal(plainBytes, n);
        assert.equal(frames, Math.max(1, Math.ceil(n / f)));
      },
    ),
  );
});

test("lengths that no message has are refused", () => {
  for (let n = 0; n < 3 * (FRAME_LENGTH + 32); n++) {
    const possible = new Set(
      [...Array(2 * FRAME_LENGTH + 1).keys()].map((p) => sealedSize(100, FRAME_LENGTH, p)),
    );
    possible.add(sealedSize(100, FRAME_LENGTH, FRAME_LENGTH) + 32); // a final frame of no bytes after one, or two
    possible.add(sealedSize(100, FRAME_LENGTH, 2 * FRAME_LENGTH) + 32);
    if (n >= 2 * (FRAME_LENGTH + 32) + 40 + 1) break;
    if (possible.has(100 + n)) {
      assert.equal(typeof plainSize(100, FRAME_LENGTH, 100 + n).plainBytes, "number");
    } else assert.throws(() => plainSize(100, FRAME_LENGTH, 100 + n), { code: "SEAL_LAYOUT" }, String(n));
  }
  for (const total of [-1, 0, 139, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => plainSize(100, FRAME_LENGTH, total), { code: "SEAL_LAYOUT" });
  }
  assert.throws(() => plainSize(100, 1, 100 + 40 + 33 * (2 ** 32 - 1)), { code: "SEAL_LAYOUT" });
  assert.equal(plainSize(100, 1, 100 + 40 + 33 * (2 ** 32 - 2)).frames, 2 ** 32 - 1);
});

test("no two messages share a message id, a wrapped key or a sealed byte, though all else is equal", () => {
  const plain = new Uint8Array(1000);
  const digests = new Set<string>();
  const bodies = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const writer = new MessageWriter(OPTIONS);
    digests.add(Buffer.from(writer.digest).toString("hex"));
    bodies.add(Buffer.from(concat(...writer.push(plain))).toString("hex"));
  }
  assert.equal(digests.size, 50);
  assert.equal(bodies.size, 50);
});

test("a writer cannot be used after finish, nor changed through what it gave out", () => {
  const writer = new MessageWriter(OPTIONS);
  const header = writer.header();
  header.fill(0);
  const pieces = [writer.header(), ...writer.push(randomBytes(100)), ...writer.finish()];
  assert.throws(() => writer.push(new Uint8Array(1)), { code: "SEAL_STATE" });
  assert.throws(() => writer.push(new Uint8Array(0)), { code: "SEAL_STATE" });
  assert.throws(() => writer.finish(), { code: "SEAL_STATE" });
  assert.equal(openMessage(concat(...pieces), new RawAesKeyring(OWNER), SEALED_OBJECT).length, 100);
});

test("a writer keeps no hold of the caller's memory", () => {
  const writer = new MessageWriter(OPTIONS);
  const buffer = randomBytes(100);
  const plain = buffer.slice();
  const pieces = [writer.header(), ...writer.push(buffer)];
  buffer.fill(0);
  pieces.push(...writer.finish());
  assert.deepEqual(openMessage(concat(...pieces), new RawAesKeyring(OWNER), SEALED_OBJECT), plain);
});

test("a writer refuses reserved context, contexts that are too long, and impossible frame lengths", () => {
  const withContext = (key: string, value: string): MessageOptions => ({
    ...OPTIONS,
    encryptionContext: new Map([[key, value]]),
  });
  assert.throws(() => new MessageWriter(withContext("aws-crypto-public-key", "x")), { code: "SEAL_CONTEXT" });
  assert.throws(() => new MessageWriter(withContext("\udc00", "x")), { code: "SEAL_CONTEXT" });
  assert.throws(() => new MessageWriter(withContext("k", "x".repeat(70_000))), { code: "SEAL_LIMIT" });
  assert.throws(() => new MessageWriter({ ...OPTIONS, keyName: "x".repeat(70_000) }), { code: "SEAL_LIMIT" });
  for (const frameLength of [0, -1, 1.5, NaN, 2 ** 24 + 1]) {
    assert.throws(() => new MessageWriter({ ...OPTIONS, frameLength }), {
      name: "RangeError",
      message: "a frame length is 1 to 16 MiB",
    });
  }
  assert.doesNotThrow(() => new MessageWriter({ ...OPTIONS, frameLength: 2 ** 24 }));
});

test("no frame is sealed past number 2^32 - 1, at which the IVs would begin again", () => {
  const cipher = new FrameCipher(aesKey(randomBytes(32)), randomBytes(32));
  const last = { sequence: 2 ** 32 - 1, final: true, plainBytes: 1 };
  assert.deepEqual(cipher.open(cipher.seal(Uint8Array.of(7), last), last), Uint8Array.of(7));
  assert.throws(() => cipher.seal(Uint8Array.of(7), { ...last, sequence: 2 ** 32 }), { code: "SEAL_LIMIT" });
});
