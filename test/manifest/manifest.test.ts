// What a manifest and a grant may say. Each rule has a manifest that breaks it and nothing else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "../../core/json.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { parseGrant } from "../../core/manifest/grant.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { altered, EPOCH, exampleGrant, exampleManifest, KEY_ARN, makeParty, makeSigner } from "./example.ts";
import { assertThrows } from "./refusal.ts";

const analyst = await makeParty();
const edwards = await makeSigner("Ed25519");
const manifest = exampleManifest(analyst.publicKey);
const { publicKey } = analyst;
const [first, second] = manifest.objects;
type Path = readonly (string | number)[];

const parse = (value: unknown): Manifest => parseManifest(encodeCanonical(value));
const accept = (path: Path, part: unknown): void => {
  assert.doesNotThrow(() => parse(altered(manifest, path, part)), JSON.stringify([path, part]));
};

test("parses what it should, to the same value", () => {
  assert.deepEqual(encodeCanonical(parse(manifest)), encodeCanonical(manifest));
});

const sumOf = (...of: (string | number)[]): object => ({ op: "+", of });

const REFUSED: readonly (readonly [string, ErrorCode, Path, unknown])[] = [
  ["another version", "MANIFEST_FIELD", ["version"], 2],
  ["a version in words", "MANIFEST_FIELD", ["version"], "1"],
  ["a data set without a name", "MANIFEST_FIELD", ["dataset"], ""],
  ["a data set with a path in its name", "MANIFEST_FIELD", ["dataset"], "a/b"],
  ["a data set whose name begins with a dot", "MANIFEST_FIELD", ["dataset"], ".hidden"],
  ["a data set named in other letters", "MANIFEST_FIELD", ["dataset"], "еncounters"],
  ["a name that is too long", "MANIFEST_FIELD", ["dataset"], "d".repeat(129)],
  ["an epoch of zero", "MANIFEST_FIELD", ["epoch"], 0],
  ["a negative epoch", "MANIFEST_FIELD", ["epoch"], -1],
  ["a broken epoch", "MANIFEST_FIELD", ["epoch"], 1.5],
  ["an epoch as a date", "MANIFEST_FIELD", ["epoch"], "2026-11-23"],
  ["an end before the epoch", "MANIFEST_FIELD", ["notAfter"], EPOCH - 1],
  ["no end", "MANIFEST_FIELD", ["notAfter"], null],
  [
    "an alias for a key",
    "MANIFEST_FIELD",
    ["keyArn"],
    "arn:aws:kms:eu-central-1:111122223333:alias/sealroom",
  ],
  ["a bare key id", "MANIFEST_FIELD", ["keyArn"], KEY_ARN.slice(KEY_ARN.indexOf("/") + 1)],
  ["a key ARN without account", "MANIFEST_FIELD", ["keyArn"], KEY_ARN.replace("111122223333", "")],
  ["a key ARN of another service", "MANIFEST_FIELD", ["keyArn"], KEY_ARN.replace(":kms:", ":s3:")],
  ["a key ARN with a line after it", "MANIFEST_FIELD", ["keyArn"], `${KEY_ARN} x`],
  ["a wildcard for a key", "MANIFEST_FIELD", ["keyArn"], KEY_ARN.replace(/\/.*/, "/*")],
  ["no wrapped key", "MANIFEST_FIELD", ["wrappedKey"], ""],
  ["a wrapped key in padded base64", "MANIFEST_FIELD", ["wrappedKey"], "AA=="],
  ["a wrapped key with unused bits", "MANIFEST_FIELD", ["wrappedKey"], "AB"],
  ["a wrapped key longer than KMS takes", "MANIFEST_FIELD", ["wrappedKey"], "A".repeat(8196)],
  ["an unknown unit", "MANIFEST_FIELD", ["unit"], "person"],
  ["an owner key for signing only", "KEY_USE", ["ownerKey"], edwards.publicKey],
  ["an owner key with its private part", "KEY_SHAPE", ["ownerKey"], analyst.jwk],
  ["an unknown member", "MANIFEST_FIELD", ["comment"], "x"],
  ["a schema without columns", "MANIFEST_FIELD", ["schema"], []],
  ["a schema as an object", "MANIFEST_FIELD", ["schema"], {}],
  [
    "more columns than 1,024",
    "MANIFEST_FIELD",
    ["schema"],
    Array.from({ length: 1025 }, (_, i) => ({ name: `c${i}`, type: "utf8", role: "hidden" })),
  ],
  ["an unknown type", "MANIFEST_SCHEMA", ["schema", 2, "type"], "string"],
  [
    "a decimal that has more digits after the point than it has",
    "MANIFEST_SCHEMA",
    ["schema", 2, "type"],
    "decimal(2,3)",
  ],
  ["a type that is a name of Object's", "MANIFEST_SCHEMA", ["schema", 2, "type"], "constructor"],
  ["an unknown role", "MANIFEST_FIELD", ["schema", 2, "role"], "key"],
  ["a second unit", "MANIFEST_SCHEMA", ["schema", 1, "role"], "unit"],
  ["a unit column where rows are units", "MANIFEST_SCHEMA", ["unit"], "row"],
  ["two columns of one name", "MANIFEST_SCHEMA", ["schema", 2, "name"], "ssn"],
  ["two columns that differ in case", "MANIFEST_SCHEMA", ["schema", 2, "name"], "SSN"],
  ["two columns that a font shows alike", "MANIFEST_SCHEMA", ["schema", 2, "name"], "ｓｓｎ"],
  ["the reserved prefix", "MANIFEST_SCHEMA", ["schema", 2, "name"], "sealroom:unit_start"],
  ["the reserved prefix in capitals", "MANIFEST_SCHEMA", ["schema", 2, "name"], "Sealroom:x"],
  ["a column that Object has", "MANIFEST_FIELD", ["schema", 2, "name"], "toString"],
  ["a column named __proto__", "MANIFEST_FIELD", ["schema", 2, "name"], "__proto__"],
  ["a column with a hidden character", "MANIFEST_FIELD", ["schema", 2, "name"], "ci\u200bty"],
  ["a column with space around it", "MANIFEST_FIELD", ["schema", 2, "name"], "city "],
  ["a column without a name", "MANIFEST_FIELD", ["schema", 2, "name"], ""],
  ["a column with a member more", "MANIFEST_FIELD", ["schema", 2, "nullable"], true],
  ["no objects", "MANIFEST_FIELD", ["objects"], []],
  ["an object of another format", "MANIFEST_FIELD", ["objects", 0, "format"], "parquet"],
  ["a digest in capitals", "MANIFEST_FIELD", ["objects", 0, "digest"], "0A".repeat(48)],
  ["a digest of another length", "MANIFEST_FIELD", ["objects", 0, "digest"], "0a".repeat(32)],
  ["an object without bytes", "MANIFEST_FIELD", ["objects", 0, "bytes"], 0],
  ["negative rows", "MANIFEST_FIELD", ["objects", 0, "rows"], -1],
  ["broken rows", "MANIFEST_FIELD", ["objects", 0, "rows"], 0.5],
  ["one object twice", "MANIFEST_OBJECT", ["objects", 1], first],
  ["one key twice", "MANIFEST_OBJECT", ["objects", 1, "key"], first?.key],
  ["keys that differ in case", "MANIFEST_OBJECT", ["objects", 1, "key"], "PART-00000.Sealed"],
  ["keys that a font shows alike", "MANIFEST_OBJECT", ["objects", 1, "key"], "part-0000０.sealed"],
  [
    "keys that differ in ß and SS",
    "MANIFEST_OBJECT",
    ["objects"],
    [
      { ...first, key: "straße" },
      { ...second, key: "STRASSE" },
    ],
  ],
  ["one digest under two keys", "MANIFEST_OBJECT", ["objects", 1, "digest"], first?.digest],
  ["bytes that add up past 2^53", "MANIFEST_TOTAL", ["objects", 0, "bytes"], Number.MAX_SAFE_INTEGER],
  ["rows that add up past 2^53", "MANIFEST_TOTAL", ["objects", 0, "rows"], Number.MAX_SAFE_INTEGER],
  ["no member of the rules", "MANIFEST_FIELD", ["rules", "adhoc"], undefined],
  ["an unknown rule", "MANIFEST_FIELD", ["rules", "min_units"], 5],
  ["a threshold of one", "MANIFEST_FIELD", ["rules", "minUnits"], 1],
  ["a broken threshold", "MANIFEST_FIELD", ["rules", "minUnits"], 2.5],
  ["no groups at all", "MANIFEST_FIELD", ["rules", "maxGroups"], 0],
  ["a share of nothing", "MANIFEST_FIELD", ["rules", "maxShare"], 0],
  ["a share of more than all", "MANIFEST_FIELD", ["rules", "maxShare"], 1.01],
  ["a share in words", "MANIFEST_FIELD", ["rules", "maxShare"], "0.8"],
  ["extremes of a dimension", "MANIFEST_RULES", ["rules", "extremes"], ["ward"]],
  ["extremes of a text", "MANIFEST_RULES", ["rules", "extremes"], ["note"]],
  ["extremes of no column", "MANIFEST_RULES", ["rules", "extremes"], ["costs"]],
  ["extremes of what Object has", "MANIFEST_RULES", ["rules", "extremes"], ["valueOf"]],
  ["extremes named twice", "MANIFEST_RULES", ["rules", "extremes"], ["cost", "cost"]],
  ["extremes by flag", "MANIFEST_FIELD", ["rules", "extremes"], true],
  ["expressions that say nothing", "MANIFEST_RULES", ["rules", "expressions"], {}],
  ["an expression in words", "MANIFEST_RULES", ["rules", "expressions"], { net: "cost" }],
  ["an expression of no column", "MANIFEST_RULES", ["rules", "expressions"], { net: sumOf("cost", "costs") }],
  [
    "an expression of the unit",
    "MANIFEST_RULES",
    ["rules", "expressions"],
    { net: sumOf("cost", "patient") },
  ],
  [
    "an expression of a hidden column",
    "MANIFEST_RULES",
    ["rules", "expressions"],
    { net: sumOf("cost", "diagnosis") },
  ],
  ["an expression of a text", "MANIFEST_RULES", ["rules", "expressions"], { net: sumOf("cost", "city") }],
  ["an expression of a day", "MANIFEST_RULES", ["rules", "expressions"], { net: sumOf("cost", "admitted") }],
  ["an expression of no column at all", "MANIFEST_RULES", ["rules", "expressions"], { net: sumOf(1, 2) }],
  [
    "an expression by a column's name",
    "MANIFEST_RULES",
    ["rules", "expressions"],
    { Cost: sumOf("cost", 1) },
  ],
  [
    "an expression of too many digits",
    "MANIFEST_FIELD",
    ["rules", "expressions"],
    { net: sumOf("cost", 1e-16) },
  ],
  [
    "an expression under another operator",
    "MANIFEST_FIELD",
    ["rules", "expressions"],
    { net: { op: "^", of: ["cost", 2] } },
  ],
  ["bounds of no expression", "MANIFEST_RULES", ["rules", "bounds"], { net: { lower: 0, upper: 1 } }],
  ["bins that say nothing", "MANIFEST_RULES", ["rules", "bins"], {}],
  ["bins as a list", "MANIFEST_FIELD", ["rules", "bins"], [0, 100]],
  ["bins of no column", "MANIFEST_RULES", ["rules", "bins"], { costs: [0] }],
  ["bins of the unit", "MANIFEST_RULES", ["rules", "bins"], { patient: ["a"] }],
  ["bins of an identifier", "MANIFEST_RULES", ["rules", "bins"], { ssn: ["a"] }],
  ["bins of a hidden column", "MANIFEST_RULES", ["rules", "bins"], { diagnosis: ["a"] }],
  ["bins of a text", "MANIFEST_RULES", ["rules", "bins"], { city: ["a"] }],
  ["bins of true and false", "MANIFEST_RULES", ["rules", "bins"], { urgent: [true] }],
  ["bins without an edge", "MANIFEST_FIELD", ["rules", "bins"], { cost: [] }],
  ["bins of a flag among numbers", "MANIFEST_FIELD", ["rules", "bins"], { cost: [0, true] }],
  ["an edge finer than its type", "MANIFEST_RULES", ["rules", "bins"], { cost: [0.001] }],
  ["an edge that falls", "MANIFEST_RULES", ["rules", "bins"], { cost: [0, 2, 1] }],
  ["an edge twice", "MANIFEST_RULES", ["rules", "bins"], { cost: [0, "0.00"] }],
  ["an edge that is no day", "MANIFEST_RULES", ["rules", "bins"], { admitted: ["2026-02-30"] }],
  ["an edge of a day as a number", "MANIFEST_RULES", ["rules", "bins"], { admitted: [20_000] }],
  [
    "an edge where a measure's values saturate",
    "MANIFEST_RULES",
    ["rules", "bins"],
    { weight: [Number.MAX_SAFE_INTEGER] },
  ],
  ["counts of distinct values that say nothing", "MANIFEST_RULES", ["rules", "distinct"], {}],
  ["distinct values as a list", "MANIFEST_FIELD", ["rules", "distinct"], ["cost"]],
  ["distinct values of no column", "MANIFEST_RULES", ["rules", "distinct"], { costs: 1 }],
  ["distinct values of the unit", "MANIFEST_RULES", ["rules", "distinct"], { patient: 1 }],
  ["distinct values of an identifier", "MANIFEST_RULES", ["rules", "distinct"], { ssn: 1 }],
  ["distinct values of a hidden column", "MANIFEST_RULES", ["rules", "distinct"], { diagnosis: 1 }],
  ["no distinct value of a unit", "MANIFEST_FIELD", ["rules", "distinct"], { cost: 0 }],
  ["more distinct values of a unit than 8", "MANIFEST_FIELD", ["rules", "distinct"], { cost: 9 }],
  ["half a distinct value", "MANIFEST_FIELD", ["rules", "distinct"], { cost: 1.5 }],
  ["rounding to ones, which is none", "MANIFEST_FIELD", ["rules", "rounding", "counts"], 1],
  ["rounding of counts to a fraction", "MANIFEST_FIELD", ["rules", "rounding", "counts"], 2.5],
  ["rounding of an unknown kind", "MANIFEST_FIELD", ["rules", "rounding", "averages"], 5],
  ["rounding to nothing", "MANIFEST_RULES", ["rules", "rounding", "sums"], { cost: 0 }],
  ["rounding to less than nothing", "MANIFEST_RULES", ["rules", "rounding", "sums"], { cost: -1 }],
  ["rounding finer than the type", "MANIFEST_RULES", ["rules", "rounding", "sums"], { cost: 0.001 }],
  ["rounding of a dimension", "MANIFEST_RULES", ["rules", "rounding", "sums"], { ward: 5 }],
  ["rounding of a text", "MANIFEST_RULES", ["rules", "rounding", "sums"], { note: 5 }],
  ["an interval of nothing", "MANIFEST_FIELD", ["rules", "interval"], 0],
  ["no interval", "MANIFEST_FIELD", ["rules", "interval"], null],
  ["adhoc in words", "MANIFEST_FIELD", ["rules", "adhoc"], "true"],
  ["a plan's digest cut short", "MANIFEST_FIELD", ["rules", "plans"], ["ab"]],
  ["a plan listed twice", "MANIFEST_RULES", ["rules", "plans"], ["ab".repeat(48), "ab".repeat(48)]],
  ["bounds for a dimension", "MANIFEST_RULES", ["rules", "bounds", "ward"], { lower: 0, upper: 1 }],
  ["bounds for a hidden column", "MANIFEST_RULES", ["rules", "bounds", "diagnosis"], { lower: 0, upper: 1 }],
  ["bounds for no column", "MANIFEST_RULES", ["rules", "bounds", "costs"], { lower: 0, upper: 1 }],
  ["bounds for text", "MANIFEST_RULES", ["rules", "bounds", "note"], { lower: 0, upper: 1 }],
  ["bounds the wrong way round", "MANIFEST_RULES", ["rules", "bounds", "minutes"], { lower: 1, upper: 0 }],
  [
    "a bound finer than the column",
    "MANIFEST_RULES",
    ["rules", "bounds", "cost"],
    { lower: 0, upper: 0.125 },
  ],
  [
    "a broken bound for whole numbers",
    "MANIFEST_RULES",
    ["rules", "bounds", "minutes"],
    { lower: 0, upper: 1.5 },
  ],
  [
    "a bound past 2^53 steps",
    "MANIFEST_RULES",
    ["rules", "bounds", "cost"],
    { lower: 0, upper: 90_071_992_547_410 },
  ],
  ["a float bound past 2^53", "MANIFEST_RULES", ["rules", "bounds", "weight"], { lower: 0, upper: 1e30 }],
  ["only one bound", "MANIFEST_FIELD", ["rules", "bounds", "cost"], { upper: 1 }],
  ["a bound in words", "MANIFEST_FIELD", ["rules", "bounds", "cost"], { lower: 0, upper: "1" }],
  ["group keys for a measure", "MANIFEST_RULES", ["rules", "groupKeys", "cost"], [1]],
  ["group keys for the unit", "MANIFEST_RULES", ["rules", "groupKeys", "patient"], ["p1"]],
  ["group keys for no column", "MANIFEST_RULES", ["rules", "groupKeys", "town"], ["Ulm"]],
  ["group keys for a float", "MANIFEST_RULES", ["rules", "groupKeys", "score"], [1.5]],
  ["group keys of another type", "MANIFEST_RULES", ["rules", "groupKeys", "city"], [1]],
  ["a group key out of the type's range", "MANIFEST_RULES", ["rules", "groupKeys", "ward"], [32_768]],
  ["a group key that is no day", "MANIFEST_RULES", ["rules", "groupKeys", "admitted"], ["2026-02-30"]],
  ["a group key twice", "MANIFEST_RULES", ["rules", "groupKeys", "city"], ["Ulm", "Ulm"]],
  ["one decimal key in two spellings", "MANIFEST_RULES", ["rules", "groupKeys", "price"], [1.5, "1.50"]],
  ["null for a group key", "MANIFEST_FIELD", ["rules", "groupKeys", "city"], [null]],
  ["a list without group keys", "MANIFEST_FIELD", ["rules", "groupKeys", "city"], []],
  ["a recipient twice", "MANIFEST_RULES", ["rules", "recipients"], [publicKey, { ...publicKey }]],
  ["a recipient that nothing can be sealed to", "KEY_USE", ["rules", "recipients"], [edwards.publicKey]],
  ["a recipient by thumbprint only", "KEY_SHAPE", ["rules", "recipients"], [analyst.thumbprint]],
  ["a recipient off the curve", "KEY_POINT", ["rules", "recipients"], [{ ...publicKey, y: publicKey.x }]],
  ["an unknown release", "MANIFEST_FIELD", ["rules", "release"], "open"],
];

