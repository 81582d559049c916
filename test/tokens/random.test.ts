// Random tokens: assigned once, from a map that is sealed before its first use and goes on only where a signed manifest
// says; and tokens that are made again under another version of their domain's key.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { parseOutputManifest } from "../../core/manifest/output.ts";
import type { VaultEntry } from "../../core/manifest/tokenization.ts";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import { refuses } from "../host/refusal.ts";
import { BUCKET, House } from "./house.ts";
import type { Ran } from "./house.ts";

const house = await House.open();
after(() => house.close());

for (const version of [1, 2]) house.tokens.push({ domain: "name", version });
house.outputs.push("people-a", "people-b");
const keyArn = await house.createKey("people");
const copyKey = await house.createKey("people-a");
await house.makeTokenKey("name", 1, keyArn);
await house.makeTokenKey("name", 2, keyArn);

const SCHEMA = `unit: row
columns:
  given: { type: utf8, role: identifier }
  family: { type: utf8, role: identifier }
  n: { type: int32, role: measure }
`;
const csvOf = (rows: readonly (readonly [string, string])[]): string =>
  ["given,family,n", ...rows.map(([given, family], n) => `${given},${family},${n}`)].join("\n");
const ROWS = Array.from({ length: 60 }, (_, n) => [`g${n % 13}`, ` G${n % 7} `] as const);
const BASE = "min_units: 2\nmax_groups: 100\nadhoc: true\nrecipients: [analyst]\n";

interface Rules {
  readonly vault?: VaultEntry | null;
  readonly version?: number;
  readonly family?: string;
}

function rules({ vault = null, version = 1, family }: Rules = {}): string {
  const random = `{ operator: random, domain: name, version: ${version}, parameters: { canonical: fold } }`;
  const begun = { domain: "name", audience: "a", ...(vault === null ? {} : { map: vault.map }) };
  return `${BASE}token_keys: [name-1, name-2]
vaults: [${JSON.stringify(begun)}]
tokenization:
  a:
    dataset: people-a
    key: ${copyKey}
    columns: { given: ${random}, family: ${family ?? random}, n: keep }
`;
}

const JOB = `kind: tokenize\naudience: a\nto: s3://${BUCKET}/copies/\n`;
let digest = (
  await house.seal({
    dataset: "people",
    csv: csvOf(ROWS),
    schema: SCHEMA,
    rules: rules(),
    keyArn,
    rowsPerObject: 25,
  })
).manifestDigest;
const first = await house.run("people", JOB);
const copy = await house.copyOf(first, "copies");

async function under(text: string): Promise<Ran> {
  digest = await house.resign("people", keyArn, digest, text);
  return house.run("people", JOB);
}

function vaultOf({ outcome }: Ran): VaultEntry {
  const [vault] = parseOutputManifest(outcome.output ?? new Uint8Array(0)).vaults;
  assert.ok(vault?.map);
  const { domain, audience, map } = vault;
  return { domain, audience, map };
}

/** Of the copy that was signed last: the next one has to go on from it. */
let last = vaultOf(first);

async function signCopy(ran: Ran, text: string): Promise<void> {
  await house.sign(ran, "copies", text);
  last = vaultOf(ran);
}

test("equal values have equal tokens over all objects and columns of a domain, others have others", () => {
  const values = new Map<string, unknown>();
  for (const row of copy) {
    const n = Number(row["n"]);
    for (const [value, token] of [
      [`g${n % 13}`, row["given"]],
      [`g${n % 7}`, row["family"]],
    ] as const) {
      assert.match(String(token), /^[a-z2-7]{26}$/);
      assert.equal(values.get(value) ?? token, token);
      values.set(value, token);
    }
  }
  assert.equal(values.size, 13);
  assert.equal(new Set(values.values()).size, 13);
});

test("the map is stored before the copy, has every value once, and is named on the receipt by its bytes", async () => {
  const { map } = vaultOf(first);
  assert.equal(map?.rows, 13);
  const { statement } = await verifyReceipt(await house.check(first));
  const subject = statement.outputs.find(({ name }) => name.startsWith("vault-"));
  assert.equal(subject?.sha384, await sha384Hex(await house.read(`copies/${map.key}`)));
});

test("a job that goes on from a map keeps its tokens, and adds what is new", async () => {
  const again = await under(rules({ vault: vaultOf(first) }));
  assert.deepEqual(await house.copyOf(again, "copies"), copy);
  assert.equal(vaultOf(again).map?.rows, 13);
  assert.notEqual(vaultOf(again).map?.key, vaultOf(first).map?.key);
});

test("a job that begins anew gives other tokens to all values", async () => {
  const anew = await house.copyOf(await under(rules()), "copies");
  const before = new Set(copy.map(({ given }) => given));
  assert.ok(anew.every(({ given }) => !before.has(given)));
});

test("without a map in the rules nothing is assigned", async () => {
  const text = rules().replace(/^vaults: .*\n/m, "");
  const refusal = await refuses("TOKEN_VAULT", under(text));
  assert.equal(refusal.details["fault"], "not named");
});

