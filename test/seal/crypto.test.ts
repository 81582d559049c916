// The primitives, against published vectors and against misuse.
import assert from "node:assert/strict";
import {
  createECDH,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  publicEncrypt,
  constants,
} from "node:crypto";
import { test } from "node:test";

import {
  EcdsaVerifier,
  aesKey,
  equal,
  findOaepPlaintext,
  generateRecipientKey,
  hkdf,
  hmac,
  openGcm,
  openGcmInto,
  randomBytes,
  sealGcm,
  sealGcmInto,
  sha256,
  sha384,
  sha512,
} from "../../core/crypto.ts";
import { cutAt } from "./reading.ts";

function hex(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, "hex"));
}

test("AES-GCM agrees with NIST's cases 4, 10 and 16 (keys of 128, 192 and 256 bits)", () => {
  const iv = hex("cafebabefacedbaddecaf888");
  const aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const plain = hex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  );
  const key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
  const tags = [
    "5bc94fbc3221a5db94fae95ae7121a47",
    "2519498e80f1478f37ba55bd6d27618c",
    "76fc6ece0f4e1768cddf8853bb2d551b",
  ];
  for (const [index, tag] of tags.entries()) {
    const aes = aesKey(hex(key).subarray(0, 16 + 8 * index));
    const sealed = sealGcm(aes, iv, aad, plain);
    assert.deepEqual(sealed.slice(-16), hex(tag));
    assert.deepEqual(openGcm(aes, iv, aad, sealed), plain);
  }
});

test("AES-GCM refuses any other tag, a shorter one included", () => {
  const key = aesKey(randomBytes(32));
  const iv = randomBytes(12);
  const aad = randomBytes(5);
  const sealed = sealGcm(key, iv, aad, randomBytes(40));
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    assert.throws(() => openGcm(key, iv, aad, changed), { code: "CRYPTO_TAG" });
    assert.throws(() => openGcm(key, iv, aad, sealed.subarray(0, at)), { code: "CRYPTO_TAG" });
  }
  assert.throws(() => openGcm(key, iv, randomBytes(5), sealed), { code: "CRYPTO_TAG" });
  assert.throws(() => openGcm(key, randomBytes(12), aad, sealed), { code: "CRYPTO_TAG" });
  const into = new Uint8Array(40);
  assert.throws(
    () => {
      openGcmInto(key, randomBytes(12), aad, sealed, into, 0);
    },
    { code: "CRYPTO_TAG" },
  );
  assert.deepEqual(into, new Uint8Array(40));
});

test("AES-GCM writes and opens in the caller's buffer at an offset", () => {
  const key = aesKey(randomBytes(32));
  const iv = randomBytes(12);
  const plain = randomBytes(100);
  const buffer = new Uint8Array(130);
  sealGcmInto(key, iv, plain, plain, buffer, 7);
  assert.deepEqual(buffer.slice(7, 123), sealGcm(key, iv, plain, plain));
  openGcmInto(key, iv, plain, buffer.subarray(7, 123), buffer, 3);
  assert.deepEqual(buffer.slice(3, 103), plain);
});

test("an AES key has 16, 24 or 32 bytes and is a copy", () => {
  for (const length of [0, 15, 17, 31, 33]) assert.throws(() => aesKey(new Uint8Array(length)), TypeError);
  const bytes = randomBytes(32);
  const key = aesKey(bytes);
  const sealed = sealGcm(key, new Uint8Array(12), bytes, bytes);
  const aad = bytes.slice();
  bytes.fill(0);
  assert.deepEqual(openGcm(key, new Uint8Array(12), aad, sealed), aad);
});

test("what comes out is a Uint8Array with memory of its own", () => {
  const key = aesKey(randomBytes(32));
  const outputs = [
    openGcm(
      key,
      new Uint8Array(12),
      new Uint8Array(0),
      sealGcm(key, new Uint8Array(12), new Uint8Array(0), new Uint8Array(9)),
    ),
    sha384(new Uint8Array(1)),
    hmac("sha256", randomBytes(3), randomBytes(3)),
    hkdf("sha512", randomBytes(3), randomBytes(3), randomBytes(3), 9),
    randomBytes(9),
  ];
  for (const output of outputs) {
    assert.equal(Object.getPrototypeOf(output), Uint8Array.prototype);
    assert.equal(output.buffer.byteLength, output.byteLength);
  }
});

