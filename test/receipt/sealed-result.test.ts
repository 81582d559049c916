// Results leave padded and sealed to one key, and open with nothing else.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CompactEncrypt, importJWK } from "jose";
import type { JWEHeaderParameters } from "jose";
import fc from "fast-check";
import { paddedLength, padResult, unpadResult } from "../../core/receipt/padding.ts";
import { openResult, sealResult } from "../../core/receipt/sealed-result.ts";
import { makeParty, makeSigner } from "../manifest/example.ts";
import { refuseFlips } from "../manifest/flips.ts";
import { assertRefused, assertThrows } from "../manifest/refusal.ts";

const [analyst, other, edwards] = await Promise.all([makeParty(), makeParty(), makeSigner("Ed25519")]);
const table = new Uint8Array(randomBytes(1000));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const ascii = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A JWE that jose makes of anything. */
async function forge(
  header: object,
  plaintext: Uint8Array,
  key: object = analyst.publicKey,
): Promise<Uint8Array> {
  const form = header as JWEHeaderParameters & { alg: string; enc: string };
  const imported = await importJWK({ ...key }, form.alg.startsWith("ECDH") ? form.alg : "ECDH-ES");
  return ascii(await new CompactEncrypt(plaintext).setProtectedHeader(form).encrypt(imported));
}

const HEADER = { alg: "ECDH-ES", enc: "A256GCM", typ: "sealroom-result" };

test("opens what was sealed, and seals the same result differently each time", async () => {
  const [first, second] = await Promise.all([
    sealResult(table, analyst.publicKey, 0),
    sealResult(table, analyst.publicKey, 0),
  ]);
  assert.notDeepEqual(first, second);
  assert.equal(first.length, second.length);
  assert.deepEqual(await openResult(first, analyst.jwk), table);
  assert.deepEqual(await openResult(second, analyst.jwk), table);
});

test("gives results of one padded length one sealed length", async () => {
  const lengths = await Promise.all(
    [0, 1, 100, 4087, 4088].map(
      async (length) => (await sealResult(new Uint8Array(length), analyst.publicKey, 0)).length,
    ),
  );
  assert.equal(new Set(lengths).size, 1);
  const longer = await sealResult(new Uint8Array(4089), analyst.publicKey, 0);
  assert.ok(longer.length > (lengths[0] ?? 0) * 1.8);
});

test("pads to the next power of two, 4096 at least", () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 4096],
    [4088, 4096],
    [4089, 8192],
    [8184, 8192],
    [8185, 16_384],
    [1_000_000, 1_048_576],
    [1_048_568, 1_048_576],
    [1_048_569, 2_097_152],
  ];
  for (const [length, padded] of cases) assert.equal(paddedLength(length), padded, String(length));
  assertThrows(() => padResult({ length: 256 * 1024 * 1024 } as Uint8Array, 0), "RESULT_SIZE");
});

test("pads a small result as far as the largest that the job could have had", async () => {
  const sizes = [0, 10, 5000, 100_000].map((length) => padResult(new Uint8Array(length), 100_000).length);
  assert.deepEqual(sizes, [131_072, 131_072, 131_072, 131_072]);
  assert.equal(padResult(new Uint8Array(200_000), 100_000).length, 262_144);
  assert.deepEqual(unpadResult(padResult(table, 100_000)), table);
  const [small, large] = await Promise.all(
    [1, 90_000].map((length) => sealResult(new Uint8Array(length), analyst.publicKey, 100_000)),
  );
  assert.equal(small?.length, large?.length);
});

test("takes off what it puts on", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (result) => {
      assert.deepEqual(unpadResult(padResult(result, 0)), result);
    }),
    { numRuns: 100 },
  );
});

test("refuses padding that is not zero, not of its length, or lies about the result's", () => {
  const good = padResult(table, 0);
  const withLength = (length: bigint): Uint8Array => {
    const copy = Uint8Array.from(good);
    new DataView(copy.buffer).setBigUint64(0, length);
    return copy;
  };
  const dirty = (at: number): Uint8Array => {
    const copy = Uint8Array.from(good);
    copy[at] = 1;
    return copy;
  };
  const bad: readonly Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(7),
    new Uint8Array(2048),
    good.subarray(0, 4095),
    new Uint8Array([...good, 0]),
    dirty(1008),
    dirty(4095),
    withLength(999n),
    withLength(0n),
    withLength(4089n),
    withLength(2n ** 53n),
    withLength(2n ** 64n - 1n),
  ];
  for (const [i, padded] of bad.entries()) {
    assertThrows(() => unpadResult(padded), "RESULT_PADDING", String(i));
  }
});

