// What an object of the S3 Encryption Client has beside it, member by member: a host may leave out, add and change any.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  INSTRUCTION_SUFFIX,
  MAX_INSTRUCTION_BYTES,
  findEnvelope,
  parseEnvelope,
} from "../../core/seal/s3ec-metadata.ts";
import type { ObjectMetadata } from "../../core/seal/s3ec-metadata.ts";

const base64 = (length: number): string => Buffer.alloc(length, 7).toString("base64");
const base64url = (length: number): string => Buffer.alloc(length, 7).toString("base64url");
const contextOf = (content: string, more: object = {}): string =>
  JSON.stringify({ "aws:x-amz-cek-alg": content, owner: "ann", ...more });

const V2: ObjectMetadata = {
  "x-amz-key-v2": base64(184),
  "x-amz-iv": base64(12),
  "x-amz-wrap-alg": "kms+context",
  "x-amz-cek-alg": "AES/GCM/NoPadding",
  "x-amz-tag-len": "128",
  "x-amz-matdesc": contextOf("AES/GCM/NoPadding"),
  "x-amz-unencrypted-content-length": "100",
};
const V3_CONTENT: ObjectMetadata = { "x-amz-c": "115", "x-amz-d": base64(28), "x-amz-i": base64(28) };
const V3_WRAP: ObjectMetadata = { "x-amz-3": base64(184), "x-amz-w": "12", "x-amz-t": contextOf("115") };
const V3: ObjectMetadata = { ...V3_CONTENT, ...V3_WRAP };

const file = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function without(members: ObjectMetadata, name: string): ObjectMetadata {
  return Object.fromEntries(Object.entries(members).filter(([member]) => member !== name));
}

test("reads an envelope of version 2 from metadata, or all of it from the instruction file", () => {
  const expected = {
    envelope: { kind: "s3ec-v2", iv: base64url(12) },
    blob: new Uint8Array(184).fill(7),
    context: { "aws:x-amz-cek-alg": "AES/GCM/NoPadding", owner: "ann" },
  };
  for (const { envelope, blob, context } of [parseEnvelope(V2, null), parseEnvelope({}, file(V2))]) {
    assert.deepEqual({ envelope, blob, context: { ...context } }, expected);
  }
  // What the metadata says is not looked up elsewhere.
  assert.deepEqual(parseEnvelope(V2, file({ anything: 1 })), parseEnvelope(V2, null));
});

test("reads an envelope of version 3 from metadata, or its wrapped key from the instruction file", () => {
  const expected = {
    envelope: { kind: "s3ec-v3", messageId: base64url(28), commitment: base64url(28) },
    blob: new Uint8Array(184).fill(7),
    context: { "aws:x-amz-cek-alg": "115", owner: "ann" },
  };
  for (const { envelope, blob, context } of [
    parseEnvelope(V3, null),
    parseEnvelope(V3_CONTENT, file(V3_WRAP)),
  ]) {
    assert.deepEqual({ envelope, blob, context: { ...context } }, expected);
  }
});

test("an instruction file is named as the S3 Encryption Client names it where nobody says otherwise", () => {
  assert.equal(INSTRUCTION_SUFFIX, ".instruction");
});

test("tells where an envelope is by what of it the metadata has", () => {
  for (const name of ["x-amz-key", "x-amz-key-v2", "x-amz-3"]) {
    assert.equal(findEnvelope({ [name]: "" }), "metadata", name);
  }
  for (const name of ["x-amz-c", "x-amz-d", "x-amz-i", "x-amz-w", "x-amz-t", "x-amz-m"]) {
    assert.equal(findEnvelope({ [name]: "" }), "instruction file", name);
  }
  for (const name of ["x-amz-iv", "x-amz-matdesc", "content-type"]) {
    assert.equal(findEnvelope({ [name]: "" }), "nowhere", name);
  }
});

type Case = readonly [what: string, metadata: ObjectMetadata, instruction: unknown, says: object];

const metadata = (field: string, fault: string): object => ({
  code: "S3EC_METADATA",
  details: { field, fault },
});
const instruction = (fault: string): object => ({ code: "S3EC_INSTRUCTION", details: { fault } });
const legacy = (details: object): object => ({ code: "S3EC_LEGACY", name: "PolicyError", details });
const wrapped = (wrap: string): object => ({ code: "S3EC_WRAP", name: "PolicyError", details: { wrap } });