for (const [what, code, path, part] of REFUSED) {
  test(`refuses ${what}`, () => {
    assertThrows(() => parse(altered(manifest, path, part)), code);
  });
}

test("refuses object keys that leave the manifest's place, or that two systems read in two ways", () => {
  const keys = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "./a",
    "../a",
    "a/../b",
    "a/./b",
    "a/..",
    "a\\b",
    "..\\a",
    "C:a",
    "a b ",
    " a",
    "a%2e%2e",
    "a?b",
    "a#b",
    "s3://b/k",
    "__proto__/a",
    "x".repeat(257),
    Array.from({ length: 300 }, () => "long").join("/"),
  ];
  for (const key of keys) {
    assertThrows(() => parse(altered(manifest, ["objects", 0, "key"], key)), "MANIFEST_OBJECT", key);
  }
  for (const key of ["a\u0000b", "a\nb", "a\u202eb", "e\u0301"]) {
    assertThrows(() => parse(altered(manifest, ["objects", 0, "key"], key)), "JSON_STRING", key);
  }
  for (const key of ["a", "a b/c.d", "year=2026/day=1/part-0.sealed", "日本/東京", "...", "a..b"]) {
    accept(["objects", 0, "key"], key);
  }
});

test("refuses to miss a member, wherever it belongs", () => {
  const places: readonly Path[] = [
    [],
    ["schema", 0],
    ["objects", 0],
    ["rules"],
    ["rules", "bounds", "cost"],
    ["rules", "rounding"],
  ];
  // Null says that there is no such rule.
  const nullable = ["maxShare", "counts"];
  let removed = 0;
  for (const place of places) {
    let holder: unknown = manifest;
    for (const step of place) holder = (holder as Record<string | number, unknown>)[step];
    for (const name of Object.keys(holder as object)) {
      assertThrows(() => parse(altered(manifest, [...place, name], undefined)), "MANIFEST_FIELD", name);
      removed += 1;
      if (nullable.includes(name)) continue;
      assertThrows(
        () => parse(altered(manifest, [...place, name], null)),
        name === "ownerKey" ? "KEY_SHAPE" : "MANIFEST_FIELD",
        name,
      );
    }
  }
  assert.equal(removed, 11 + 3 + 5 + 12 + 2 + 2);
});

