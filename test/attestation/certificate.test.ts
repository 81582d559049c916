// The X.509 reader beside OpenSSL's, and against bytes that no issuer would write.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { decodeCertificate } from "../../core/attestation/certificate.ts";
import { decodeEnvelope } from "../../core/attestation/cose.ts";
import {
  bitsOf,
  booleanOf,
  decodeDer,
  decodeMembers,
  sequenceOf,
  timeOf,
  unsignedOf,
} from "../../core/attestation/der.ts";
import { decodeDocument } from "../../core/attestation/document.ts";
import { decodePem, encodePem } from "../../core/attestation/pem.ts";
import { AWS_ROOT, trustRoot } from "../../core/attestation/root.ts";
import { SealroomError, type ErrorCode } from "../../core/errors.ts";
import {
  authorityConstraints,
  encodeExtension,
  encodeKeyUsage,
  encodeName,
} from "../../local/nsm/certificate.ts";
import {
  encodeBits,
  encodeDer,
  encodeIdentifier,
  encodeSequence,
  encodeTime,
  encodeUnsigned,
} from "../../local/nsm/der.ts";
import { createDevRoot, generateKeys } from "../../local/nsm/pki.ts";
import { VECTORS, withoutVectors } from "../vectors.ts";
import { at, NOW, SOUND } from "./forge.ts";
import { assertThrows } from "./refusal.ts";

function realCertificates(): Uint8Array[] {
  const folder = new URL("attestation/valid/", VECTORS);
  return readdirSync(folder).flatMap((file) => {
    const document = decodeDocument(decodeEnvelope(readFileSync(new URL(file, folder))).payload);
    return [...document.cabundle, document.certificate];
  });
}

function compareToOpenssl(bytes: Uint8Array): void {
  const ours = decodeCertificate(bytes);
  const theirs = new X509Certificate(bytes);
  assert.equal(ours.notBeforeMs, theirs.validFromDate.getTime());
  assert.equal(ours.notAfterMs, theirs.validToDate.getTime());
  assert.equal(ours.constraints?.ca, theirs.ca);
  assert.deepEqual(
    Buffer.from(ours.publicKey),
    theirs.publicKey.export({ type: "spki", format: "der" }).subarray(23),
  );
}

test("reads real certificates as OpenSSL does", { skip: withoutVectors }, () => {
  const certificates = realCertificates();
  assert.equal(certificates.length, 60);
  certificates.forEach(compareToOpenssl);
});

test("reads simulated certificates as OpenSSL does", () => {
  for (const bytes of [
    ...SOUND.identity.cabundle,
    SOUND.identity.certificate,
    createDevRoot(NOW).certificate,
  ]) {
    compareToOpenssl(bytes);
  }
});

test("reads the path lengths and usages that were measured on real chains", { skip: withoutVectors }, () => {
  const shapes = new Set(
    realCertificates().map((bytes) => {
      const { constraints, keyUsage } = decodeCertificate(bytes);
      return `${String(constraints?.ca)} ${String(constraints?.pathLength)} ${keyUsage.toString(16)}`;
    }),
  );
  assert.deepEqual([...shapes].sort(), [
    "false null c0",
    "true 0 4",
    "true 1 86",
    "true 2 86",
    "true null 86",
  ]);
});

test("gives a certificate or a typed refusal for any damage", () => {
  const { certificate } = SOUND.identity;
  const damage = fc.tuple(fc.nat(certificate.length - 1), fc.uint8Array({ minLength: 1, maxLength: 4 }));
  fc.assert(
    fc.property(damage, ([offset, bytes]) => {
      const changed = Uint8Array.from(certificate);
      changed.set(bytes.subarray(0, changed.length - offset), offset);
      try {
        decodeCertificate(changed);
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
        assert.match(error.code, /^CHAIN_(DER|KEY|EXTENSION)$/);
      }
    }),
    { numRuns: 3000 },
  );
});

test("refuses a certificate cut short, or with a byte after it", () => {
  const { certificate } = SOUND.identity;
  for (let length = 0; length < certificate.length; length++) {
    assertThrows(() => decodeCertificate(certificate.subarray(0, length)), "CHAIN_DER", `${length}`);
  }
  assertThrows(() => decodeCertificate(Buffer.concat([certificate, Uint8Array.of(0)])), "CHAIN_DER");
});