test("opens with no other key", async () => {
  const sealed = await sealResult(table, analyst.publicKey, 0);
  await assertRefused(openResult(sealed, other.jwk), "RESULT_OPEN");
  await assertRefused(openResult(sealed, edwards.jwk), "KEY_USE");
  await assertRefused(openResult(sealed, { ...analyst.jwk, d: other.jwk.d }), "KEY_PRIVATE");
  await assertRefused(sealResult(table, edwards.publicKey, 0), "KEY_USE");
});

test("refuses other algorithms, compression, types and members in the header", async () => {
  const padded = padResult(table, 0);
  const headers: readonly object[] = [
    { ...HEADER, alg: "ECDH-ES+A256KW" },
    { ...HEADER, enc: "A128GCM" },
    { ...HEADER, enc: "A256CBC-HS512" },
    { ...HEADER, typ: "JWT" },
    { ...HEADER, typ: "sealroom-partial" },
    { alg: HEADER.alg, enc: HEADER.enc },
    { ...HEADER, kid: "1" },
    { ...HEADER, zip: "DEF" },
    { ...HEADER, cty: "JWT" },
    { ...HEADER, apu: "QQ" },
  ];
  for (const header of headers) {
    const sealed = await forge(header, padded);
    await assertRefused(openResult(sealed, analyst.jwk), "RESULT_HEADER", JSON.stringify(header));
  }
  assert.deepEqual(await openResult(await forge(HEADER, padded), analyst.jwk), table);
});

test("refuses an ephemeral key of another curve, off the curve, or with a private part", async () => {
  const sealed = text(await sealResult(table, analyst.publicKey, 0));
  const [head = "", ...rest] = sealed.split(".");
  const header = JSON.parse(Buffer.from(head, "base64url").toString()) as { epk: Record<string, string> };
  const { epk } = header;
  for (const bad of [
    { ...epk, y: epk["x"] },
    { ...epk, crv: "P-384" },
    { ...epk, d: epk["x"] },
    { kty: "OKP", crv: "X25519", x: epk["x"] },
    "x",
  ]) {
    const changed = Buffer.from(JSON.stringify({ ...header, epk: bad })).toString("base64url");
    await assertRefused(openResult(ascii([changed, ...rest].join(".")), analyst.jwk), "RESULT_HEADER");
  }
});

test("refuses a sealed result that opens to bad padding", async () => {
  for (const padded of [new Uint8Array(0), table, new Uint8Array(4096).fill(1)]) {
    await assertRefused(openResult(await forge(HEADER, padded), analyst.jwk), "RESULT_PADDING");
  }
});

test("refuses anything but five parts of canonical base64url", async () => {
  const sealed = text(await sealResult(table, analyst.publicKey, 0));
  const [head = "", , iv = "", body = "", tag = ""] = sealed.split(".");
  const bad = [
    "",
    "....",
    `${head}..${iv}.${body}`,
    `${sealed}.`,
    `${sealed}.AAAA`,
    `${sealed}\n`,
    ` ${sealed}`,
    `${sealed}=`,
    `${head}.AAAA.${iv}.${body}.${tag}`,
    `${head}..${iv}AA.${body}.${tag}`,
    `${head}..${iv}.${body}.${tag.slice(0, 16)}`,
    `${head}..${iv}.${body}!.${tag}`,
    JSON.stringify({ protected: head, iv, ciphertext: body, tag }),
  ];
  for (const form of bad) {
    await assertRefused(openResult(ascii(form), analyst.jwk), "RESULT_HEADER", form.slice(0, 30));
  }
});

test("refuses a sealed result with any bit flipped", async () => {
  const layers = await refuseFlips(await sealResult(table, analyst.publicKey, 0), (sealed) =>
    openResult(sealed, analyst.jwk),
  );
  assert.deepEqual(Object.keys(layers), ["RESULT"]);
});
