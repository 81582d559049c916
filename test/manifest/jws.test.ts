// The envelope of manifests and grants: one form, one algorithm a key, a signature over the bytes as sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { thumbprint } from "../../core/manifest/jwk.ts";
import { signJws, verifyJws } from "../../core/manifest/jws.ts";
import { signGrant, signManifest } from "../../core/manifest/sign.ts";
import { GRANT_FORM, MANIFEST_FORM, verifyGrant, verifyManifest } from "../../core/manifest/verify.ts";
import {
  exampleGrant,
  exampleManifest,
  EPOCH,
  generateJwk,
  makeParty,
  makeSigner,
  NOT_AFTER,
  NOW,
} from "./example.ts";
import { refuseFlips } from "./flips.ts";
import { ascii, base64url, forgeDocument, forgeJws, generateRsa, hmacJws, keyObject } from "./forge.ts";
import { assertRefused } from "./refusal.ts";

const owner = await makeParty();
const edOwner = await makeSigner("Ed25519");
const analyst = await makeParty();
const manifest = exampleManifest(analyst.publicKey);
const header = { alg: "ES256", jwk: owner.publicKey, typ: "sealroom-manifest" };
const key = keyObject(owner.jwk);
const time = { nowMs: NOW };
const verify = (jws: Uint8Array): Promise<unknown> => verifyManifest(jws, time);
const codeOf = (cause: unknown): string => (cause instanceof SealroomError ? cause.code : String(cause));
const text = (jws: Uint8Array): string => new TextDecoder().decode(jws);

for (const party of [owner, edOwner]) {
  test(`verifies what an owner with ${party.jwk.crv} signed, and names him and the payload`, async () => {
    const jws = await signManifest(manifest, party.signingKey);
    const verified = await verifyManifest(jws, time);
    assert.equal(verified.owner, party.thumbprint);
    assert.deepEqual(encodeCanonical(verified.manifest), encodeCanonical(manifest));
    const payload = Buffer.from(text(jws).split(".")[1] ?? "", "base64url");
    const digest = Buffer.from(await crypto.subtle.digest("SHA-384", payload)).toString("hex");
    assert.equal(verified.digest, digest);
    const grant = exampleGrant(analyst.thumbprint);
    const verifiedGrant = await verifyGrant(await signGrant(grant, party.signingKey), time);
    assert.deepEqual(verifiedGrant.grant, grant);
    assert.equal(verifiedGrant.owner, party.thumbprint);
  });
}

test("verifies a document that other software signed in the same form", async () => {
  assert.equal((await verifyManifest(forgeDocument(header, manifest, key), time)).owner, owner.thumbprint);
});

test("verifies a grant that other software signed in the same form", async () => {
  const grant = exampleGrant(analyst.thumbprint);
  const jws = forgeDocument({ ...header, typ: "sealroom-grant" }, grant, key);
  assert.deepEqual((await verifyGrant(jws, time)).grant, grant);
});

test("gives two signatures on one manifest one digest", async () => {
  const [first, second] = await Promise.all([1, 2].map(() => signManifest(manifest, owner.signingKey)));
  assert.ok(first !== undefined && second !== undefined);
  assert.notDeepEqual(first, second);
  assert.equal((await verifyManifest(first, time)).digest, (await verifyManifest(second, time)).digest);
});

test("refuses an algorithm that is not the key's: none, HMAC, RSA, or another curve's", async () => {
  const payload = base64url(encodeCanonical(manifest));
  const none = `${base64url(encodeCanonical({ ...header, alg: "none" }))}.${payload}.`;
  await assertRefused(verify(ascii(none)), "JWS_ALGORITHM");
  const secret = encodeCanonical(owner.publicKey);
  await assertRefused(verify(hmacJws({ ...header, alg: "HS256" }, manifest, secret)), "JWS_ALGORITHM");
  const rsa = generateRsa();
  await assertRefused(
    verify(forgeDocument({ ...header, alg: "RS256", jwk: rsa.jwk }, manifest, rsa.key)),
    "KEY_SHAPE",
  );
  await assertRefused(verify(forgeDocument({ ...header, alg: "RS256" }, manifest, rsa.key)), "JWS_ALGORITHM");
  for (const alg of ["EdDSA", "ES384", "es256", "Ed25519", ""]) {
    await assertRefused(verify(forgeDocument({ ...header, alg }, manifest, key)), "JWS_ALGORITHM", alg);
  }
  const edHeader = { ...header, jwk: edOwner.publicKey };
  await assertRefused(verify(forgeDocument(edHeader, manifest, keyObject(edOwner.jwk))), "JWS_ALGORITHM");
});

