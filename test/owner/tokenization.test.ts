// The tokenization of rules.yaml: short forms and defaults, and token keys in files.
import assert from "node:assert/strict";
import test from "node:test";
import type { JsonValue } from "../../core/json.ts";
import type { PublicJwk } from "../../core/manifest/jwk.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import { checkRules, parseRulesFile } from "../../owner/rules-file.ts";
import { encodeTokenKey, parseTokenKey } from "../../owner/token-key.ts";
import { refused } from "./refused.ts";

const KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/12345678-1234-1234-1234-123456789012";
const OTHER_ARN = "arn:aws:kms:eu-central-1:000000000000:key/00000000-1234-1234-1234-123456789012";
const TABLE = {
  keyArn: KEY_ARN,
  schema: [
    { name: "who", type: "utf8", role: "unit" },
    { name: "n", type: "int32", role: "measure" },
    { name: "note", type: "utf8", role: "hidden" },
  ],
} as const;
const KEY = { domain: "person", version: 1, keyArn: KEY_ARN, wrappedKey: "AAAA" };

const noKeys = (): Promise<PublicJwk> => Promise.reject(new Error("asked for a key"));
const fromFile = (reference: string): Promise<JsonValue> =>
  Promise.resolve({ ...KEY, version: Number(/\d+/.exec(reference)?.[0]) });

async function read(
  tokenization: string,
  keys = "[person-1.json, person-3.json, person-2.json]",
): Promise<Rules> {
  const text = `min_units: 5\nmax_groups: 10\ntoken_keys: ${keys}\ntokenization:\n${tokenization}`;
  return checkRules(await parseRulesFile(text, noKeys, fromFile), TABLE);
}

const COPY = "  research:\n    dataset: visits-research\n    columns:\n";

test("a word is a whole rule, and what is left out is the newest key, the column's role and the data set's KMS key", async () => {
  const rules = await read(
    `${COPY}      who: { operator: siv, domain: person }\n      n: keep\n      note: drop\n`,
  );
  const research = rules.tokenization?.["research"];
  const plain = { domain: null, version: null, parameters: {}, invalid: "error", class: null, unit: null };
  assert.equal(research?.keyArn, KEY_ARN);
  assert.equal(research.dataset, "visits-research");
  assert.deepEqual(JSON.parse(JSON.stringify(research.columns)), {
    who: { ...plain, operator: "siv", domain: "person", version: 3, role: "unit" },
    n: { ...plain, operator: "keep", role: "measure" },
    note: { ...plain, operator: "drop", role: "hidden" },
  });
  assert.deepEqual(
    rules.tokenKeys?.map(({ version }) => version),
    [1, 3, 2],
  );
});

test("what is written stands, whatever the default would be", async () => {
  const who =
    "{ operator: siv, domain: person, version: 1, invalid: quarantine, class: ssn, unit: who, role: dimension }";
  const rules = await read(
    `  research:\n    dataset: copy\n    key: ${OTHER_ARN}\n    columns: { who: ${who}, n: keep, note: drop }\n`,
  );
  const research = rules.tokenization?.["research"];
  assert.equal(research?.keyArn, OTHER_ARN);
  assert.deepEqual(JSON.parse(JSON.stringify(research.columns["who"])), {
    operator: "siv",
    domain: "person",
    version: 1,
    parameters: {},
    invalid: "quarantine",
    class: "ssn",
    unit: "who",
    role: "dimension",
  });
});

test("rules without tokens have none of these members", async () => {
  const rules = checkRules(await parseRulesFile("min_units: 5\nmax_groups: 10\n", noKeys), TABLE);
  for (const member of ["tokenization", "tokenKeys", "vaults"]) {
    assert.equal(Object.hasOwn(rules, member), false);
  }
});

for (const [what, columns, code, field] of [
  ["a column without a rule", "{ who: drop, n: keep }", "MANIFEST_RULES", "tokenization.research.columns"],
  [
    "a rule for no column",
    "{ who: drop, n: keep, note: drop, nn: keep }",
    "MANIFEST_RULES",
    "tokenization.research.columns.nn",
  ],
  [
    "a version without a domain",
    "{ who: { operator: siv, version: 1 }, n: keep, note: drop }",
    "MANIFEST_RULES",
    "tokenization.research.columns.who.version",
  ],
  [
    "an unknown member",
    "{ who: { operator: siv, domian: a }, n: keep, note: drop }",
    "OWNER_RULES",
    "tokenization.research.columns.who.domian",
  ],
] as const) {
  test(`rules with ${what} are refused where they stand`, async () => {
    await refused(code, () => read(`  research:\n    dataset: copy\n    columns: ${columns}\n`), { field });
  });
}

test("a token key comes out of its file as it went in", async () => {
  assert.deepEqual(parseTokenKey(encodeTokenKey(KEY)), KEY);
  for (const [changes, field] of [
    [{ version: 0 }, "[0].version"],
    [{ version: 65_536 }, "[0].version"],
    [{ domain: "a/b" }, "[0].domain"],
    [{ wrappedKey: "" }, "[0].wrappedKey"],
    [{ wrappedKey: "AA==" }, "[0].wrappedKey"],
    [{ keyArn: "alias/a" }, "[0].keyArn"],
    [{ key: "AAAA" }, "[0].key"],
  ] as const) {
    await refused("OWNER_RULES", () => parseTokenKey(JSON.stringify({ ...KEY, ...changes })), { field });
  }
  await refused("OWNER_RULES", () => parseTokenKey("[]"));
  await refused("JSON_SYNTAX", () => parseTokenKey("x"));
});