test("a map that is not the one named is refused: another's, an older one, a damaged one, none", async () => {
  const older = vaultOf(first);
  const { key = "" } = older.map ?? {};
  const other = vaultOf(await under(rules())).map;
  assert.ok(older.map && other);
  const bytes = await house.read(`copies/${key}`);
  const put = (body: Uint8Array): Promise<unknown> =>
    house.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `copies/${key}`, Body: body }));
  await put(await house.read(`copies/${other.key}`));
  await refuses(
    "OBJECT_DIGEST",
    under(rules({ vault: { ...older, map: { ...older.map, bytes: other.bytes } } })),
  );
  const damaged = bytes.slice();
  damaged[bytes.length - 40] = (damaged[bytes.length - 40] ?? 0) ^ 1;
  await put(damaged);
  await refuses("SEAL_FRAME_TAG", under(rules({ vault: older })));
  await put(bytes);
  await refuses("SEAL_KEY", under(rules({ vault: { ...older, map: { ...older.map, version: 2 } } })));
  const nowhere = (key.startsWith("0") ? "1" : "0") + key.slice(1);
  await refuses("STORE_MISSING", under(rules({ vault: { ...older, map: { ...older.map, key: nowhere } } })));
  await refuses("OBJECT_ROWS", under(rules({ vault: { ...older, map: { ...older.map, rows: 12 } } })));
});

test("a copy whose map is not stored, or not whole, is not signed: nobody could explain its tokens", async () => {
  const ran = await under(rules());
  const { map } = vaultOf(ran);
  assert.ok(map);
  const stored = { Bucket: BUCKET, Key: `copies/${map.key}` };
  const bytes = await house.read(stored.Key);
  await house.s3.send(new PutObjectCommand({ ...stored, Body: bytes.subarray(1) }));
  const cut = await refuses("OWNER_OBJECT", house.sign(ran, "copies", BASE));
  assert.deepEqual(cut.details, { key: map.key, bytes: map.bytes, stored: map.bytes - 1 });
  await house.s3.send(new DeleteObjectCommand(stored));
  const gone = await refuses("OWNER_OBJECT", house.sign(ran, "copies", BASE));
  assert.equal(gone.details["stored"], 0);
});

test("a map moves to another version of its domain's key, and keeps its tokens", async () => {
  const moved = await under(rules({ vault: vaultOf(first), version: 2 }));
  assert.deepEqual(await house.copyOf(moved, "copies"), copy);
  assert.equal(vaultOf(moved).map?.version, 2);
});

test("rewrap makes tokens again under another version: equal ones stay equal, and none is what it was", async () => {
  const siv = "{ operator: siv, domain: name, version: 1 }";
  const made = await under(rules({ vault: last, family: siv }));
  const before = await house.copyOf(made, "copies");
  const wrapped = `${BASE}token_keys: [name-1, name-2]
tokenization:
  b:
    dataset: people-b
    key: ${copyKey}
    columns: { given: keep, family: { operator: rewrap, domain: name, version: 2 }, n: keep }
`;

  await signCopy(made, wrapped);
  const job = `kind: tokenize\naudience: b\nto: s3://${BUCKET}/moved/\n`;
  const ran = await house.run("people-a", job, [], "copies");
  const after = await house.copyOf(ran, "moved");
  const pairs = new Map(before.map(({ family }, row) => [family, after[row]?.["family"]]));
  assert.equal(pairs.size, 7);
  assert.equal(new Set(pairs.values()).size, 7);
  for (const [was, is] of pairs) {
    assert.match(String(was), /^AQAB/);
    assert.match(String(is), /^AQAC/);
  }
  assert.deepEqual(
    after.map(({ given }) => given),
    before.map(({ given }) => given),
  );
  const { tokens } = parseOutputManifest(ran.outcome.output ?? new Uint8Array(0));
  assert.equal(tokens["family"]?.version, 2);
  assert.equal(tokens["family"].audience, "a");
  assert.equal(tokens["given"]?.operator, "random");
});

test("what is behind random tokens only their map tells, to whom the owner grants it", async () => {
  const made = await under(rules({ vault: last }));
  const copied = await house.copyOf(made, "copies");
  const named = `${BASE}token_keys: [name-1, name-2]\n`;
  await signCopy(made, named);
  const token = String(copied[5]?.["given"]);
  const job = `kind: reveal\ncolumns: [given, family, n]\nmatch: { column: given, tokens: [${token}] }\n`;
  const grant = await house.grant("people-a", job, "copies", 10);
  const rows = await house.resultOf(await house.run("people-a", job, [grant], "copies"));
  const expected = ROWS.flatMap(([given, family], n) =>
    given === ROWS[5]?.[0] ? [{ given, family: family.trim().toLowerCase(), n }] : [],
  );
  assert.deepEqual(
    rows.map(({ given, family, n }) => ({ given, family, n: Number(n) })),
    expected,
  );
  await refuses("RULES_REVEAL", house.run("people-a", job, [], "copies"));
  const again = await under(rules({ vault: last }));
  await signCopy(again, `${named}vaults: [{ domain: other, audience: a }]\n`);
  const unnamed = await house.grant("people-a", job, "copies", 10);
  await refuses("TOKEN_VAULT", house.run("people-a", job, [unnamed], "copies"));
});

test("a copy is not signed in the place of one whose map its random tokens do not go on from", async () => {
  const older = last;
  const next = await under(rules({ vault: older }));
  // The copy that was signed last named no map of this domain: from here on they are kept.
  await signCopy(next, BASE);
  for (const vault of [null, older]) {
    const fork = await under(rules({ vault }));
    const refusal = await refuses("OWNER_VAULT", house.sign(fork, "copies", BASE));
    assert.equal(refusal.details["expected"], last.map?.digest);
  }
  await signCopy(await under(rules({ vault: last })), BASE);
});