test("says where the fault is, and what was probably meant", () => {
  const unknown = assertThrows(() => parse(altered(manifest, ["rules", "minUnit"], 5)), "MANIFEST_FIELD");
  assert.deepEqual({ ...unknown.details }, { field: "rules.minUnit", fault: "unknown", nearest: "minUnits" });
  const column = assertThrows(
    () => parse(altered(manifest, ["rules", "bounds", "costs"], {})),
    "MANIFEST_RULES",
  );
  assert.deepEqual(
    { ...column.details },
    { field: "rules.bounds.costs", fault: "no such column", nearest: "cost" },
  );
  const object = assertThrows(() => parse(altered(manifest, ["objects", 1, "rows"], "x")), "MANIFEST_FIELD");
  assert.equal(object.details["field"], "objects[1].rows");
});

const many = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `key ${i}`);
const listed = "ab".repeat(48);
/** By the field where a manifest is at fault: what stands there instead, and what else the refusal says. */
const FAULTS: readonly (readonly [string, Path, unknown, Record<string, unknown>])[] = [
  ["version", ["version"], 2, { fault: "not one of the known values", known: "1" }],
  ["epoch", ["epoch"], 0, { fault: "out of range", least: 1, most: Number.MAX_SAFE_INTEGER }],
  ["notAfter", ["notAfter"], 1, { fault: "out of range", least: EPOCH, most: Number.MAX_SAFE_INTEGER }],
  ["wrappedKey", ["wrappedKey"], "", { fault: "malformed" }],
  ["schema[2].name", ["schema", 2, "name"], "sealroom:x", { fault: "reserved" }],
  ["schema[2].name", ["schema", 2, "name"], "SSN", { fault: "named twice" }],
  ["schema[2].type", ["schema", 2, "type"], "string", { fault: "no such type" }],
  ["schema", ["schema", 1, "role"], "unit", { fault: "unit columns", units: 2 }],
  ["objects[1].key", ["objects", 1, "key"], first?.key, { fault: "named twice" }],
  ["objects[1].digest", ["objects", 1, "digest"], first?.digest, { fault: "named twice" }],
  ["objects[0].key", ["objects", 0, "key"], "../a", { fault: "not a plain relative path" }],
  ["objects[1].bytes", ["objects", 0, "bytes"], Number.MAX_SAFE_INTEGER, { fault: "total" }],
  ["objects[1].rows", ["objects", 0, "rows"], Number.MAX_SAFE_INTEGER, { fault: "total" }],
  ["rules.plans", ["rules", "plans"], [listed, listed], { fault: "named twice" }],
  ["rules.recipients[1]", ["rules", "recipients"], [publicKey, publicKey], { fault: "named twice" }],
  ["rules.bounds.zz", ["rules", "bounds", "zz"], {}, { fault: "no such column" }],
  ["rules.bounds.ward", ["rules", "bounds", "ward"], {}, { fault: "not a measure", role: "dimension" }],
  [
    "rules.groupKeys.cost",
    ["rules", "groupKeys", "cost"],
    [1],
    { fault: "not a dimension", role: "measure" },
  ],
  [
    "rules.bounds.minutes",
    ["rules", "bounds", "minutes"],
    { lower: 1, upper: 0 },
    { fault: "lower above upper" },
  ],
  ["rules.bounds.cost.lower", ["rules", "bounds", "cost", "lower"], "0", { fault: "not a number" }],
  [
    "rules.bounds.cost.upper",
    ["rules", "bounds", "cost", "upper"],
    0.125,
    { fault: "finer than the column's type" },
  ],
  [
    "rules.bounds.cost.upper",
    ["rules", "bounds", "cost", "upper"],
    90_071_992_547_410,
    { fault: "out of range" },
  ],
  ["rules.bounds.weight.upper", ["rules", "bounds", "weight", "upper"], 1e30, { fault: "out of range" }],
  [
    "rules.bounds.note.lower",
    ["rules", "bounds", "note"],
    { lower: 0, upper: 1 },
    { fault: "not a number column" },
  ],
  ["rules.maxShare", ["rules", "maxShare"], 0, { fault: "out of range", above: 0, most: 1 }],
  ["rules.maxShare", ["rules", "maxShare"], 1.01, { fault: "out of range", above: 0, most: 1 }],
  ["rules.extremes[1]", ["rules", "extremes"], ["cost", "note"], { fault: "not a number column" }],
  ["rules.extremes[1]", ["rules", "extremes"], ["cost", "cost"], { fault: "named twice" }],
  ["rules.rounding.sums.cost", ["rules", "rounding", "sums", "cost"], 0, { fault: "out of range", above: 0 }],
  ["rules.bins", ["rules", "bins"], {}, { fault: "empty" }],
  ["rules.bins.city", ["rules", "bins"], { city: ["a"] }, { fault: "neither numbers nor times" }],
  [
    "rules.bins.ssn",
    ["rules", "bins"],
    { ssn: [1] },
    { fault: "not a measure or dimension", role: "identifier" },
  ],
  ["rules.bins.ward[1]", ["rules", "bins"], { ward: [1, 40_000] }, { fault: "not of the column's type" }],
  ["rules.bins.cost[2]", ["rules", "bins"], { cost: [0, 2, 2] }, { fault: "not above the one before" }],
  ["rules.bins.weight[0]", ["rules", "bins"], { weight: [-(2 ** 53 - 1)] }, { fault: "out of range" }],
  ["rules.groupKeys.score", ["rules", "groupKeys", "score"], [1], { fault: "a float cannot be grouped" }],
  ["rules.groupKeys.city[0]", ["rules", "groupKeys", "city"], [null], { fault: "not a value" }],
  ["rules.groupKeys.city[1]", ["rules", "groupKeys", "city"], ["Ulm", {}], { fault: "not a value" }],
  ["rules.groupKeys.city[0]", ["rules", "groupKeys", "city"], [["Ulm"]], { fault: "not a value" }],
  ["rules.groupKeys.city[0]", ["rules", "groupKeys", "city"], [1], { fault: "not of the column's type" }],
  ["rules.groupKeys.city[1]", ["rules", "groupKeys", "city"], ["Ulm", "Ulm"], { fault: "named twice" }],
  [
    "rules.groupKeys.city",
    ["rules", "groupKeys", "city"],
    many(manifest.rules.maxGroups + 1),
    { fault: "too many", most: manifest.rules.maxGroups },
  ],
];

