// What a manifest may say of tokens. Each rule has a manifest that breaks it and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { altered, exampleManifest, KEY_ARN, makeParty } from "./example.ts";
import { assertThrows } from "./refusal.ts";

const analyst = await makeParty();
const bare = exampleManifest(analyst.publicKey);

const plain = {
  operator: "keep",
  domain: null,
  version: null,
  parameters: {},
  invalid: "error",
  class: null,
  unit: null,
} as const;
const columns = Object.fromEntries(bare.schema.map(({ name, role }) => [name, { ...plain, role }] as const));
const key = { domain: "person.ssn", version: 1, keyArn: KEY_ARN, wrappedKey: "AAAA" };
const map = {
  key: "0123456789abcdef/vault-1.sealed",
  version: 1,
  digest: "0c".repeat(48),
  bytes: 10,
  rows: 0,
};
const facts = {
  operator: "siv",
  domain: "person.ssn",
  version: 1,
  audience: "research",
  parameters: {},
  unit: null,
};
const manifest = {
  ...bare,
  tokens: { city: facts },
  rules: {
    ...bare.rules,
    tokenization: {
      research: {
        dataset: "encounters-research",
        keyArn: KEY_ARN,
        columns: {
          ...columns,
          ssn: {
            ...plain,
            role: "identifier",
            operator: "ssn",
            domain: "person.ssn",
            version: 1,
            class: "ssn",
          },
        },
      },
    },
    tokenKeys: [key, { ...key, version: 2 }, { ...key, domain: "person.mrn" }],
    vaults: [
      { domain: "person.name", audience: "research", map: null },
      { domain: "person.mrn", audience: "research", map },
    ],
  },
};
type Path = readonly (string | number)[];
const parse = (value: unknown): Manifest => parseManifest(encodeCanonical(value));

test("parses copies, keys, maps and tokens to the same value, and manifests without them as before", () => {
  assert.deepEqual(encodeCanonical(parse(manifest)), encodeCanonical(manifest));
  const parsed = parse(bare);
  assert.deepEqual(encodeCanonical(parsed), encodeCanonical(bare));
  for (const member of ["tokenization", "tokenKeys", "vaults"]) {
    assert.equal(Object.hasOwn(parsed.rules, member), false, member);
  }
  assert.equal(Object.hasOwn(parsed, "tokens"), false);
});

const RESEARCH = ["rules", "tokenization", "research"] as const;
const SSN = [...RESEARCH, "columns", "ssn"] as const;
const at = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");