test("refuses a key in the header that is not the one that signed", async () => {
  const other = await makeParty();
  await assertRefused(
    verify(forgeDocument({ ...header, jwk: other.publicKey }, manifest, key)),
    "JWS_SIGNATURE",
  );
  const edHeader = { alg: "EdDSA", jwk: edOwner.publicKey, typ: header.typ };
  await assertRefused(verify(forgeDocument(edHeader, manifest, key)), "JWS_SIGNATURE");
});

test("refuses the signature of another document, of another key, of zeros, and in DER", async () => {
  const [head = "", payload = "", signature = ""] = text(
    await signManifest(manifest, owner.signingKey),
  ).split(".");
  const later = { ...manifest, epoch: EPOCH + 1 };
  const [, otherPayload = "", otherSignature = ""] = text(await signManifest(later, owner.signingKey)).split(
    ".",
  );
  await assertRefused(verify(ascii(`${head}.${payload}.${otherSignature}`)), "JWS_SIGNATURE");
  await assertRefused(verify(ascii(`${head}.${otherPayload}.${signature}`)), "JWS_SIGNATURE");
  await assertRefused(verify(ascii(`${head}.${payload}.${base64url(new Uint8Array(64))}`)), "JWS_SIGNATURE");
  await assertRefused(verify(ascii(`${head}.${payload}.${base64url(new Uint8Array(71))}`)), "JWS_SHAPE");
  await assertRefused(verify(ascii(`${head}.${payload}.`)), "JWS_SHAPE");
});

test("refuses a header with a member more, less, twice, unordered or spaced", async () => {
  const extra = ["kid", "crit", "b64", "jku", "x5c", "cty", "zip"];
  for (const name of extra) {
    await assertRefused(verify(forgeDocument({ ...header, [name]: "x" }, manifest, key)), "JWS_HEADER", name);
  }
  for (const name of ["alg", "typ", "jwk"]) {
    const less = Object.fromEntries(Object.entries(header).filter(([member]) => member !== name));
    await assertRefused(verify(forgeDocument(less, manifest, key)), "JWS_HEADER", name);
  }
  const payload = base64url(encodeCanonical(manifest));
  const canonical = new TextDecoder().decode(encodeCanonical(header));
  const spellings = [
    JSON.stringify({ typ: header.typ, alg: header.alg, jwk: header.jwk }),
    canonical.replace('"alg":', '"alg": '),
    ` ${canonical}`,
    `${canonical}\n`,
    canonical.replace('"alg":"ES256"', '"alg":"ES256","alg":"ES256"'),
    canonical.replace("ES256", "ES\\u0032\\u0035\\u0036"),
    canonical.slice(0, -1),
    "null",
    "[]",
    "",
  ];
  for (const spelling of spellings) {
    const code = spelling === "" ? "JWS_SHAPE" : "JWS_HEADER";
    await assertRefused(verify(forgeJws(base64url(spelling), payload, key)), code, spelling);
  }
});

test("refuses a header key with a private member, another's member, or a point off its curve", async () => {
  const { x } = owner.publicKey;
  const keys: readonly (readonly [unknown, "KEY_SHAPE" | "KEY_POINT"])[] = [
    [owner.jwk, "KEY_SHAPE"],
    [{ ...owner.publicKey, kid: "1" }, "KEY_SHAPE"],
    [{ ...owner.publicKey, kty: "OKP" }, "KEY_SHAPE"],
    [{ ...edOwner.publicKey, y: x }, "KEY_SHAPE"],
    [{ ...owner.publicKey, x: `${x}=` }, "KEY_SHAPE"],
    [{ ...owner.publicKey, x: `${x}A` }, "KEY_SHAPE"],
    [{ ...owner.publicKey, x: 7 }, "KEY_SHAPE"],
    [{ ...owner.publicKey, y: x }, "KEY_POINT"],
    [{ ...owner.publicKey, x: base64url(new Uint8Array(32)), y: base64url(new Uint8Array(32)) }, "KEY_POINT"],
    ["key", "KEY_SHAPE"],
    [null, "KEY_SHAPE"],
  ];
  for (const [jwk, code] of keys) {
    await assertRefused(verify(forgeDocument({ ...header, jwk }, manifest, key)), code, JSON.stringify(jwk));
  }
});