for (const [field, path, part, details] of FAULTS) {
  test(`says of ${field} that it is ${String(details["fault"])}`, () => {
    const changed = altered(manifest, path, part);
    assert.throws(() => parse(changed), { details: { field, ...details } });
  });
}

test("takes the full ARN of a KMS key of any partition, region and kind, and nothing that only holds one", () => {
  const id = "1b2c3d4e-0000-4111-8222-abcdefabcdef";
  const arn = (partition: string, region: string, account: string, key: string): string =>
    `arn:${partition}:kms:${region}:${account}:key/${key}`;
  const mrk = `mrk-${"0a".repeat(16)}`;
  for (const right of [
    arn("aws", "eu-central-1", "111122223333", id),
    arn("aws", "eu-central-1", "111122223333", mrk),
    arn("aws-cn", "cn-north-1", "111122223333", id),
    arn("aws-us-gov", "us-gov-west-1", "111122223333", mrk),
    arn("aws", "x", "111122223333", id),
    arn("aws", "r".repeat(32), "111122223333", id),
  ]) {
    accept(["keyArn"], right);
  }
  for (const wrong of [
    arn("aws", "", "111122223333", id),
    arn("aws", "r".repeat(33), "111122223333", id),
    arn("aws", "EU", "111122223333", id),
    arn("aws", "eu_west", "111122223333", id),
    arn("awss", "eu-west-1", "111122223333", id),
    arn("aws-", "eu-west-1", "111122223333", id),
    arn("aws-US", "eu-west-1", "111122223333", id),
    arn("aws", "eu-west-1", "11112222333", id),
    arn("aws", "eu-west-1", "1111222233334", id),
    arn("aws", "eu-west-1", "11112222333a", id),
    arn("aws", "eu-west-1", "111122223333", id.slice(1)),
    arn("aws", "eu-west-1", "111122223333", `0${id}`),
    arn("aws", "eu-west-1", "111122223333", id.toUpperCase()),
    arn("aws", "eu-west-1", "111122223333", id.replaceAll("-", "")),
    arn("aws", "eu-west-1", "111122223333", id.slice(0, -1)),
    arn("aws", "eu-west-1", "111122223333", id.slice(0, 23)),
    arn("aws", "eu-west-1", "111122223333", mrk.slice(0, -1)),
    arn("aws", "eu-west-1", "111122223333", `${mrk}0`),
    arn("aws", "eu-west-1", "111122223333", mrk.replace("0a", "0G")),
    `x${KEY_ARN}`,
    `${KEY_ARN}x`,
  ]) {
    const details = { field: "keyArn", fault: "malformed" };
    assert.throws(() => parse(altered(manifest, ["keyArn"], wrong)), { details }, wrong);
  }
});