const ALGORITHM = encodeSequence(encodeIdentifier("1.2.840.10045.4.3.3"));
const bytesOf = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
const NOTHING: Uint8Array = new Uint8Array();

/** The parts of a certificate, encoded. Nobody has signed it: the reader does not ask. */
function soundParts() {
  const time = encodeTime(NOW);
  return {
    version: encodeDer(0xa0, encodeUnsigned(bytesOf(2))),
    serial: encodeUnsigned(bytesOf(1, 2, 3)),
    inner: ALGORITHM,
    issuer: encodeName("issuer"),
    validity: encodeSequence(time, time),
    subject: encodeName("subject"),
    key: generateKeys().publicKey,
    extensions: [authorityConstraints(0), encodeExtension("2.5.29.15", encodeKeyUsage(0x04))],
    extensionsTag: 0xa3,
    afterExtensionList: NOTHING,
    afterExtensions: NOTHING,
    algorithm: ALGORITHM,
    signature: encodeBits(encodeSequence(encodeUnsigned(bytesOf(5)), encodeUnsigned(bytesOf(6)))),
    afterSignature: NOTHING,
  };
}

type Parts = ReturnType<typeof soundParts>;

function assemble(changes: Partial<Parts>): Uint8Array {
  const parts = { ...soundParts(), ...changes };
  const list = encodeSequence(...parts.extensions);
  const tbs = encodeSequence(
    ...[parts.version, parts.serial, parts.inner, parts.issuer, parts.validity, parts.subject, parts.key],
    encodeDer(parts.extensionsTag, list, parts.afterExtensionList),
    parts.afterExtensions,
  );
  return encodeSequence(tbs, parts.algorithm, parts.signature, parts.afterSignature);
}

test("reads the parts of a certificate that was put together by hand", () => {
  const read = decodeCertificate(assemble({}));
  assert.deepEqual(read.constraints, { ca: true, pathLength: 0 });
  assert.equal(read.keyUsage, 0x04);
  assert.equal(read.notAfterMs, NOW);
  assert.deepEqual([read.signature[47], read.signature[95]], [5, 6]);
  assert.equal(
    decodeCertificate(assemble({ serial: encodeUnsigned(new Uint8Array(20).fill(0xff)) })).keyUsage,
    4,
  );
});

test("reads a usage to its ninth bit, of which the first eight count", () => {
  const usage = (...bits: readonly number[]): Uint8Array =>
    encodeExtension("2.5.29.15", bytesOf(3, bits.length, ...bits));
  for (const [bits, keyUsage] of [
    [[2, 4], 4],
    [[0, 0x81], 0x81],
    [[7, 0x80], 0x80],
    [[7, 4, 0x80], 4],
    [[7, 0, 0x80], 0],
  ] as const) {
    assert.equal(decodeCertificate(assemble({ extensions: [usage(...bits)] })).keyUsage, keyUsage);
  }
});

