// The certificate chain under a foreign PKI: H03 to H06.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { AWS_ROOT } from "../../core/attestation/root.ts";
import { authenticate } from "../../core/attestation/verify.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCriticalExtension, encodeExtension, encodeName } from "../../local/nsm/certificate.ts";
import { encodeDer, encodeSequence, encodeUnsigned } from "../../local/nsm/der.ts";
import { generateKeys } from "../../local/nsm/pki.ts";
import { at, basic, forge, forgeChain, leafBasic, NOW, SOUND, usage, type Form } from "./forge.ts";
import { assertRefused } from "./refusal.ts";

function verdictOf(edit: (path: Form[]) => void, atMs = NOW): Promise<unknown> {
  const { root, identity } = forgeChain(edit);
  return authenticate(forge({}, identity), root, atMs);
}

/** A document of the sound chain whose bundle was rearranged before it was signed. */
function verdictOnBundle(cabundle: readonly Uint8Array[]): Promise<unknown> {
  return authenticate(forge({}, { ...SOUND.identity, cabundle }), SOUND.root, NOW);
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((first, i) =>
    permutations(list.filter((_, j) => j !== i)).map((rest) => [first, ...rest]),
  );
}

test("accepts a chain of its own root, and of no other", async () => {
  assert.ok(await authenticate(forge(), SOUND.root, NOW));
  await assertRefused(authenticate(forge(), AWS_ROOT, NOW), "CHAIN_ROOT");
});

test("refuses a foreign root that copies every name", async () => {
  const foreign = forgeChain((path) => {
    at(path, 0).keys = generateKeys();
  });
  await assertRefused(authenticate(forge({}, foreign.identity), SOUND.root, NOW), "CHAIN_ROOT");
});

test("refuses a foreign chain behind the genuine root's certificate", async () => {
  const foreign = forgeChain((path) => {
    at(path, 0).keys = generateKeys();
  });
  const cabundle = [at(SOUND.identity.cabundle, 0), ...foreign.identity.cabundle.slice(1)];
  const document = forge({}, { ...foreign.identity, cabundle });
  await assertRefused(authenticate(document, SOUND.root, NOW), "CHAIN_SIGNATURE");
});

test("accepts the bundle in one order only", async () => {
  const { cabundle } = SOUND.identity;
  const [inOrder, ...others] = permutations([...cabundle.keys()]);
  assert.deepEqual(inOrder, [0, 1, 2, 3]);
  assert.equal(others.length, 23);
  assert.ok(await verdictOnBundle(cabundle));
  for (const order of others) {
    const verdict = verdictOnBundle(order.map((i) => at(cabundle, i)));
    await assertRefused(verdict, order[0] === 0 ? "CHAIN_ISSUER" : "CHAIN_ROOT", order.join());
  }
});

test("refuses a bundle with a certificate too few", async () => {
  const { cabundle } = SOUND.identity;
  for (const gone of cabundle.keys()) {
    const verdict = verdictOnBundle(cabundle.filter((_, i) => i !== gone));
    await assertRefused(verdict, gone === 0 ? "CHAIN_ROOT" : "CHAIN_ISSUER", `without ${gone}`);
  }
  await assertRefused(verdictOnBundle([]), "DOCUMENT_FIELD", "empty");
});

test("refuses a bundle with a certificate too many: unrelated, repeated, or the leaf", async () => {
  const { cabundle, certificate } = SOUND.identity;
  const unrelated = at(forgeChain((path) => (at(path, 1).name = encodeName("other"))).identity.cabundle, 1);
  const extra = [unrelated, ...cabundle, certificate];
  for (const [which, added] of extra.entries()) {
    for (let position = 0; position <= cabundle.length; position++) {
      const longer = [...cabundle.slice(0, position), added, ...cabundle.slice(position)];
      const isRootFirst = position > 0 || which === 1;
      await assertRefused(
        verdictOnBundle(longer),
        isRootFirst ? "CHAIN_ISSUER" : "CHAIN_ROOT",
        `${which}@${position}`,
      );
    }
  }
  await assertRefused(
    verdictOnBundle(Array.from({ length: 9 }, () => at(cabundle, 0))),
    "DOCUMENT_FIELD",
    "nine",
  );
});

test("refuses a leaf that a leaf has issued, though its name and signature hold", async () => {
  const below = forgeChain((path) => {
    const genuine = at(path, -1);
    path.push({ ...genuine, name: encodeName("below the leaf"), keys: generateKeys() });
  });
  const document = forge({}, below.identity);
  await assertRefused(authenticate(document, below.root, NOW), "CHAIN_USAGE");
});

