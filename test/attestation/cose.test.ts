// The envelope: signatures and headers of every wrong kind (H01, H02).
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { encode } from "cborg";
import { decodeEnvelope, encodeSigStructure, MAX_DOCUMENT_SIZE } from "../../core/attestation/cose.ts";
import { authenticate } from "../../core/attestation/verify.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { at, forge, forgePayload, NOW, SOUND, soundPayload } from "./forge.ts";
import { malleate, P384_ORDER } from "./malleate.ts";
import { assertRefused, assertThrows } from "./refusal.ts";

const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);

function verdict(document: Uint8Array): Promise<unknown> {
  return authenticate(document, SOUND.root, NOW);
}

function withSignature(signature: Uint8Array): Uint8Array {
  return encode([PROTECTED, new Map(), soundPayload(), signature]);
}

function scalar(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(96, "0"), "hex");
}

test("accepts a sound document, tagged or not, and its malleated twin", async () => {
  const document = forge();
  assert.ok(await verdict(document));
  assert.ok(await verdict(Buffer.concat([Uint8Array.of(0xd2), document])));
  assert.ok(await verdict(malleate(document)));
});

test("refuses signatures of zeros, of r or s out of range, of another key, of another encoding", async () => {
  const { signature } = decodeEnvelope(forge());
  const r = signature.slice(0, 48);
  const s = signature.slice(48);
  const data = encodeSigStructure(soundPayload());
  const other = generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey;
  const refused: [string, Uint8Array, ErrorCode][] = [
    ["zeros", new Uint8Array(96), "COSE_SIGNATURE"],
    ["r = 0", Buffer.concat([new Uint8Array(48), s]), "COSE_SIGNATURE"],
    ["s = 0", Buffer.concat([r, new Uint8Array(48)]), "COSE_SIGNATURE"],
    ["r = n", Buffer.concat([scalar(P384_ORDER), s]), "COSE_SIGNATURE"],
    ["s = n", Buffer.concat([r, scalar(P384_ORDER)]), "COSE_SIGNATURE"],
    ["all ones", new Uint8Array(96).fill(0xff), "COSE_SIGNATURE"],
    ["swapped", Buffer.concat([s, r]), "COSE_SIGNATURE"],
    ["other key", sign("sha384", data, { key: other, dsaEncoding: "ieee-p1363" }), "COSE_SIGNATURE"],
    ["DER", sign("sha384", data, SOUND.identity.privateKey), "COSE_SHAPE"],
    ["95 bytes", signature.subarray(1), "COSE_SHAPE"],
    ["97 bytes", Buffer.concat([signature, Uint8Array.of(0)]), "COSE_SHAPE"],
    ["none", new Uint8Array(), "COSE_SHAPE"],
  ];
  for (const [what, value, code] of refused) await assertRefused(verdict(withSignature(value)), code, what);
});

test("refuses a signature made with SHA-256 or over other bytes than the Sig_structure", async () => {
  const payload = soundPayload();
  const key = { key: SOUND.identity.privateKey, dsaEncoding: "ieee-p1363" as const };
  const data = encodeSigStructure(payload);
  const withContext = encode(["Signature1", PROTECTED, Uint8Array.of(1), payload]);
  const asCounterSignature = encode(["CounterSignature", PROTECTED, new Uint8Array(), payload]);
  for (const signature of [
    sign("sha256", data, key),
    sign("sha384", payload, key),
    sign("sha384", withContext, key),
    sign("sha384", asCounterSignature, key),
  ]) {
    await assertRefused(verdict(withSignature(signature)), "COSE_SIGNATURE");
  }
});

test("signs the Sig_structure that a CBOR encoder writes, for payloads of every length of head", () => {
  for (const length of [0, 1, 23, 24, 255, 256, 4000, 16384]) {
    const payload = new Uint8Array(length).fill(7);
    const expected = encode(["Signature1", PROTECTED, new Uint8Array(), payload]);
    assert.deepEqual(Buffer.from(encodeSigStructure(payload)), Buffer.from(expected));
  }
});

test("refuses every protected header but ES384, and every unprotected one", async () => {
  const payload = soundPayload();
  const { signature } = decodeEnvelope(forge());
  const none = new Map();
  const es384 = new Map([[1, -35]]);
  const headers: [string, Uint8Array, unknown][] = [
    ["ES256", encode(new Map([[1, -7]])), none],
    ["ES512", encode(new Map([[1, -36]])), none],
    ["RS256", encode(new Map([[1, -257]])), none],
    ["HMAC", encode(new Map([[1, 5]])), none],
    ["text", encode(new Map([[1, "ES384"]])), none],
    ["extra key", encode(new Map([...es384, [4, 0]])), none],
    ["empty map", encode(none), none],
    ["empty", new Uint8Array(), none],
    ["not shortest", Uint8Array.of(0xa1, 0x01, 0x39, 0x00, 0x22), none],
    ["indefinite", Uint8Array.of(0xbf, 0x01, 0x38, 0x22, 0xff), none],
    ["moved to unprotected", new Uint8Array(), es384],
    ["in both", PROTECTED, es384],
    ["kid in unprotected", PROTECTED, new Map([[4, Uint8Array.of(1)]])],
    ["text in unprotected", PROTECTED, new Map([["alg", "ES384"]])],
  ];
  for (const [what, header, unprotected] of headers) {
    await assertRefused(verdict(encode([header, unprotected, payload, signature])), "COSE_HEADER", what);
  }
  const indefinite = [0x84, ...encode(PROTECTED), 0xbf, 0xff, ...encode(payload), ...encode(signature)];
  await assertRefused(verdict(Uint8Array.from(indefinite)), "COSE_HEADER", "indefinite unprotected map");
});