test("refuses certificates with a part too many, too few, or of another form", () => {
  const null_ = bytesOf(5, 0);
  const time = encodeTime(NOW);
  const one = encodeUnsigned(bytesOf(1));
  const signed = (...integers: readonly Uint8Array[]): Uint8Array => encodeBits(encodeSequence(...integers));
  const usage = (...bits: readonly number[]): Uint8Array =>
    encodeExtension("2.5.29.15", bytesOf(3, bits.length, ...bits));
  const critical = encodeDer(0x01, bytesOf(0xff));
  const notCritical = encodeDer(0x01, bytesOf(0));
  const identifier = encodeIdentifier("1.2.3.4");
  const octets = encodeDer(0x04, bytesOf(0x30, 0));
  const cases: [string, Partial<Parts>, ErrorCode?][] = [
    ["no version", { version: NOTHING }],
    ["version 1", { version: encodeDer(0xa0, encodeUnsigned(bytesOf(0))) }],
    ["version 2", { version: encodeDer(0xa0, encodeUnsigned(bytesOf(1))) }],
    ["version 4", { version: encodeDer(0xa0, encodeUnsigned(bytesOf(3))) }],
    ["version 514", { version: encodeDer(0xa0, encodeUnsigned(bytesOf(2, 2))) }],
    ["two versions", { version: encodeDer(0xa0, encodeUnsigned(bytesOf(2)), encodeUnsigned(bytesOf(2))) }],
    ["version of no number", { version: encodeDer(0xa0) }],
    ["version under another tag", { version: encodeDer(0xa1, encodeUnsigned(bytesOf(2))) }],
    ["a negative serial", { serial: bytesOf(2, 1, 0x80) }],
    ["a serial of 21 bytes", { serial: encodeUnsigned(new Uint8Array(21).fill(1)) }],
    ["no serial", { serial: NOTHING }],
    ["issuer no sequence", { issuer: null_ }],
    ["subject no sequence", { subject: null_ }],
    ["issuer a set", { issuer: encodeDer(0x31) }],
    ["one time", { validity: encodeSequence(time) }],
    ["three times", { validity: encodeSequence(time, time, time) }],
    ["times of text", { validity: encodeSequence(encodeDer(0x0c), encodeDer(0x0c)) }],
    ["no key", { key: NOTHING }],
    ["a key that is no sequence", { key: null_ }],
    ["a key with more in it", { key: encodeSequence(soundParts().key) }, "CHAIN_KEY"],
    ["parameters of the algorithm", { inner: encodeSequence(identifier, null_) }, "CHAIN_KEY"],
    ["no outer algorithm", { algorithm: null_ }, "CHAIN_KEY"],
    ["extensions under another tag", { extensionsTag: 0xa2 }],
    ["something after the list of extensions", { afterExtensionList: encodeSequence() }],
    ["something after the extensions", { afterExtensions: encodeSequence() }],
    ["something after the signature", { afterSignature: encodeSequence() }],
    [
      "an extension that is FALSE for critical",
      { extensions: [encodeSequence(identifier, notCritical, octets)] },
    ],
    ["an extension without a value", { extensions: [encodeSequence(identifier)] }],
    ["an extension with two values", { extensions: [encodeSequence(identifier, octets, octets)] }],
    ["an extension twice critical", { extensions: [encodeSequence(identifier, critical, critical, octets)] }],
    ["an extension of no octets", { extensions: [encodeSequence(identifier, null_)] }],
    ["an extension of no identifier", { extensions: [encodeSequence(octets, octets)] }],
    ["a critical extension of no value", { extensions: [encodeSequence(identifier, critical)] }],
    [
      "a path length of two bytes",
      { extensions: [basicConstraints(critical, encodeUnsigned(bytesOf(1, 0)))] },
    ],
    ["a path length of text", { extensions: [basicConstraints(critical, encodeDer(0x0c))] }],
    ["constraints with more in them", { extensions: [basicConstraints(critical, one, one)] }],
    ["a usage of nothing", { extensions: [usage()] }],
    ["a usage of no bits", { extensions: [usage(0)] }],
    ["a usage of zeros", { extensions: [usage(0, 0)] }],
    ["a usage of four bytes", { extensions: [usage(0, 4, 1, 1)] }],
    ["a usage of eight unused bits", { extensions: [usage(8, 4, 0)] }],
    // Shifts of 32 bits are none.
    ["a usage of 32 unused bits", { extensions: [usage(32, 5)] }],
    ["a usage of 34 unused bits", { extensions: [usage(34, 4)] }],
    ["a usage of two bytes that ends in zeros", { extensions: [usage(0, 4, 0)] }],
    ["a usage of two bytes with unused bits set", { extensions: [usage(7, 4, 0x81)] }],
    ["a usage that ends in zeros", { extensions: [usage(1, 4)] }],
    ["a usage with unused bits set", { extensions: [usage(3, 0x84)] }],
    ["a usage of another type", { extensions: [encodeExtension("2.5.29.15", bytesOf(4, 2, 2, 4))] }],
    ["a signature of one number", { signature: signed(one) }],
    ["a signature of three numbers", { signature: signed(one, one, one) }],
    ["a signature of none", { signature: signed() }],
    ["a signature with a negative number", { signature: signed(one, bytesOf(2, 1, 0x80)) }],
    [
      "a signature with r of 49 bytes",
      { signature: signed(encodeUnsigned(new Uint8Array(49).fill(1)), one) },
    ],
    [
      "a signature with s of 49 bytes",
      { signature: signed(one, encodeUnsigned(new Uint8Array(49).fill(1))) },
    ],
    ["a signature that leaves bits out", { signature: encodeBits(encodeSequence(one, one), 1) }],
    ["a signature with more after it", { signature: encodeBits(bytesOf(...encodeSequence(one, one), 0)) }],
    ["no signature", { signature: NOTHING }],
  ];
  for (const [what, changes, code = "CHAIN_DER"] of cases) {
    assertThrows(() => decodeCertificate(assemble(changes)), code, what);
  }
});