test("accepts a document at the end of its range in every member", () => {
  accept(["notAfter"], EPOCH);
  accept(["notAfter"], Number.MAX_SAFE_INTEGER);
  accept(["dataset"], "d".repeat(128));
  accept(["dataset"], "0.a_B-9");
  for (const bytes of [1, 6144]) accept(["wrappedKey"], Buffer.alloc(bytes, 7).toString("base64url"));
  accept(["objects", 0, "bytes"], 1);
  accept(["objects", 0, "bytes"], Number.MAX_SAFE_INTEGER - (second?.bytes ?? 0));
  accept(["objects", 0, "key"], `${"a/".repeat(511)}aa`);
  const [unit, ...columns] = manifest.schema;
  const more = Array.from({ length: 1024 - manifest.schema.length }, (_, i) => ({
    name: `column ${i}`,
    type: "utf8",
    role: "hidden",
  }));
  accept(["schema"], [unit, ...columns, ...more]);
  for (const [path, part] of [
    [["wrappedKey"], Buffer.alloc(6145, 7).toString("base64url")],
    [["objects", 0, "key"], `${"a/".repeat(511)}aaa`],
    [["objects", 0, "bytes"], Number.MAX_SAFE_INTEGER - (second?.bytes ?? 0) + 1],
    [["dataset"], "d".repeat(129)],
    [["dataset"], "d\n"],
  ] as const) {
    assert.throws(() => parse(altered(manifest, path, part)), { name: "SealroomError" }, path.join("."));
  }
});

