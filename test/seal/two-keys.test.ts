// Why the data path demands key commitment: without it one message opens under two keys, to two plaintexts, with every
// tag in order. The first two tests make such messages; the rest show that they are of no use here.
import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { test } from "node:test";

import { aesKey, openGcm, randomBytes } from "../../core/crypto.ts";
import { openHeader } from "../../core/seal/header.ts";
import { knownDataKey } from "../../core/seal/keyring.ts";
import { openWithDataKey } from "../../core/seal/open.ts";
import { COMMITTING, SEALED_OBJECT } from "../../core/seal/policy.ts";
import { Forger, concat, sequenceIv, text, u16, u32, u64 } from "./forger.ts";
import { readWhole } from "./reading.ts";

const K1 = hex("e8a987f97b609851a77e10d6d48138ef0e518f46b9f1da1145ba183ad02f9353");
const K2 = hex("c37ee9c4df69d2e96c5e9b94c75d7cabc583e7ef6dc65a6c01ca3a8d3f8b7705");
const IV = hex("000102030405060708090a0b");
const SEALED = hex("a0994aefd2df6da088edda0767e4748dd9414ad9926832c546ae6b1278b740e6");

function hex(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, "hex"));
}

test("the cipher alone opens the two-key vector under both keys", () => {
  const none = new Uint8Array(0);
  assert.deepEqual(openGcm(aesKey(K1), IV, none, SEALED), hex("1cf96a5ea8dbfbe3af5e8b7d8908eda9"));
  assert.deepEqual(openGcm(aesKey(K2), IV, none, SEALED), hex("f167aa008b3eccf368b47a58b9147f65"));
});

test("a whole message of a suite without commitment opens under both keys, to two plaintexts", () => {
  const message = twoKeyMessage();
  const first = openWithDataKey(message, K1);
  const second = openWithDataKey(message, K2);
  assert.equal(first.length, 48);
  assert.notDeepEqual(first, second);
  assert.throws(() => openWithDataKey(message, randomBytes(32)), { code: "SEAL_HEADER_TAG" });
});

test("that message is refused for its suite before either key is used", () => {
  const message = twoKeyMessage();
  const source = { dataKey: () => assert.fail("the key was asked for") };
  for (const policy of [SEALED_OBJECT, COMMITTING]) {
    assert.throws(() => openHeader(message, source, policy), { code: "POLICY_MESSAGE" });
  }
});

test("a committing message opens under the one key that it commits to", () => {
  for (const suite of [0x0478, 0x0578]) {
    const forger = new Forger({ suite, dataKey: K1 });
    const message = forger.message(forger.final(1, text("text")));
    assert.equal(readWhole(message, { source: knownDataKey(K1) }).code, "ok");
    assert.equal(readWhole(message, { source: knownDataKey(K2) }).code, "SEAL_COMMITMENT");
  }
});

test("a committing suite whose commitment is left out, or zero, is refused under both keys", () => {
  for (const commitment of [new Uint8Array(0), new Uint8Array(32)]) {
    const forger = new Forger({ suite: 0x0478, dataKey: K1, commitment });
    const message = forger.message(forger.final(1, text("text")));
    for (const key of [K1, K2]) assert.notEqual(readWhole(message, { source: knownDataKey(key) }).code, "ok");
  }
});

/**
 * A message of suite 0x0078 (the data key is the content key) whose header and one frame verify under K1 and K2. A tag is
 * linear in the authenticated blocks over GF(2^128), so one free block makes the two tags equal: in the header, 16 bytes
 * of a wrapped key; in the frame, the last block of ciphertext.
 */
function twoKeyMessage(): Uint8Array {
  const messageId = new Uint8Array(16);
  const beforeFree = concat(
    Uint8Array.of(1, 0x80),
    u16(0x0078),
    messageId,
    u16(0),
    u16(1),
    ...[text("p"), text("i")].flatMap((value) => [u16(value.length), value]),
  );
  const padding = new Uint8Array((16 - ((beforeFree.length + 2) % 16)) % 16);
  const start = concat(beforeFree, u16(padding.length + 16), padding);
  const end = concat(Uint8Array.of(2), new Uint8Array(4), Uint8Array.of(12), u32(48));
  const zeroIv = new Uint8Array(12);
  const free = solveBlock(zeroIv, (block) => [concat(start, block, end), new Uint8Array(0)], start.length);
  const body = concat(start, free, end);
  const headerTag = tagUnder(K1, zeroIv, body, new Uint8Array(0));

  const frameIv = sequenceIv(1);
  const aad = concat(messageId, text("AWSKMSEncryptionClient Final Frame"), u32(1), u64(48));
  const ciphertext = randomBytes(32);
  const aadBlocks = Math.ceil(aad.length / 16) * 16;
  const last = solveBlock(frameIv, (block) => [aad, concat(ciphertext, block)], aadBlocks + 32);
  const sealed = concat(ciphertext, last);
  const frameTag = tagUnder(K1, frameIv, aad, sealed);
  return concat(body, zeroIv, headerTag, u32(0xffffffff), u32(1), frameIv, u32(48), sealed, frameTag);
}

type Sealed = (block: Uint8Array) => readonly [aad: Uint8Array, ciphertext: Uint8Array];

/** The 16 bytes at `offset` of the padded AAD || ciphertext that make the tags under K1 and K2 equal. */
function solveBlock(iv: Uint8Array, sealed: Sealed, offset: number): Uint8Array {
  const [aad, ciphertext] = sealed(new Uint8Array(16));
  const difference = toInt(tagUnder(K1, iv, aad, ciphertext)) ^ toInt(tagUnder(K2, iv, aad, ciphertext));
  const blocks = Math.ceil(aad.length / 16) + Math.ceil(ciphertext.length / 16) + 1;
  const exponent = blocks - offset / 16;
  const factor = power(hashKey(K1), exponent) ^ power(hashKey(K2), exponent);
  return fromInt(multiply(difference, power(factor, 2n ** 128n - 2n)));
}

/** NIST SP 800-38D §7.1, the tag of a given ciphertext. */
function tagUnder(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const h = hashKey(key);
  const pad = (bytes: Uint8Array): Uint8Array =>
    concat(bytes, new Uint8Array((16 - (bytes.length % 16)) % 16));
  const input = concat(pad(aad), pad(ciphertext), u64(aad.length * 8), u64(ciphertext.length * 8));
  let state = 0n;
  for (let at = 0; at < input.length; at += 16) {
    state = multiply(state ^ toInt(input.subarray(at, at + 16)), h);
  }
  return fromInt(state ^ toInt(encryptBlock(key, concat(iv, u32(1)))));
}

function hashKey(key: Uint8Array): bigint {
  return toInt(encryptBlock(key, new Uint8Array(16)));
}

function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return new Uint8Array(createCipheriv("aes-256-ecb", key, null).update(block));
}

/** Polynomials over GF(2), the first bit of a block being the coefficient of 1 (§6.3). */
function multiply(x: bigint, y: bigint): bigint {
  let product = 0n;
  let shifted = y;
  for (let i = 127n; i >= 0n; i--) {
    if (((x >> i) & 1n) === 1n) product ^= shifted;
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n;
  }
  return product;
}

function power(base: bigint, exponent: number | bigint): bigint {
  let result = 1n << 127n;
  let square = base;
  for (let rest = BigInt(exponent); rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

function toInt(block: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(block).toString("hex")}`);
}

function fromInt(value: bigint): Uint8Array {
  return hex(value.toString(16).padStart(32, "0"));
}