test("refuses a key that is not P-384 by its bytes, before it reaches the cryptography", () => {
  const { key } = soundParts();
  const curve = Uint8Array.from(key);
  curve[19] = 0x23;
  const compressed = Uint8Array.from(key);
  compressed[23] = 0x03;
  const algorithm = key.subarray(2, 20);
  const short = encodeSequence(algorithm, encodeBits(key.subarray(23, 119)));
  for (const other of [curve, compressed, short, encodeSequence(), encodeSequence(algorithm)]) {
    assertThrows(() => decodeCertificate(assemble({ key: other })), "CHAIN_KEY");
  }
});

function basicConstraints(...members: readonly Uint8Array[]): Uint8Array {
  return encodeExtension("2.5.29.19", encodeSequence(...members));
}

test("finds members that are cut short, wherever they end", () => {
  for (const content of [
    [0x30],
    [0x30, 0x81],
    [0x30, 0x82],
    [0x30, 0x82, 1],
    [5, 0, 0x30],
    [5, 0, 0x30, 0x82, 1],
  ]) {
    assertThrows(
      () => decodeMembers(decodeDer(encodeDer(0x30, Uint8Array.from(content)))),
      "CHAIN_DER",
      content.join(),
    );
  }
});

test("refuses lengths that are indefinite, not the shortest, or longer than what is there", () => {
  const cases = [
    [0x30, 0x80, 0, 0],
    [0x30, 0x80, ...new Uint8Array(128)],
    [0x30, 0x81, 1, 0],
    [0x30, 0x82, 0, 1, 0],
    [0x30, 0x83, 0, 0, 1, 0],
    [0x30, 0x83, 1, 0, ...new Uint8Array(256)],
    [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    [0x30, 0xff],
    [0x30, 1],
    [0x30, 0x81],
    [0x30, 0x82, 1],
    [0x30],
    [0x1f, 0],
    [0x3f, 0x81, 0],
    [],
  ];
  for (const bytes of cases) assertThrows(() => decodeDer(Uint8Array.from(bytes)), "CHAIN_DER", bytes.join());
});

test("refuses integers, booleans and bits that DER would not write", () => {
  const value = (tag: number, ...content: number[]) =>
    decodeDer(Uint8Array.of(tag, content.length, ...content));
  for (const content of [[], [0x80], [0xff], [0, 0], [0, 0x7f], [0xff, 0x80]]) {
    assertThrows(() => unsignedOf(value(0x02, ...content)), "CHAIN_DER", content.join());
  }
  for (const content of [[], [1], [0xfe], [0xff, 0xff]]) {
    assertThrows(() => booleanOf(value(0x01, ...content)), "CHAIN_DER", content.join());
  }
  for (const content of [[], [1, 0], [8, 0]]) {
    assertThrows(() => bitsOf(value(0x03, ...content)), "CHAIN_DER");
  }
  assertThrows(() => unsignedOf(value(0x03, 1)), "CHAIN_DER", "tag");
  assertThrows(() => unsignedOf(undefined), "CHAIN_DER", "nothing");
  assert.deepEqual(unsignedOf(value(0x02, 0)), new Uint8Array());
  assert.equal(booleanOf(value(0x01, 0)), false);
  assert.equal(booleanOf(value(0x01, 0xff)), true);
  assertThrows(() => sequenceOf(value(0x31)), "CHAIN_DER", "a set");
  assertThrows(() => sequenceOf(undefined), "CHAIN_DER", "no sequence");
});

test("reads the times that it writes, from 1950 to 9999", () => {
  const seconds = fc.integer({ min: Date.UTC(1950) / 1000, max: Date.UTC(9999, 11, 31) / 1000 });
  fc.assert(
    fc.property(seconds, (time) => {
      assert.equal(timeOf(decodeDer(encodeTime(time * 1000))), time * 1000);
    }),
  );
});

test("refuses times that are not real, not in UTC, not in seconds, or in the wrong type", () => {
  const time = (tag: number, text: string) => decodeDer(encodeDer(tag, new TextEncoder().encode(text)));
  const cases: [number, string][] = [
    [0x17, "260230120000Z"],
    [0x17, "261301120000Z"],
    [0x17, "260101240000Z"],
    [0x17, "260101126000Z"],
    [0x17, "260101120060Z"],
    [0x17, "2601011200Z"],
    [0x17, "260101120000+0100"],
    [0x17, "260101120000"],
    [0x17, "26010112000 Z"],
    [0x17, "20260101120000Z"],
    [0x17, "2601011200000Z"],
    [0x18, "205001011200000Z"],
    [0x18, "20500101120000Z0"],
    [0x18, "20260101120000Z"],
    [0x18, "20500101120000.5Z"],
    [0x18, "500101120000Z"],
    [0x18, "20500229120000Z"],
    [0x04, "260101120000Z"],
    [0x04, "20500101120000Z"],
    [0x17, "260101120000Z0000000"],
    [0x17, ""],
  ];
  for (const [tag, text] of cases) assertThrows(() => timeOf(time(tag, text)), "CHAIN_DER", `${tag} ${text}`);
  assert.equal(timeOf(time(0x17, "491231235959Z")), Date.UTC(2049, 11, 31, 23, 59, 59));
  assert.equal(timeOf(time(0x17, "500101000000Z")), Date.UTC(1950, 0, 1));
  assert.equal(timeOf(time(0x18, "20500101000000Z")), Date.UTC(2050, 0, 1));
});

test("reads the values that it writes, of every length of head", () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65535]) {
    const content = new Uint8Array(length).fill(1);
    assert.deepEqual(decodeDer(encodeDer(0x04, content)).content, content);
  }
  assert.deepEqual(
    [...encodeIdentifier("1.2.840.10045.4.3.3")],
    [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
  );
  const digits = fc.uint8Array({ minLength: 1, maxLength: 24 });
  fc.assert(
    fc.property(digits, (bytes) => {
      const read = Buffer.from(unsignedOf(decodeDer(encodeUnsigned(bytes)))).toString("hex");
      assert.equal(BigInt(`0x0${read}`), BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
    }),
  );
  assert.equal(decodeMembers(decodeDer(Uint8Array.of(0x30, 4, 2, 0, 4, 0))).length, 2);
});

