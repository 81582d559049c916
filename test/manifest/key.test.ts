// Keys, and the encryption contexts that bind KMS's answers to an owner.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import type { ErrorCode } from "../../core/errors.ts";
import { datasetContext, outputContext, tokenContext } from "../../core/manifest/encryption-context.ts";
import { isP256Point } from "../../core/manifest/curve.ts";
import {
  isSameKey,
  parsePrivateJwk,
  parsePublicJwk,
  parseSealingJwk,
  publicPart,
} from "../../core/manifest/jwk.ts";
import { importSigningKey, importVerifyingKey } from "../../core/manifest/signing-key.ts";
import { generateJwk, makeParty } from "./example.ts";
import { assertRefused, assertThrows } from "./refusal.ts";

const owner = await makeParty();
const coordinate = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
const little = (value: bigint): string => coordinate(value).reverse().toString("base64url");
const P = 2n ** 255n - 19n;

test("takes keys of both kinds, in members of any order, and gives them in one", () => {
  for (const curve of ["P-256", "Ed25519"] as const) {
    const key = publicPart(generateJwk(curve));
    const reversed = Object.fromEntries(Object.entries(key).reverse());
    assert.equal(JSON.stringify(parsePublicJwk(reversed)), JSON.stringify(key));
  }
});

test("agrees with OpenSSL on which points lie on P-256", () => {
  for (let i = 0; i < 40; i++) {
    const { x, y } = publicPart(generateJwk()) as { x: string; y: string };
    const bytes = Buffer.from(y, "base64url");
    const spoilt = Buffer.from(bytes);
    spoilt[i % 32] = (spoilt[i % 32] ?? 0) ^ (1 << (i % 8));
    for (const candidate of [bytes, spoilt]) {
      let isPoint = true;
      try {
        const jwk = { kty: "EC", crv: "P-256", x, y: candidate.toString("base64url") };
        createPublicKey({ key: jwk, format: "jwk" });
      } catch {
        isPoint = false;
      }
      assert.equal(isP256Point(Buffer.from(x, "base64url"), candidate), isPoint);
    }
  }
});

test("refuses coordinates that are not reduced, and Ed25519 keys that prove nothing", () => {
  const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
  // x = 0 is on the curve; x = p is the same point spelt otherwise.
  const rootOfB = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n;
  assert.ok(isP256Point(coordinate(0n), coordinate(rootOfB)));
  assert.ok(!isP256Point(coordinate(p), coordinate(rootOfB)));
  // So far apart do few points have their two spellings: y must be less than 2^256 - p.
  const x5 = 0xd7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7n;
  assert.ok(isP256Point(coordinate(x5), coordinate(5n)));
  assert.ok(!isP256Point(coordinate(x5), coordinate(5n + p)));
  const y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
  const sign = 1n << 255n;
  // A point that doubles to one with y = 0 satisfies d*y^4 + 2*y^2 = 1, with -121666*d = 121665.
  assert.equal((121_665n * y8 ** 4n - 121_666n * (2n * y8 ** 2n - 1n)) % P, 0n);
  for (const y of [0n, 1n, P - 1n, P, P + 1n, 1n | sign, y8, y8 | sign, P - y8, (P - y8) | sign]) {
    assertThrows(() => parsePublicJwk({ kty: "OKP", crv: "Ed25519", x: little(y) }), "KEY_POINT", String(y));
  }
});

