import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { parseJson, type JsonObject } from "../../core/json.ts";
import { thumbprint } from "../../core/manifest/jwk.ts";
import { verifyJws, signJws } from "../../core/manifest/jws.ts";
import { openResult, sealResult } from "../../core/receipt/sealed-result.ts";
import {
  readOwnerKey,
  readOwnerPublic,
  readRecipientKey,
  readRecipientPublic,
  writeKeyFiles,
} from "../../owner/key-file.ts";
import {
  encodeKeys,
  generateOwnerKeys,
  generateRecipientKey,
  parseOwnerKey,
  parseRecipientPublic,
} from "../../owner/keys.ts";
import { refused } from "./refused.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sealroom-keys-"));
});
after(() => rm(directory, { recursive: true, force: true }));

const FORM = { typ: "test", payloadBytes: 100 };

for (const algorithm of ["ES256", "EdDSA"] as const) {
  test(`an owner's ${algorithm} key comes back from its files, signs, and is named by its thumbprint`, async () => {
    const path = join(directory, `owner-${algorithm}.key`);
    await writeKeyFiles(path, await generateOwnerKeys(algorithm));
    const key = await readOwnerKey(path);
    const signed = await verifyJws(await signJws(new TextEncoder().encode("{}"), FORM, key.signing), FORM);
    assert.equal(await thumbprint(signed.key), key.thumbprint);
    assert.deepEqual(await readOwnerPublic(`${path}.pub`), key.signing.publicKey);
    assert.deepEqual(await readRecipientPublic(`${path}.pub`), key.sealing);
  });
}

test("a recipient's key opens what was sealed to its public file", async () => {
  const path = join(directory, "recipient.key");
  await writeKeyFiles(path, await generateRecipientKey());
  const sealed = await sealResult(Uint8Array.of(1, 2, 3), await readRecipientPublic(`${path}.pub`), 0);
  assert.deepEqual(await openResult(sealed, await readRecipientKey(path)), Uint8Array.of(1, 2, 3));
});

test("private files are for their owner's eyes, and public ones hold nothing private", async () => {
  const path = join(directory, "modes.key");
  await writeKeyFiles(path, await generateOwnerKeys());
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.ok(!(await readFile(`${path}.pub`, "utf8")).includes('"d"'));
  await chmod(path, 0o640);
  await refused("OWNER_KEY_MODE", () => readOwnerKey(path), { file: path, mode: "640" });
  // Its public half is open to all, and no private key: not its mode is wrong.
  await refused("OWNER_KEY_FORM", () => readOwnerKey(`${path}.pub`), {
    file: `${path}.pub`,
    fault: "a public key where the private one belongs",
  });
});

test("nothing is overwritten: neither a private file, nor a public one, and then none is left over", async () => {
  const path = join(directory, "twice.key");
  await writeKeyFiles(path, await generateOwnerKeys());
  const first = await readFile(path, "utf8");
  await refused("OWNER_KEY_EXISTS", async () => writeKeyFiles(path, await generateOwnerKeys()));
  assert.equal(await readFile(path, "utf8"), first);

  const half = join(directory, "half.key");
  await writeFile(`${half}.pub`, "taken");
  await refused("OWNER_KEY_EXISTS", async () => writeKeyFiles(half, await generateOwnerKeys()));
  assert.ok(!(await readdir(directory)).includes("half.key"));
  await refused("OWNER_KEY_FILE", async () =>
    writeKeyFiles(join(directory, "no", "such"), await generateOwnerKeys()),
  );
});

test("a file that is missing, too large, no JSON or no key file is refused, each by its own code", async () => {
  const file = async (content: string): Promise<string> => {
    const path = join(
      directory,
      `bad-${Math.abs(content.length)}-${content.slice(2, 6).replaceAll(/\W/g, "_")}.key`,
    );
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  await refused("OWNER_KEY_FILE", () => readOwnerKey(join(directory, "nowhere.key")));
  await refused("OWNER_KEY_FORM", async () => readOwnerKey(await file("x".repeat(20_000))));
  await refused("JSON_SYNTAX", async () => readOwnerKey(await file("not json")));
  await refused("OWNER_KEY_FORM", async () => readOwnerKey(await file('{"keys":[]}')));
  await refused("OWNER_KEY_FORM", async () => readOwnerKey(await file('{"kty":"EC"}')));
});

test("keys of another use, halves that do not match, and a kid that is not the key's are refused", async () => {
  const owner = parseJson(await encodeKeys(await generateOwnerKeys(), "private")) as { keys: JsonObject[] };
  const other = parseJson(await encodeKeys(await generateOwnerKeys(), "private")) as { keys: JsonObject[] };
  const [sig = {}, enc = {}] = owner.keys;
  const [otherSig = {}] = other.keys;
  const cases = [
    { keys: [sig] },
    { keys: [enc] },
    { keys: [sig, sig] },
    {
      keys: [
        { ...sig, use: "enc" },
        { ...enc, use: "encrypt" },
      ],
    },
    { keys: [{ ...sig, kid: otherSig["kid"] ?? "" }, enc] },
    { keys: [{ ...sig, x: otherSig["x"] ?? "", y: otherSig["y"] ?? "", kid: otherSig["kid"] ?? "" }, enc] },
  ];
  const outcomes = await Promise.all(
    cases.map(async (value) => {
      try {
        const key = await parseOwnerKey(value);
        // Halves that do not match show at the latest when something is signed.
        await signJws(new TextEncoder().encode("{}"), FORM, key.signing);
        return "accepted";
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : error;
      }
    }),
  );
  assert.deepEqual(outcomes, [
    "OWNER_KEY_FORM",
    "OWNER_KEY_FORM",
    "OWNER_KEY_FORM",
    "OWNER_KEY_FORM",
    "OWNER_KEY_FORM",
    "KEY_PRIVATE",
  ]);
});

test("a private file is not taken where a public one belongs, nor the other way round", async () => {
  const path = join(directory, "sides.key");
  await writeKeyFiles(path, await generateRecipientKey());
  await chmod(`${path}.pub`, 0o600);
  await refused("OWNER_KEY_FORM", () => readRecipientKey(`${path}.pub`));
  await refused("OWNER_KEY_FORM", () => readRecipientPublic(path));
});

test("a recipient may also be given as a bare JWK, but not one that only signs", async () => {
  const key = (await generateRecipientKey()).entries[0]?.key;
  assert.ok(key?.kty === "EC");
  const bare = { crv: key.crv, kty: key.kty, x: key.x, y: key.y };
  assert.deepEqual(await parseRecipientPublic(bare), bare);
  const signing = (await generateOwnerKeys("EdDSA")).entries[0]?.key;
  assert.ok(signing?.kty === "OKP");
  await refused("OWNER_KEY_FORM", () => parseRecipientPublic({ kty: "OKP", crv: "Ed25519", x: signing.x }));
});