/** Where the fault is told, if not at the altered place itself. */
const REFUSED: readonly (readonly [string, ErrorCode, Path, unknown, string?])[] = [
  ["no audience", "MANIFEST_FIELD", ["rules", "tokenization"], {}],
  ["a list of audiences", "MANIFEST_FIELD", ["rules", "tokenization"], []],
  ["an audience with a path in its name", "MANIFEST_FIELD", ["rules", "tokenization", "a/b"], {}],
  ["an audience that begins with a dot", "MANIFEST_FIELD", ["rules", "tokenization", ".a"], {}],
  ["an audience with a colon", "MANIFEST_FIELD", ["rules", "tokenization", "a:b"], {}],
  ["a copy without a name", "MANIFEST_FIELD", [...RESEARCH, "dataset"], undefined],
  ["a copy with a path in its name", "MANIFEST_FIELD", [...RESEARCH, "dataset"], "../encounters"],
  ["a copy under an alias", "MANIFEST_FIELD", [...RESEARCH, "keyArn"], "alias/sealroom"],
  ["a copy under no key", "MANIFEST_FIELD", [...RESEARCH, "keyArn"], null],
  ["a wrapped key for a copy", "MANIFEST_FIELD", [...RESEARCH, "wrappedKey"], "AAAA"],
  [
    "a column without a rule",
    "MANIFEST_RULES",
    [...RESEARCH, "columns", "diagnosis"],
    undefined,
    at([...RESEARCH, "columns"]),
  ],
  [
    "a rule for a column that there is not",
    "MANIFEST_RULES",
    [...RESEARCH, "columns", "snn"],
    { ...plain, role: "hidden" },
  ],
  [
    "a rule for a column in other letters",
    "MANIFEST_RULES",
    [...RESEARCH, "columns", "SSN"],
    { ...plain, role: "hidden" },
  ],
  ["a rule by word", "MANIFEST_FIELD", [...RESEARCH, "columns", "city"], "keep"],
  ["a rule without an operator", "MANIFEST_FIELD", [...SSN, "operator"], undefined],
  ["an operator in capitals", "MANIFEST_FIELD", [...SSN, "operator"], "SIV"],
  ["an operator that is too long", "MANIFEST_FIELD", [...SSN, "operator"], "a".repeat(33)],
  ["a domain without a version", "MANIFEST_RULES", [...SSN, "version"], null],
  ["a version without a domain", "MANIFEST_RULES", [...SSN, "domain"], null, at([...SSN, "version"])],
  ["version 0", "MANIFEST_FIELD", [...SSN, "version"], 0],
  ["a version past two bytes", "MANIFEST_FIELD", [...SSN, "version"], 65_536],
  ["a domain with a path in its name", "MANIFEST_FIELD", [...SSN, "domain"], "person/ssn"],
  ["no parameters at all", "MANIFEST_FIELD", [...SSN, "parameters"], null],
  ["parameters as a list", "MANIFEST_FIELD", [...SSN, "parameters"], []],
  ["an invalid value that passes", "MANIFEST_FIELD", [...SSN, "invalid"], "keep"],
  ["a class that there is not", "MANIFEST_FIELD", [...SSN, "class"], "secret"],
  ["a class that Object has", "MANIFEST_FIELD", [...SSN, "class"], "constructor"],
  ["a unit that is no column", "MANIFEST_RULES", [...SSN, "unit"], "person"],
  ["an unknown role", "MANIFEST_FIELD", [...SSN, "role"], "token"],
  ["an unknown member of a rule", "MANIFEST_FIELD", [...SSN, "key"], "AAAA"],
  ["an empty list of token keys", "MANIFEST_FIELD", ["rules", "tokenKeys"], []],
  [
    "two keys of one domain and version",
    "MANIFEST_RULES",
    ["rules", "tokenKeys", 1, "version"],
    1,
    "rules.tokenKeys[1]",
  ],
  ["an empty token key", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "wrappedKey"], ""],
  ["a token key in padded base64", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "wrappedKey"], "AA=="],
  ["a token key with unused bits", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "wrappedKey"], "AB"],
  [
    "a token key longer than KMS takes",
    "MANIFEST_FIELD",
    ["rules", "tokenKeys", 0, "wrappedKey"],
    "A".repeat(8196),
  ],
  ["a token key by an alias", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "keyArn"], "alias/a"],
  ["a token key of no version", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "version"], undefined],
  ["a token key of version 65,536", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "version"], 65_536],
  ["a token key in the clear", "MANIFEST_FIELD", ["rules", "tokenKeys", 0, "key"], "AAAA"],
  ["no vault in a list", "MANIFEST_FIELD", ["rules", "vaults"], []],
  [
    "two vaults of one domain",
    "MANIFEST_RULES",
    ["rules", "vaults", 1, "domain"],
    "person.name",
    "rules.vaults[1]",
  ],
  ["a vault that says nothing of its map", "MANIFEST_FIELD", ["rules", "vaults", 0, "map"], undefined],
  [
    "a map above the manifest's place",
    "MANIFEST_FIELD",
    ["rules", "vaults", 1, "map", "key"],
    "0123456789abcdef/../vault-1.sealed",
  ],
  [
    "a map by an absolute path",
    "MANIFEST_FIELD",
    ["rules", "vaults", 1, "map", "key"],
    "/0123456789abcdef/vault-1.sealed",
  ],
  ["a map's digest in capitals", "MANIFEST_FIELD", ["rules", "vaults", 1, "map", "digest"], "0C".repeat(48)],
  ["a map of no bytes", "MANIFEST_FIELD", ["rules", "vaults", 1, "map", "bytes"], 0],
  ["a map of negative rows", "MANIFEST_FIELD", ["rules", "vaults", 1, "map", "rows"], -1],
  ["tokens of a column that there is not", "MANIFEST_RULES", ["tokens", "citty"], facts],
  ["tokens of a domain without version", "MANIFEST_RULES", ["tokens", "city", "version"], null],
  ["tokens for nobody", "MANIFEST_FIELD", ["tokens", "city", "audience"], undefined],
  ["tokens that carry a key", "MANIFEST_FIELD", ["tokens", "city", "key"], "AAAA"],
  ["tokens in a list", "MANIFEST_FIELD", ["tokens"], []],
];

for (const [what, code, path, part, told] of REFUSED) {
  test(`refuses ${what}`, () => {
    const { details } = assertThrows(() => parse(altered(manifest, path, part)), code);
    assert.equal(details["field"], told ?? at(path));
  });
}

test("says which column has no rule, and which was probably meant", () => {
  const missing = assertThrows(
    () => parse(altered(manifest, [...RESEARCH, "columns", "price"], undefined)),
    "MANIFEST_RULES",
  );
  assert.equal(missing.details["column"], "price");
  const misspelt = altered(manifest, [...RESEARCH, "columns", "cty"], { ...plain, role: "hidden" });
  assert.equal(assertThrows(() => parse(misspelt), "MANIFEST_RULES").details["nearest"], "city");
});

test("two audiences' copies have two names: plans name data sets by owner and name", () => {
  const { research } = manifest.rules.tokenization;
  const twins = { research, billing: research };
  const refusal = assertThrows(
    () => parse(altered(manifest, ["rules", "tokenization"], twins)),
    "MANIFEST_RULES",
  );
  assert.equal(refusal.details["fault"], "named twice");
});

test("takes at most 64 audiences, 1,024 token keys and 64 vaults", () => {
  const { research } = manifest.rules.tokenization;
  const many = <T>(count: number, make: (i: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => make(i));
  const audiences = (count: number): unknown =>
    Object.fromEntries(many(count, (i) => [`a${i}`, { ...research, dataset: `c${i}` }]));
  const keys = (count: number): unknown => many(count, (i) => ({ ...key, version: i + 1 }));
  const vaults = (count: number): unknown =>
    many(count, (i) => ({ domain: `d${i}`, audience: "a", map: null }));
  for (const [member, make, most] of [
    ["tokenization", audiences, 64],
    ["tokenKeys", keys, 1_024],
    ["vaults", vaults, 64],
  ] as const) {
    assert.ok(parse(altered(manifest, ["rules", member], make(most))), member);
    assertThrows(() => parse(altered(manifest, ["rules", member], make(most + 1))), "MANIFEST_FIELD", member);
  }
});