test("refuses envelopes of another shape", async () => {
  const [header, unprotected, payload, signature] = [
    PROTECTED,
    new Map(),
    soundPayload(),
    new Uint8Array(96),
  ];
  const shapes: [string, unknown, ErrorCode][] = [
    ["three", [header, unprotected, payload], "COSE_SHAPE"],
    ["five", [header, unprotected, payload, signature, null], "COSE_SHAPE"],
    ["a map", new Map([[0, header]]), "COSE_SHAPE"],
    ["bytes", payload, "COSE_SHAPE"],
    ["the payload alone", new Map([["module_id", "x"]]), "COSE_SHAPE"],
    ["COSE_Sign", [header, unprotected, payload, [[header, unprotected, signature]]], "COSE_SHAPE"],
    ["header as map", [new Map([[1, -35]]), unprotected, payload, signature], "COSE_SHAPE"],
    ["unprotected null", [header, null, payload, signature], "COSE_SHAPE"],
    ["unprotected array", [header, [], payload, signature], "COSE_SHAPE"],
    ["payload null", [header, unprotected, null, signature], "COSE_SHAPE"],
    ["payload text", [header, unprotected, "payload", signature], "COSE_SHAPE"],
    ["payload empty", [header, unprotected, new Uint8Array(), signature], "COSE_SHAPE"],
    ["signature null", [header, unprotected, payload, null], "COSE_SHAPE"],
    ["signature text", [header, unprotected, payload, "s".repeat(96)], "COSE_SHAPE"],
  ];
  for (const [what, value, code] of shapes) await assertRefused(verdict(encode(value)), code, what);
});

test("refuses every tag but 18, an indefinite array, and an array whose length is not the shortest", async () => {
  const document = forge();
  const body = document.subarray(1);
  for (const tag of [
    [0xd1],
    [0xd8, 98],
    [0xd8, 18],
    [0xc0],
    [0xd9, 0xd9, 0xf7],
    [0xdb, 0, 0, 0, 0, 0, 0, 0, 18],
  ]) {
    await assertRefused(verdict(Uint8Array.from([...tag, ...document])), "COSE_SHAPE", `tag ${tag.join()}`);
  }
  await assertRefused(verdict(Uint8Array.from([0x9f, ...body, 0xff])), "COSE_SHAPE", "indefinite");
  await assertRefused(verdict(Uint8Array.from([0x98, 4, ...body])), "COSE_SHAPE", "98 04");
  await assertRefused(verdict(Uint8Array.of(0xd2)), "COSE_SHAPE", "a tag alone");
});

test("refuses strings of the envelope in pieces or with long heads", async () => {
  const document = Array.from(forge());
  assert.equal(document[1], 0x44);
  const inPieces = [0x84, 0x5f, 0x44, ...PROTECTED, 0xff, ...document.slice(6)];
  const longHead = [0x84, 0x58, 4, ...PROTECTED, ...document.slice(6)];
  await assertRefused(verdict(Uint8Array.from(inPieces)), "DOCUMENT_CBOR", "in pieces");
  await assertRefused(verdict(Uint8Array.from(longHead)), "DOCUMENT_CBOR", "long head");
});

test("looks at no more than the largest document there can be", async () => {
  const largest = forgePayload(new Uint8Array(16384));
  assert.equal(largest.length + 1, MAX_DOCUMENT_SIZE);
  assert.equal(decodeEnvelope(largest).payload.length, 16384);
  assert.equal(decodeEnvelope(Buffer.concat([Uint8Array.of(0xd2), largest])).payload.length, 16384);
  await assertRefused(verdict(forgePayload(new Uint8Array(16385))), "COSE_SHAPE");
  await assertRefused(verdict(forgePayload(new Uint8Array(16386))), "DOCUMENT_SIZE");
  await assertRefused(verdict(new Uint8Array(1 << 24)), "DOCUMENT_SIZE");
  await assertRefused(verdict(new Uint8Array()), "DOCUMENT_SIZE");
});

test("says how long what it refuses is", () => {
  const max = MAX_DOCUMENT_SIZE;
  for (const size of [0, max + 1]) {
    const { details } = assertThrows(() => decodeEnvelope(new Uint8Array(size)), "DOCUMENT_SIZE");
    assert.deepEqual(details, { size, max });
  }
  const short = encode([PROTECTED, new Map(), new Uint8Array(3), new Uint8Array(95)]);
  const { details } = assertThrows(() => decodeEnvelope(short), "COSE_SHAPE");
  assert.deepEqual(details, { payload: 3, signature: 95 });
});

test("keeps nothing of the caller's buffer", () => {
  const document = forge();
  const envelope = decodeEnvelope(document);
  const payload = Uint8Array.from(envelope.payload);
  document.fill(0);
  assert.deepEqual(envelope.payload, payload);
  assert.notEqual(at([...envelope.signature], 0) + at([...envelope.signature], 1), 0);
});

test("refuses 10,000 nested arrays without running out of stack", () => {
  const nested = new Uint8Array(10_000).fill(0x81);
  assertThrows(() => decodeEnvelope(nested), "COSE_SHAPE");
  nested[0] = 0x84;
  assertThrows(() => decodeEnvelope(nested), "DOCUMENT_CBOR");
});