test("refuses base64url that is padded, of another alphabet, or has unused bits set", async () => {
  const { signingKey } = owner;
  // A payload whose length leaves unused bits in the last character.
  const odd = [1, 2, 3].map((n) => ({ ...manifest, dataset: "d".repeat(n) }));
  const documents = await Promise.all(odd.map((one) => signManifest(one, signingKey)));
  let unused = 0;
  for (const jws of documents) {
    const [head = "", payload = "", signature = ""] = text(jws).split(".");
    for (const spoilt of [
      `${payload}=`,
      `${payload}A`.padEnd(payload.length + 2, "="),
      `${payload}\n`,
      ` ${payload}`,
      `${payload.slice(0, 8)}+/${payload.slice(10)}`,
      `${payload}é`,
    ]) {
      await assertRefused(verify(forgeJws(head, spoilt, key)), "JWS_BASE64URL", spoilt.slice(-4));
    }
    await assertRefused(verify(ascii(`${head}.${payload}.${signature}=`)), "JWS_BASE64URL");
    await assertRefused(verify(ascii(`${text(jws)}\n`)), "JWS_BASE64URL");
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (payload.length % 4 !== 0) {
      const last = alphabet.indexOf(payload.at(-1) ?? "");
      const other = payload.slice(0, -1) + (alphabet[last + 1] ?? "");
      assert.deepEqual(Buffer.from(other, "base64url"), Buffer.from(payload, "base64url"));
      await assertRefused(verify(forgeJws(head, other, key)), "JWS_BASE64URL", "unused bits");
      unused += 1;
    }
  }
  assert.equal(unused, 2);
});

test("refuses anything but three parts", async () => {
  const jws = text(await signManifest(manifest, owner.signingKey));
  const [head = "", payload = "", signature = ""] = jws.split(".");
  for (const parts of [
    "",
    ".",
    "..",
    `${head}.${payload}`,
    `.${payload}.${signature}`,
    `${head}..${signature}`,
    `${jws}.`,
    `${jws}.${signature}`,
  ]) {
    await assertRefused(verify(ascii(parts)), "JWS_SHAPE", parts.slice(0, 20));
  }
  const flattened = JSON.stringify({ protected: head, payload, signature });
  await assertRefused(verify(ascii(flattened)), "JWS_SHAPE");
});

test("refuses a grant as a manifest and a manifest as a grant, and either as a result or receipt", async () => {
  const grant = exampleGrant(analyst.thumbprint);
  const jws = await signManifest(manifest, owner.signingKey);
  await assertRefused(verify(await signGrant(grant, owner.signingKey)), "JWS_TYP");
  await assertRefused(verifyGrant(forgeDocument(header, grant, key), time), "JWS_TYP");
  await assertRefused(verifyJws(jws, { ...MANIFEST_FORM, typ: "sealroom-receipt" }), "JWS_TYP");
  for (const typ of ["JWT", "SEALROOM-MANIFEST", "application/sealroom-manifest", ""]) {
    await assertRefused(verify(forgeDocument({ ...header, typ }, manifest, key)), "JWS_TYP", typ);
  }
  // A grant's bytes under a manifest's type are no manifest.
  await assertRefused(verify(forgeDocument(header, grant, key)), "MANIFEST_FIELD");
});

test("refuses a payload that was written down in another way and signed again", async () => {
  const canonical = new TextDecoder().decode(encodeCanonical(manifest));
  const head = base64url(encodeCanonical(header));
  const spellings = [
    JSON.stringify(manifest),
    JSON.stringify(manifest, null, 2),
    canonical.replace('"version":1', '"version":1.0'),
    canonical.replace('"version":1', '"version":1e0'),
    canonical.replace('"version":1', '"version": 1'),
    canonical.replace("encounters", "\\u0065ncounters"),
  ];
  for (const spelling of spellings) {
    assert.notEqual(spelling, canonical);
    assert.deepEqual(JSON.parse(spelling), JSON.parse(canonical));
    await assertRefused(
      verify(forgeJws(head, base64url(spelling), key)),
      "JSON_CANONICAL",
      spelling.slice(0, 30),
    );
  }
  const twice = canonical.replace('"version":1', '"version":1,"version":1');
  await assertRefused(verify(forgeJws(head, base64url(twice), key)), "JSON_DUPLICATE");
});

test("refuses documents past their size before decoding them", async () => {
  await assertRefused(verify(new Uint8Array(50_000_000).fill(0x41)), "JWS_SIZE");
  const big = ascii(`${"A".repeat(2000)}.AAAA.${"A".repeat(86)}`);
  await assertRefused(verify(big), "JWS_SIZE");
  await assertRefused(verifyGrant(ascii(`AAAA.${"A".repeat(11_000)}.${"A".repeat(86)}`), time), "JWS_SIZE");
});

test("measures a document and each of its parts to the byte", async () => {
  // 512, 8192 and 64 bytes in base64url, and two dots.
  const [head, payload, signature] = [683, 10_923, 86];
  const all = head + payload + signature + 2;
  const form = (...lengths: readonly number[]): Uint8Array =>
    ascii(lengths.map((length) => "A".repeat(length)).join("."));
  const sizes: readonly (readonly [Uint8Array, ErrorCode, object])[] = [
    [form(all + 1), "JWS_SIZE", { limit: all }],
    [form(all), "JWS_SHAPE", {}],
    [form(head + 1, 4, signature), "JWS_SIZE", { limit: 512 }],
    [form(head, 4, signature), "JWS_HEADER", {}],
    [form(4, payload + 1, signature), "JWS_SIZE", { limit: 8192 }],
    [form(4, payload, signature), "JWS_HEADER", {}],
    [form(head, payload, signature), "JWS_HEADER", {}],
    [form(1, 1, 1), "JWS_BASE64URL", {}],
  ];
  for (const [jws, code, details] of sizes) {
    const what = String(jws.length);
    assert.deepEqual((await assertRefused(verifyGrant(jws, time), code, what)).details, details, what);
  }
});