const CASES: readonly Case[] = [
  ["no envelope anywhere", {}, null, instruction("missing")],
  ["no file with a version 3 object's key", V3_CONTENT, null, instruction("missing")],
  ["a file of version 3 alone", {}, V3, instruction("not of version 2")],
  ["a file with a member more than version 2 has", {}, { ...V2, more: "1" }, instruction("not of version 2")],
  [
    "a file that brings a commitment",
    V3_CONTENT,
    { ...V3_WRAP, ...V3_CONTENT },
    instruction("not of a key alone"),
  ],
  ["a file of version 2 for a version 3 object", V3_CONTENT, V2, instruction("not of a key alone")],
  [
    "a wrapping in both places",
    { ...V3_CONTENT, "x-amz-w": "12" },
    V3_WRAP,
    metadata("x-amz-3", "the wrapped key is in two places"),
  ],
  [
    "versions 1 and 2 at once",
    { ...V2, "x-amz-key": "" },
    null,
    metadata("x-amz-key", "of more than one version"),
  ],
  [
    "versions 1 and 3 at once",
    { ...V3, "x-amz-key": "" },
    null,
    metadata("x-amz-key", "of more than one version"),
  ],
  ["versions 2 and 3 at once", { ...V2, ...V3 }, null, metadata("x-amz-key", "of more than one version")],
  [
    "a trace of version 3 in version 2",
    { ...V2, "x-amz-m": "" },
    null,
    metadata("x-amz-key", "of more than one version"),
  ],
  ["version 1", { "x-amz-key": "" }, null, legacy({ version: 1 })],
  ["version 1 in a file", {}, { "x-amz-key": "" }, legacy({ version: 1 })],
  ...["kms", "AESWrap", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"].map((wrap): Case => [
    `the old wrapping ${wrap}`,
    { ...V2, "x-amz-wrap-alg": wrap },
    null,
    legacy({ wrap }),
  ]),
  [
    "CBC",
    { ...V2, "x-amz-cek-alg": "AES/CBC/PKCS5Padding" },
    null,
    legacy({ content: "AES/CBC/PKCS5Padding" }),
  ],
  ...["AES/GCM", "RSA-OAEP-SHA1"].map((wrap): Case => [
    `a wrapping outside KMS, ${wrap}`,
    { ...V2, "x-amz-wrap-alg": wrap },
    null,
    wrapped(wrap),
  ]),
  ["an unknown wrapping", { ...V2, "x-amz-wrap-alg": "rot13" }, null, metadata("x-amz-wrap-alg", "unknown")],
  ["unknown content", { ...V2, "x-amz-cek-alg": "AES/CTR" }, null, metadata("x-amz-cek-alg", "unknown")],
  ["a shorter tag", { ...V2, "x-amz-tag-len": "96" }, null, metadata("x-amz-tag-len", "not 128")],
  [
    "a context of other content",
    { ...V2, "x-amz-matdesc": contextOf("115") },
    null,
    metadata("x-amz-matdesc", "aws:x-amz-cek-alg is not AES/GCM/NoPadding"),
  ],
  [
    "a context with an entry of old clients",
    { ...V2, "x-amz-matdesc": contextOf("AES/GCM/NoPadding", { kms_cmk_id: "k" }) },
    null,
    metadata("x-amz-matdesc", "kms_cmk_id is reserved"),
  ],
  ["another suite", { ...V3, "x-amz-c": "114" }, null, metadata("x-amz-c", "not 115")],
  ...["02", "22"].map((wrap): Case => [
    `a version 3 wrapping outside KMS, ${wrap}`,
    { ...V3, "x-amz-w": wrap },
    null,
    wrapped(wrap),
  ]),
  ["an unknown version 3 wrapping", { ...V3, "x-amz-w": "13" }, null, metadata("x-amz-w", "unknown")],
  [
    "a version 3 context of other content",
    { ...V3, "x-amz-t": contextOf("114") },
    null,
    metadata("x-amz-t", "aws:x-amz-cek-alg is not 115"),
  ],
];

for (const [what, members, beside, says] of CASES) {
  test(`refuses ${what}, and says so`, () => {
    assert.throws(() => parseEnvelope(members, beside === null ? null : file(beside)), says);
  });
}

test("refuses an envelope that misses a member, or has one of another form or length", () => {
  const lengths: Readonly<Record<string, readonly number[]>> = {
    "x-amz-key-v2": [0, 6145],
    "x-amz-3": [0, 6145],
    "x-amz-iv": [11, 13],
    "x-amz-i": [27, 29],
    "x-amz-d": [27, 29],
  };
  for (const members of [V2, V3]) {
    for (const name of Object.keys(members)) {
      // Without these it is of another version, or of none.
      if (["x-amz-key-v2", "x-amz-3", "x-amz-unencrypted-content-length"].includes(name)) continue;
      assert.throws(() => parseEnvelope(without(members, name), null), metadata(name, "missing"));
    }
    for (const [name, wrong] of Object.entries(lengths).filter(([name]) => name in members)) {
      for (const length of wrong) {
        const changed = { ...members, [name]: base64(length) };
        assert.throws(() => parseEnvelope(changed, null), metadata(name, "of another length"));
      }
      for (const text of ["=", "AA", "AB==", `${members[name] ?? ""}\n`, "_-_-"]) {
        const changed = { ...members, [name]: text };
        assert.throws(() => parseEnvelope(changed, null), metadata(name, "not base64"), text);
      }
    }
  }
  for (const name of ["x-amz-key-v2", "x-amz-3"]) {
    const members = name in V2 ? V2 : V3;
    for (const length of [1, 6144]) {
      assert.equal(parseEnvelope({ ...members, [name]: base64(length) }, null).blob.length, length);
    }
  }
});

test("reads no instruction file that is too long, not UTF-8, not JSON, or not of texts", () => {
  const padded = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length).fill(0x20);
    bytes.set(file(V2));
    return bytes;
  };
  assert.equal(parseEnvelope({}, padded(MAX_INSTRUCTION_BYTES)).envelope.kind, "s3ec-v2");
  assert.throws(() => parseEnvelope({}, padded(MAX_INSTRUCTION_BYTES + 1)), instruction("too long"));
  assert.throws(() => parseEnvelope({}, Uint8Array.of(0xff)), { code: "JSON_UTF8" });
  assert.throws(() => parseEnvelope({}, new TextEncoder().encode("{")), { code: "JSON_SYNTAX" });
  const numbered = { ...V2, "x-amz-tag-len": 128 };
  assert.throws(() => parseEnvelope({}, file(numbered)), {
    code: "S3EC_INSTRUCTION",
    details: { field: "x-amz-tag-len", fault: "not a string" },
  });
  assert.throws(() => parseEnvelope({ ...V2, "x-amz-matdesc": '{"a":1}' }, null), {
    code: "S3EC_METADATA",
    details: { field: "x-amz-matdesc.a", fault: "not a string" },
  });
});