test("hashes agree with FIPS 180-4's examples, in one part or several", () => {
  const abc = new TextEncoder().encode("abc");
  assert.deepEqual(sha256(abc), hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  assert.deepEqual(
    sha384(abc),
    hex("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"),
  );
  assert.deepEqual(sha512(abc.subarray(0, 1), abc.subarray(1)), sha512(abc));
  assert.deepEqual(sha512(abc).slice(0, 8), hex("ddaf35a193617aba"));
});

test("HMAC agrees with RFC 4231 case 2, HKDF with RFC 5869 cases 1 and 3", () => {
  assert.deepEqual(
    hmac(
      "sha256",
      new TextEncoder().encode("Jefe"),
      new TextEncoder().encode("what do ya want "),
      new TextEncoder().encode("for nothing?"),
    ),
    hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
  );
  const ikm = new Uint8Array(22).fill(0x0b);
  assert.deepEqual(
    hkdf("sha256", ikm, hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), 42),
    hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
  );
  assert.deepEqual(
    hkdf("sha256", ikm, new Uint8Array(0), new Uint8Array(0), 42),
    hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
  );
});

test("equal compares contents and lengths", () => {
  assert.equal(equal(hex("0102"), hex("0102")), true);
  assert.equal(equal(hex("0102"), hex("0103")), false);
  assert.equal(equal(hex("0102"), hex("010203")), false);
  assert.equal(equal(hex(""), hex("")), true);
});

test("a recipient key opens OAEP with SHA-256 and nothing else", () => {
  const { privateKey, publicKeyDer } = generateRecipientKey();
  assert.equal(privateKey.asymmetricKeyDetails?.modulusLength, 2048);
  const key = createPublicKey({ key: Buffer.from(publicKeyDer), format: "der", type: "spki" });
  const plain = randomBytes(32);
  const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING };
  assert.deepEqual(
    findOaepPlaintext(privateKey, publicEncrypt({ ...oaep, oaepHash: "sha256" }, plain)),
    plain,
  );
  const others = [
    publicEncrypt({ ...oaep, oaepHash: "sha1" }, plain),
    publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, plain),
    publicEncrypt({ ...oaep, oaepHash: "sha256", oaepLabel: Buffer.from("label") }, plain),
    randomBytes(256),
    randomBytes(255),
    new Uint8Array(0),
  ];
  for (const other of others) assert.equal(findOaepPlaintext(privateKey, other), undefined);
});

test("ECDSA takes a message in parts and a compressed point, and refuses all but the signature", () => {
  for (const [curve, namedCurve, hash] of [
    ["P-256", "prime256v1", "sha256"],
    ["P-384", "secp384r1", "sha384"],
  ] as const) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const odd = ((Buffer.from(y, "base64url").at(-1) ?? 0) & 1) === 1;
    const point = new Uint8Array(Buffer.concat([Buffer.of(odd ? 3 : 2), Buffer.from(x, "base64url")]));
    const message = randomBytes(5000);
    const signature = createSign(hash).update(message).sign(privateKey);
    const matches = (key: Uint8Array, signed: Uint8Array, bytes: Uint8Array): boolean => {
      const verifier = new EcdsaVerifier(curve, key);
      for (const part of cutAt(signed, 5)) verifier.update(part);
      return verifier.matches(bytes);
    };
    assert.equal(matches(point, message, signature), true);
    const negative = point.with(0, odd ? 2 : 3);
    assert.equal(matches(negative, message, signature), false);
    assert.equal(matches(point, message.subarray(1), signature), false);
    assert.equal(matches(point, message, signature.subarray(0, -1)), false);
    assert.equal(matches(point, message, Buffer.concat([signature, Buffer.of(0)])), false);
    assert.equal(matches(point, message, new Uint8Array(0)), false);
    const size = point.length - 1;
    const bad = [
      point.subarray(1),
      point.with(0, 4),
      point.with(0, 0),
      new Uint8Array(size + 1),
      new Uint8Array(0),
    ];
    for (const key of bad) assert.throws(() => new EcdsaVerifier(curve, key), { code: "CRYPTO_KEY" });
    const other = createECDH(curve === "P-256" ? "secp384r1" : "prime256v1").generateKeys(
      "base64",
      "compressed",
    );
    assert.throws(() => new EcdsaVerifier(curve, Buffer.from(other, "base64")), { code: "CRYPTO_KEY" });
  }
});

test("half of all x have no point on the curve, and are refused", () => {
  let refused = 0;
  for (let i = 0; i < 64; i++) {
    const key = new Uint8Array(49);
    key[0] = 2;
    key[48] = i;
    try {
      new EcdsaVerifier("P-384", key);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "CRYPTO_KEY");
      refused++;
    }
  }
  assert.ok(refused > 16 && refused < 48, String(refused));
});