test("names the column that says whose row it is, but where marks in the objects alone tell units apart", () => {
  const unnamed = altered(manifest, ["schema", 0, "role"], "hidden");
  assert.equal(parse(unnamed).schema[0]?.role, "hidden");
  assert.ok(parse(altered(unnamed, ["unit"], "row")));
  const { details } = assertThrows(() => parse(altered(unnamed, ["unit"], "scattered")), "MANIFEST_SCHEMA");
  assert.deepEqual({ ...details }, { field: "schema", fault: "unit columns", units: 0 });
});

test("reads no manifest that is deeper than one can be", () => {
  const deep = JSON.parse(`${"[".repeat(12)}${"]".repeat(12)}`) as unknown;
  assertThrows(() => parse(altered(manifest, ["comment"], deep)), "JSON_DEPTH");
});

test("takes no more declared keys than 100,000, however many groups may be listed", () => {
  const parseKeys = (count: number): Manifest =>
    parse(
      altered(
        altered(manifest, ["rules", "maxGroups"], 200_000),
        ["rules", "groupKeys", "city"],
        many(count),
      ),
    );
  assert.equal(parseKeys(100_000).rules.groupKeys["city"]?.length, 100_000);
  const details = { field: "rules.groupKeys.city", fault: "too many", most: 100_000 };
  assert.throws(() => parseKeys(100_001), { details });
});