test("refuses keys of other kinds, with members more or less", () => {
  const { x, y } = publicPart(owner.jwk) as { x: string; y: string };
  const { x: edwards } = publicPart(generateJwk("Ed25519"));
  const bad: readonly unknown[] = [
    null,
    undefined,
    "x",
    [],
    {},
    { kty: "EC", crv: "P-256", x },
    { kty: "EC", crv: "P-384", x, y },
    { kty: "EC", crv: "P-256", x, y, d: x },
    { kty: "EC", crv: "P-256", x, y, alg: "ES256" },
    { kty: "EC", crv: "P-256", x, y, ["__proto__"]: 1 },
    { kty: "EC", crv: "P-256", x: x.slice(1), y },
    { kty: "oct", k: x },
    { kty: "RSA", n: x, e: "AQAB" },
    { kty: "OKP", crv: "X25519", x },
    { kty: "OKP", crv: "Ed25519", x, y },
    { kty: "EC", crv: "Ed25519", x: edwards },
    { kty: "OKP", crv: "Ed448", x: edwards },
    { kty: "OKP", crv: "Ed25519", x: edwards, y },
  ];
  for (const key of bad) assertThrows(() => parsePublicJwk(key), "KEY_SHAPE", JSON.stringify(key));
  assertThrows(() => parseSealingJwk(publicPart(generateJwk("Ed25519"))), "KEY_USE");
  for (const d of [undefined, "", x.slice(1), `${x}=`, 5]) {
    assertThrows(() => parsePrivateJwk({ ...owner.publicKey, d }), "KEY_PRIVATE");
  }
});

test("refuses a private key whose halves do not belong together, at the latest when it signs", async () => {
  const { d } = generateJwk();
  const { d: edD } = generateJwk("Ed25519");
  await assertRefused(importSigningKey({ ...generateJwk("Ed25519"), d: edD }), "KEY_PRIVATE");
  await assertRefused(importSigningKey({ ...owner.jwk, d }), "KEY_PRIVATE");
});

test("no key verifies whose point is not on its curve, though it was never parsed", async () => {
  await assertRefused(importVerifyingKey({ ...owner.publicKey, y: owner.publicKey.x }), "KEY_POINT");
});

test("tells keys apart by kind and coordinates", () => {
  const ed = publicPart(generateJwk("Ed25519"));
  assert.ok(isSameKey(owner.publicKey, { ...owner.publicKey }));
  assert.ok(isSameKey(ed, { ...ed }));
  assert.ok(!isSameKey(owner.publicKey, ed));
  assert.ok(!isSameKey(ed, owner.publicKey));
  assert.ok(!isSameKey(owner.publicKey, publicPart(generateJwk())));
  assert.ok(!isSameKey(ed, publicPart(generateJwk("Ed25519"))));
  // One coordinate alone is not the key: (x, -y) is a point of the curve too.
  const other = parseSealingJwk(publicPart(generateJwk()));
  assert.ok(!isSameKey(owner.publicKey, { ...owner.publicKey, x: other.x }));
  assert.ok(!isSameKey(owner.publicKey, { ...owner.publicKey, y: other.y }));
  assert.ok(!isSameKey(owner.publicKey, { kty: "OKP", crv: "Ed25519", x: owner.publicKey.x }));
  assert.ok(!isSameKey({ kty: "OKP", crv: "Ed25519", x: owner.publicKey.x }, owner.publicKey));
});

test("says of a key that it refuses where it stands", () => {
  const { x, y } = owner.publicKey;
  const ed = publicPart(generateJwk("Ed25519"));
  const off = parseSealingJwk(publicPart(generateJwk())).y;
  const ec = { kty: "EC", crv: "P-256", x, y };
  const faults: readonly (readonly [unknown, ErrorCode])[] = [
    [null, "KEY_SHAPE"],
    ["key", "KEY_SHAPE"],
    [[], "KEY_SHAPE"],
    [{}, "KEY_SHAPE"],
    [{ ...ec, use: "enc" }, "KEY_SHAPE"],
    [{ ...ec, x: 1 }, "KEY_SHAPE"],
    [{ ...ec, y: undefined }, "KEY_SHAPE"],
    [{ ...ec, x: `${x}A` }, "KEY_SHAPE"],
    [{ ...ec, y: off }, "KEY_POINT"],
    [{ ...ed, y }, "KEY_SHAPE"],
    [{ ...ed, x: little(P) }, "KEY_POINT"],
    [ed, "KEY_USE"],
  ];
  for (const [value, code] of faults) {
    const what = JSON.stringify(value);
    assert.deepEqual(assertThrows(() => parseSealingJwk(value, "rules.recipients[3]"), code, what).details, {
      field: "rules.recipients[3]",
    });
    assert.deepEqual(assertThrows(() => parseSealingJwk(value), code, what).details, { field: "key" });
  }
  assert.deepEqual(assertThrows(() => parsePublicJwk(null), "KEY_SHAPE").details, { field: "key" });
  assert.deepEqual(assertThrows(() => parsePrivateJwk(null), "KEY_SHAPE").details, { field: "key" });
  for (const d of [undefined, 1, "", Buffer.alloc(31).toString("base64url")]) {
    assert.deepEqual(assertThrows(() => parsePrivateJwk({ ...ec, d }, "keys[0]"), "KEY_PRIVATE").details, {
      field: "keys[0]",
    });
  }
});