test("says what in a header is at fault, and keeps as the cause what found it", async () => {
  const payload = base64url(encodeCanonical(manifest));
  const refusal = (head: string, code: ErrorCode): Promise<SealroomError> =>
    assertRefused(verify(forgeJws(base64url(head), payload, key)), code);
  const canonical = (value: object): string => new TextDecoder().decode(encodeCanonical(value));
  const numbered = await refusal(canonical({ ...header, alg: 7 }), "JWS_HEADER");
  assert.deepEqual(numbered.details, { field: "alg", fault: "not a string" });
  const malformed = await refusal(canonical({ ...header, jwk: {} }), "KEY_SHAPE");
  assert.deepEqual(malformed.details, { field: "jwk" });
  const spaced = await refusal(` ${canonical(header)}`, "JWS_HEADER");
  assert.deepEqual(spaced.details, {});
  assert.equal(codeOf(spaced.cause), "JSON_CANONICAL");
  const forged = await assertRefused(
    verify(forgeDocument({ ...header, jwk: analyst.publicKey }, manifest, key)),
    "JWS_SIGNATURE",
  );
  assert.ok(forged.cause instanceof Error);
  const mixed = { publicKey: analyst.publicKey, privateKey: owner.signingKey.privateKey };
  const unsigned = await assertRefused(signJws(encodeCanonical({}), MANIFEST_FORM, mixed), "KEY_PRIVATE");
  assert.equal(codeOf(unsigned.cause), "JWS_SIGNATURE");
});

test("reads no header that is deeper or of more values than one can be", async () => {
  const payload = base64url(encodeCanonical(manifest));
  for (const [alg, code] of [
    [[[]], "JSON_DEPTH"],
    [Array(16).fill(0), "JSON_SIZE"],
  ] as const) {
    const head = base64url(encodeCanonical({ ...header, alg }));
    const refusal = await assertRefused(verify(forgeJws(head, payload, key)), "JWS_HEADER");
    assert.equal(codeOf(refusal.cause), code);
  }
});

test("refuses a document when its time is over, and a time that is none", async () => {
  const jws = await signManifest(manifest, owner.signingKey);
  await verifyManifest(jws, { nowMs: NOT_AFTER });
  for (const nowMs of [NOT_AFTER + 1, Infinity, NaN]) {
    const refusal = await assertRefused(verifyManifest(jws, { nowMs }), "MANIFEST_EXPIRED");
    assert.deepEqual(refusal.details, { notAfter: NOT_AFTER });
  }
  const grant = await signGrant(exampleGrant(analyst.thumbprint), owner.signingKey);
  await verifyGrant(grant, { nowMs: NOT_AFTER });
  await assertRefused(verifyGrant(grant, { nowMs: NOT_AFTER + 1 }), "GRANT_EXPIRED");
});

test("signs nothing that would not verify", async () => {
  const mixed = { publicKey: analyst.publicKey, privateKey: owner.signingKey.privateKey };
  await assertRefused(signJws(encodeCanonical({}), MANIFEST_FORM, mixed), "KEY_PRIVATE");
  await assertRefused(signManifest({ ...manifest, unit: "row" }, owner.signingKey), "MANIFEST_SCHEMA");
  await assertRefused(
    signGrant({ ...exampleGrant(analyst.thumbprint), maxRows: 0 }, owner.signingKey),
    "GRANT_FIELD",
  );
  await assertRefused(signJws(new Uint8Array(10_000), GRANT_FORM, owner.signingKey), "KEY_PRIVATE");
});

test("refuses a manifest with any bit flipped", async () => {
  for (const party of [owner, edOwner]) {
    const layers = await refuseFlips(await signManifest(manifest, party.signingKey), verify);
    assert.ok((layers["JWS"] ?? 0) > 100);
  }
});

test("refuses a grant with any bit flipped", async () => {
  const jws = await signGrant(exampleGrant(analyst.thumbprint), owner.signingKey);
  await refuseFlips(jws, (damaged) => verifyGrant(damaged, time));
});

test("gives a key the thumbprint of RFC 8037 Appendix A.3", async () => {
  const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  assert.equal(
    await thumbprint({ kty: "OKP", crv: "Ed25519", x }),
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
  );
  const other = generateJwk();
  assert.notEqual(await thumbprint(owner.publicKey), await thumbprint(other));
});