test("accepts every rule at the end of its range", () => {
  accept(["rules", "bins"], { serial: ["-9223372036854775808", 0, "9223372036854775807"], score: [-1e300] });
  const most = Number.MAX_SAFE_INTEGER;
  accept(["rules", "bins"], { weight: [1 - most, 0, most - 1], seen: ["2026-01-31"] });
  accept(["rules", "distinct"], { cost: 1, city: 8 });
  accept(["rules", "minUnits"], 2);
  accept(["rules", "maxShare"], 1);
  accept(["rules", "maxShare"], null);
  accept(["rules", "extremes"], ["cost", "minutes", "weight", "unbounded"]);
  accept(["rules", "rounding", "counts"], 2);
  accept(["rules", "bounds", "weight"], { lower: -most, upper: most });
  accept(["rules", "groupKeys", "city"], many(manifest.rules.maxGroups));
  accept(["rules", "release"], "clear");
});

test("accepts what only looks odd", () => {
  accept(["objects", 0, "rows"], 0);
  accept(["objects", 0, "rows"], Number.MAX_SAFE_INTEGER - 400);
  accept(
    ["keyArn"],
    "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef",
  );
  accept(["rules", "bounds"], {});
  accept(["rules", "recipients"], []);
  accept(["rules", "plans"], ["ab".repeat(48), "ac".repeat(48)]);
  accept(["rules", "bounds", "cost"], { lower: -90_071_992_547_409.91, upper: 90_071_992_547_409.91 });
  accept(["rules", "bounds", "minutes"], { lower: 5, upper: 5 });
  for (const name of ["sealroom", "sealroom_x", "sealro"]) accept(["schema", 16, "name"], name);
  accept(["schema", 0, "type"], "float64");
  accept(["schema", 16, "name"], "Größe (m²)".normalize("NFC"));
});