test("reads PEM as OpenSSL writes it, and nothing looser", () => {
  const pem = encodePem(AWS_ROOT.certificate);
  assert.equal(pem, new X509Certificate(AWS_ROOT.certificate).toString());
  assert.deepEqual(decodePem(pem), AWS_ROOT.certificate);
  assert.deepEqual(decodePem(pem.replaceAll("\n", "\r\n")), AWS_ROOT.certificate);
  assert.deepEqual(decodePem(pem.trimEnd()), AWS_ROOT.certificate);
  const broken = [
    "",
    pem + pem,
    ` ${pem}`,
    pem.replace("BEGIN", "BEGAN"),
    pem.replace("MIIC", "MI*C"),
    pem.replace("/Y=\n", "/Y==\n"),
    pem.replace("/Y=\n", "/Z=\n"),
    pem.replace("MIIC", "MII C"),
    pem.replace(/\n-----END[^]*/, ""),
    "-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n",
    "x".repeat(5000),
  ];
  for (const text of broken) assertThrows(() => decodePem(text), "CHAIN_DER", text.slice(0, 60));
});

test("reads no PEM past 4096 characters", () => {
  const form = encodePem(new Uint8Array(2900).fill(7));
  const longest = form.padEnd(4096, "\n");
  assert.equal(decodePem(longest).length, 2900);
  assertThrows(() => decodePem(`${longest}\n`), "CHAIN_DER");
});

test("calls every root simulated but Amazon's, whoever brings it", () => {
  const dev = createDevRoot(NOW).certificate;
  assert.equal(AWS_ROOT.simulated, false);
  assert.equal(trustRoot(dev).simulated, true);
  assert.equal(trustRoot(encodePem(dev)).simulated, true);
  assert.equal(trustRoot(encodePem(AWS_ROOT.certificate)).simulated, false);
  assert.equal(trustRoot(Buffer.from(encodePem(dev))).simulated, true);
  const twin = Uint8Array.from(AWS_ROOT.certificate);
  twin[twin.length - 1] = at([...twin], -1) ^ 1;
  assert.equal(trustRoot(twin).simulated, true);
  assertThrows(() => trustRoot(new Uint8Array()), "CHAIN_DER");
  assertThrows(() => trustRoot("no root"), "CHAIN_DER");
});

test("gives a root's certificate away as a copy only", () => {
  AWS_ROOT.certificate.fill(0);
  assert.equal(AWS_ROOT.certificate[0], 0x30);
});