test("refuses a path longer than a certificate of it allows", async () => {
  const limits: [position: number, pathLength: number][] = [
    [0, 2],
    [0, 0],
    [1, 1],
    [1, 0],
    [2, 0],
  ];
  for (const [position, pathLength] of limits) {
    const verdict = verdictOf((path) => (at(path, position).extensions = [basic(pathLength), usage(0x86)]));
    const { details } = await assertRefused(verdict, "CHAIN_USAGE", `${position}: ${pathLength}`);
    assert.deepEqual(details, { position });
  }
  assert.ok(await verdictOf((path) => (at(path, 0).extensions = [basic(3), usage(0x86)])));
  assert.ok(await verdictOf((path) => (at(path, 3).extensions = [basic(null), usage(0x04)])));
});

test("refuses an authority that may not sign certificates, and a leaf that is one or may not sign", async () => {
  const ca = encodeDer(0x01, Uint8Array.of(0xff));
  const notCritical = encodeExtension("2.5.29.19", encodeSequence(ca));
  const cases: [string, number, Uint8Array[], ErrorCode][] = [
    ["no keyCertSign", 1, [basic(2), usage(0x82)], "CHAIN_USAGE"],
    ["no keyCertSign on the root", 0, [basic(null), usage(0x82)], "CHAIN_USAGE"],
    ["no keyUsage", 2, [basic(1)], "CHAIN_USAGE"],
    ["no basicConstraints", 2, [usage(0x86)], "CHAIN_USAGE"],
    ["no extension known", 3, [encodeExtension("2.5.29.14", Uint8Array.of(4, 0))], "CHAIN_USAGE"],
    ["CA:FALSE", 3, [leafBasic(), usage(0x04)], "CHAIN_USAGE"],
    ["basicConstraints not critical", 1, [notCritical, usage(0x86)], "CHAIN_USAGE"],
    ["leaf is a CA", 4, [basic(null), usage(0x84)], "CHAIN_USAGE"],
    ["leaf without digitalSignature", 4, [leafBasic(), usage(0x40)], "CHAIN_USAGE"],
    ["leaf without keyUsage", 4, [leafBasic()], "CHAIN_USAGE"],
    ["leaf without basicConstraints", 4, [usage(0x80)], "CHAIN_USAGE"],
  ];
  for (const [what, position, extensions, code] of cases) {
    const verdict = verdictOf((path) => {
      at(path, position).extensions = extensions;
    });
    // The root is decoded when it is trusted; what it may do is judged with the chain.
    await assertRefused(verdict, code, what);
  }
});

test("refuses critical extensions that are unknown, and any extension that stands twice", async () => {
  const unknown = "1.3.6.1.4.1.99999.1";
  for (const position of [1, 2, 3, 4]) {
    const sound = (extra: Uint8Array) => (path: Form[]) => at(path, position).extensions.push(extra);
    const twice = (path: Form[]): void => {
      const { extensions } = at(path, position);
      extensions.push(at(extensions, 0));
    };
    await assertRefused(
      verdictOf(sound(encodeCriticalExtension(unknown, encodeSequence()))),
      "CHAIN_EXTENSION",
    );
    await assertRefused(
      verdictOf(sound(encodeCriticalExtension("2.5.29.30", encodeSequence()))),
      "CHAIN_EXTENSION",
    );
    await assertRefused(verdictOf(twice), "CHAIN_EXTENSION");
    assert.ok(await verdictOf(sound(encodeExtension(unknown, encodeSequence()))));
  }
});