test("builds the three encryption contexts, whole and unchangeable", () => {
  const { thumbprint } = owner;
  assert.deepEqual(
    { ...datasetContext({ owner: thumbprint, dataset: "encounters", epoch: 1_760_000_000_000 }) },
    {
      "sealroom:owner": thumbprint,
      "sealroom:purpose": "dataset",
      "sealroom:dataset": "encounters",
      "sealroom:epoch": "1760000000000",
    },
  );
  assert.deepEqual(
    { ...tokenContext({ owner: thumbprint, domain: "patient", version: 3 }) },
    {
      "sealroom:owner": thumbprint,
      "sealroom:purpose": "token",
      "sealroom:domain": "patient",
      "sealroom:version": "3",
    },
  );
  const context = outputContext({ owner: thumbprint, dataset: "encounters", job: "ab".repeat(48) });
  assert.deepEqual(
    { ...context },
    {
      "sealroom:owner": thumbprint,
      "sealroom:purpose": "output",
      "sealroom:dataset": "encounters",
      "sealroom:job": "ab".repeat(48),
    },
  );
  assert.ok(Object.isFrozen(context));
});

test("refuses contexts with malformed fields", () => {
  const good = { owner: owner.thumbprint, dataset: "encounters", epoch: 1 };
  for (const epoch of [0, -1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => datasetContext({ ...good, epoch }), "CONTEXT_FIELD");
  }
  for (const dataset of ["", "a b", "a\n", "*"]) {
    assertThrows(() => datasetContext({ ...good, dataset }), "CONTEXT_FIELD");
  }
  for (const name of ["", "x", `${owner.thumbprint}=`, `${owner.thumbprint.slice(0, -1)}B`]) {
    assertThrows(() => datasetContext({ ...good, owner: name }), "CONTEXT_FIELD", name);
  }
  const fieldOf = (act: () => unknown): unknown => assertThrows(act, "CONTEXT_FIELD").details["field"];
  assert.equal(
    fieldOf(() => outputContext({ ...good, job: "AB".repeat(48) })),
    "job",
  );
  assert.equal(
    fieldOf(() => outputContext({ ...good, job: "ab".repeat(48), dataset: "" })),
    "dataset",
  );
  assert.equal(
    fieldOf(() => tokenContext({ ...good, domain: "d", version: 0 })),
    "version",
  );
  assert.equal(
    fieldOf(() => tokenContext({ ...good, domain: "", version: 1 })),
    "domain",
  );
  assert.equal(
    fieldOf(() => datasetContext({ ...good, dataset: "" })),
    "dataset",
  );
  assert.equal(
    fieldOf(() => datasetContext({ ...good, epoch: 0 })),
    "epoch",
  );
  assert.equal(
    fieldOf(() => datasetContext({ ...good, owner: "" })),
    "owner",
  );
  assert.equal(datasetContext(good)["sealroom:epoch"], "1");
});