test("parses a manifest of 100,000 objects, and refuses one more", { timeout: 60_000 }, () => {
  const objects = Array.from({ length: 100_000 }, (_, i) => ({
    key: `part-${i}`,
    format: "arrow",
    digest: i.toString(16).padStart(96, "0"),
    bytes: 1,
    rows: 1,
  }));
  const many = { ...manifest, objects };
  assert.equal(parse(many).objects.length, 100_000);
  assertThrows(
    () => parse({ ...many, objects: [...objects, { ...first, key: "one-more" }] }),
    "MANIFEST_FIELD",
  );
});

const grant = exampleGrant(analyst.thumbprint);
const GRANTS: readonly (readonly [string, string, unknown])[] = [
  ["another version", "version", 2],
  ["a plan by name", "plan", "my-plan"],
  ["no manifests", "manifests", []],
  ["one manifest twice", "manifests", [...grant.manifests, ...grant.manifests]],
  ["a manifest by name", "manifests", ["encounters"]],
  [
    "more manifests than 32",
    "manifests",
    Array.from({ length: 33 }, (_, i) => i.toString(16).padStart(96, "0")),
  ],
  ["a recipient's whole key", "recipient", publicKey],
  ["a thumbprint with unused bits", "recipient", `${analyst.thumbprint.slice(0, -1)}B`],
  ["a thumbprint with something before it", "recipient", `x${analyst.thumbprint}`],
  ["no end", "notAfter", 0],
  ["no rows", "maxRows", 0],
  ["rows without bound", "maxRows", Number.MAX_SAFE_INTEGER],
  ["an unknown member", "scope", "all"],
];

for (const [what, name, part] of GRANTS) {
  test(`refuses a grant with ${what}`, () => {
    assertThrows(() => parseGrant(encodeCanonical(altered(grant, [name], part))), "GRANT_FIELD");
  });
}

test("says where a grant is at fault", () => {
  const faults: readonly (readonly [string, unknown, Record<string, unknown>])[] = [
    ["maxRows", 0, { field: "maxRows", fault: "out of range", least: 1, most: 10_000_000 }],
    ["manifests", ["ab".repeat(48), "ab".repeat(48)], { field: "manifests", fault: "named twice" }],
    ["manifests", ["x"], { field: "manifests[0]", fault: "malformed" }],
  ];
  for (const [name, part, details] of faults) {
    assert.throws(() => parseGrant(encodeCanonical(altered(grant, [name], part))), { details });
  }
});

test("accepts a grant of 32 manifests and ten million rows, to the last millisecond there is", () => {
  const manifests = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(96, "0"));
  const most = { ...grant, manifests, maxRows: 10_000_000, notAfter: Number.MAX_SAFE_INTEGER };
  assert.deepEqual(parseGrant(encodeCanonical(most)), most);
});

test("reads no grant that is longer, deeper or of more values than one can be", () => {
  assertThrows(() => parseGrant(encodeCanonical({ ...grant, x: "x".repeat(8192) })), "JSON_SIZE");
  assertThrows(() => parseGrant(encodeCanonical({ ...grant, x: [[[]]] })), "JSON_DEPTH");
  assertThrows(() => parseGrant(encodeCanonical({ ...grant, x: Array(64).fill(0) })), "JSON_SIZE");
});

test("refuses a grant that misses a member", () => {
  for (const name of Object.keys(grant)) {
    assertThrows(() => parseGrant(encodeCanonical(altered(grant, [name], undefined))), "GRANT_FIELD", name);
  }
});