test("refuses keys of other curves and kinds, and points that are not on P-384", async () => {
  const { privateKey } = SOUND.identity;
  const curve = (namedCurve: string): KeyObject => generateKeyPairSync("ec", { namedCurve }).publicKey;
  const spki = (key: KeyObject): Uint8Array => key.export({ type: "spki", format: "der" });
  const genuine = generateKeys().publicKey;
  const offCurve = Uint8Array.from(genuine);
  offCurve[119] = (offCurve[119] ?? 0) ^ 1;
  const compressed = Uint8Array.from(genuine);
  compressed[23] = 0x02;
  const keys: [string, Uint8Array][] = [
    ["P-256", spki(curve("prime256v1"))],
    ["P-521", spki(curve("secp521r1"))],
    ["secp256k1", spki(curve("secp256k1"))],
    ["RSA", spki(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey)],
    ["Ed25519", spki(generateKeyPairSync("ed25519").publicKey)],
    ["off the curve", offCurve],
    ["compressed", compressed],
    ["zero", Buffer.concat([genuine.subarray(0, 24), new Uint8Array(96)])],
  ];
  for (const [what, publicKey] of keys) {
    for (const position of [1, 4]) {
      const verdict = verdictOf((path) => {
        const { keys: signing } = at(path, position);
        at(path, position).keys = { publicKey, privateKey: position === 4 ? privateKey : signing.privateKey };
      });
      const { cause } = await assertRefused(verdict, "CHAIN_KEY", `${what} at ${position}`);
      // What WebCrypto says of a point, whoever looks for the fault will want.
      assert.equal(cause instanceof Error, ["off the curve", "zero"].includes(what), what);
    }
  }
});

test("refuses other signature algorithms, inside, outside or both", async () => {
  const sha384 = Buffer.from("2a8648ce3d040303", "hex");
  const certificate = Buffer.from(SOUND.identity.certificate);
  const inner = certificate.indexOf(sha384);
  const outer = certificate.lastIndexOf(sha384);
  assert.ok(inner > 0 && outer > inner);
  for (const places of [[inner], [outer], [inner, outer]]) {
    // 01: SHA-224, 02: SHA-256, 04: SHA-512
    for (const digest of [1, 2, 4]) {
      const changed = Buffer.from(certificate);
      for (const place of places) changed[place + 7] = digest;
      const document = forge({}, { ...SOUND.identity, certificate: changed });
      await assertRefused(authenticate(document, SOUND.root, NOW), "CHAIN_KEY");
    }
  }
});

test("accepts each certificate from its first to its last second, and not a second more", async () => {
  const hour = 3_600_000;
  for (const position of [0, 1, 2, 3, 4]) {
    const edit = (path: Form[]): void => {
      at(path, position).notBeforeMs = NOW - hour;
      at(path, position).notAfterMs = NOW + hour;
    };
    const early = await assertRefused(verdictOf(edit, NOW - hour - 1000), "CHAIN_EXPIRED");
    assert.deepEqual(early.details, { position });
    assert.ok(await verdictOf(edit, NOW - hour));
    assert.ok(await verdictOf(edit, NOW + hour));
    const late = await assertRefused(verdictOf(edit, NOW + hour + 1000), "CHAIN_EXPIRED");
    assert.deepEqual(late.details, { position });
  }
});

test("refuses a certificate that another key has signed, wherever it stands", async () => {
  for (const position of [1, 2, 3, 4]) {
    const signer = generateKeys().privateKey;
    const verdict = verdictOf((path) => (at(path, position).signer = signer));
    assert.deepEqual((await assertRefused(verdict, "CHAIN_SIGNATURE")).details, { position });
  }
});

test("refuses a certificate whose issuer is not the one before it, though that one signed it", async () => {
  for (const position of [1, 2, 3, 4]) {
    const issuer = encodeName("someone else");
    const verdict = verdictOf((path) => (at(path, position).issuer = issuer));
    assert.deepEqual((await assertRefused(verdict, "CHAIN_ISSUER")).details, { position });
  }
});

test("refuses a self-issued certificate in the middle", async () => {
  const verdict = verdictOf((path) => {
    at(path, 1).name = at(path, 0).name;
  });
  assert.deepEqual((await assertRefused(verdict, "CHAIN_ISSUER")).details, { position: 1 });
});

test("refuses basicConstraints that DER would not write", async () => {
  const falseSpelt = encodeSequence(encodeDer(0x01, Uint8Array.of(0)));
  const oddTrue = encodeSequence(encodeDer(0x01, Uint8Array.of(1)));
  const onlyLength = encodeSequence(encodeUnsigned(Uint8Array.of(0)));
  const extra = encodeSequence(
    encodeDer(0x01, Uint8Array.of(0xff)),
    encodeUnsigned(Uint8Array.of(0)),
    encodeSequence(),
  );
  for (const value of [falseSpelt, oddTrue, onlyLength, extra, Uint8Array.of(0x30, 0, 0), new Uint8Array()]) {
    const extensions = [encodeCriticalExtension("2.5.29.19", value), usage(0x80)];
    await assertRefused(
      verdictOf((path) => (at(path, 4).extensions = extensions)),
      "CHAIN_DER",
    );
  }
});
