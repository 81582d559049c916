// schema.yaml and rules.yaml: what is read, and that each fault names its place and the nearest right word.
import assert from "node:assert/strict";
import test from "node:test";
import type { PublicJwk } from "../../core/manifest/jwk.ts";
import type { Rules } from "../../core/manifest/manifest.ts";
import { parseCsvHeader } from "../../owner/read/csv-header.ts";
import { generateRecipientKey, encodeKeys, parseRecipientPublic } from "../../owner/keys.ts";
import { parseJson } from "../../core/json.ts";
import { checkRules, parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { refused } from "./refused.ts";

const COLUMNS = "columns:\n  who: { role: unit }\n  n: { type: int32, role: measure }\n";

test("a schema has defaults for all that can have one", () => {
  assert.deepEqual(parseSchemaFile(`unit: who\n${COLUMNS}`), {
    unit: "who",
    nullUnits: "refuse",
    nullTokens: [""],
    delimiter: ",",
    header: "names",
    drop: [],
    columns: [
      { name: "who", type: null, role: "unit" },
      { name: "n", type: "int32", role: "measure" },
    ],
  });
});

for (const [what, text, details] of [
  ["an unknown member", `unit: who\nunits: who\n${COLUMNS}`, { field: "units", nearest: "unit" }],
  ["a missing member", COLUMNS, { field: "unit", fault: "missing" }],
  ["no columns", "unit: row\ncolumns: {}\n", { field: "columns" }],
  ["a unit that is no column", `unit: whom\n${COLUMNS}`, { field: "unit", nearest: "who" }],
  ["a unit that has another role", `unit: n\n${COLUMNS}`, { field: "unit" }],
  ["unit row beside a unit column", `unit: row\n${COLUMNS}`, { field: "unit" }],
  [
    "an unknown role",
    "unit: row\ncolumns:\n  a: { role: dimensoin }\n",
    { field: "columns.a.role", nearest: "dimension" },
  ],
  [
    "an unknown type",
    "unit: row\ncolumns:\n  a: { type: int31, role: hidden }\n",
    { field: "columns.a.type", nearest: "int32" },
  ],
  [
    "an unknown column member",
    "unit: row\ncolumns:\n  a: { role: hidden, nulable: true }\n",
    { field: "columns.a.nulable" },
  ],
  ["a column that is also dropped", `unit: who\ndrop: [n]\n${COLUMNS}`, { field: "drop[0]" }],
  [
    "an unknown delimiter",
    `unit: who\ndelimiter: commas\n${COLUMNS}`,
    { field: "delimiter", nearest: "comma" },
  ],
] as const) {
  test(`a schema with ${what} is refused where it stands`, async () => {
    await refused("OWNER_SCHEMA", () => parseSchemaFile(text), details);
  });
}

test("a schema that leaves the unit open is refused, unless a column is called so", async () => {
  const open = "unit: CHOOSE\ncolumns:\n  a: { role: measure }\n";
  await refused("OWNER_UNIT_OPEN", () => parseSchemaFile(open), { field: "unit" });
  assert.equal(parseSchemaFile("unit: CHOOSE\ncolumns:\n  CHOOSE: { role: unit }\n").unit, "CHOOSE");
});

test("a schema with a key twice, or one that is no plain name, is refused", async () => {
  await refused("JSON_DUPLICATE", () =>
    parseSchemaFile("unit: row\ncolumns:\n  a: { role: hidden }\n  a: { role: measure }\n"),
  );
  await refused("JSON_KEY", () => parseSchemaFile("unit: row\ncolumns:\n  __proto__: { role: hidden }\n"));
});

const SCHEMA = [
  { name: "who", type: "utf8", role: "unit" },
  { name: "n", type: "int32", role: "measure" },
  { name: "c", type: "utf8", role: "dimension" },
] as const;
const TABLE = {
  schema: SCHEMA,
  keyArn: "arn:aws:kms:eu-central-1:000000000000:key/12345678-1234-1234-1234-123456789012",
};

const noKeys = (): Promise<PublicJwk> => Promise.reject(new Error("asked for a key"));

test("rules have defaults that release nothing", async () => {
  const rules = checkRules(await parseRulesFile("min_units: 5\nmax_groups: 10\nbounds:\n", noKeys), TABLE);
  assert.deepEqual(
    {
      ...rules,
      bounds: { ...rules.bounds },
      rounding: { ...rules.rounding, sums: { ...rules.rounding.sums } },
      groupKeys: { ...rules.groupKeys },
    },
    {
      minUnits: 5,
      maxGroups: 10,
      adhoc: false,
      plans: [],
      bounds: {},
      maxShare: null,
      extremes: [],
      rounding: { counts: null, sums: {} },
      interval: 5,
      groupKeys: {},
      recipients: [],
      release: "sealed",
    },
  );
});

test("bins, and how many distinct values count, are as they are written, and left out where there are none", async () => {
  const read = async (text: string): Promise<Rules> =>
    checkRules(await parseRulesFile(`min_units: 5\nmax_groups: 10\n${text}`, noKeys), TABLE);
  assert.deepEqual({ ...(await read("bins: { n: [0, 10, 100] }\n")).bins }, { n: [0, 10, 100] });
  assert.equal(Object.hasOwn(await read("bins:\n"), "bins"), false);
  assert.deepEqual({ ...(await read("distinct: { n: 3 }\n")).distinct }, { n: 3 });
  assert.equal(Object.hasOwn(await read("distinct:\n"), "distinct"), false);
});

test("recipients are keys, or paths to them", async () => {
  const key = await parseRecipientPublic(parseJson(await encodeKeys(await generateRecipientKey(), "public")));
  const other = await parseRecipientPublic(
    parseJson(await encodeKeys(await generateRecipientKey(), "public")),
  );
  const asked: string[] = [];
  const text = `min_units: 5\nmax_groups: 10\nrecipients: [analyst.pub, ${JSON.stringify(other)}]\n`;
  const file = await parseRulesFile(text, (path) => {
    asked.push(path);
    return Promise.resolve(key);
  });
  assert.deepEqual(asked, ["analyst.pub"]);
  assert.deepEqual(
    checkRules(file, TABLE).recipients.map((jwk) => ({ ...jwk })),
    [key, other],
  );
});

for (const [what, text, code, details] of [
  ["an unknown member", "min_unit: 5\n", "OWNER_RULES", { field: "min_unit", nearest: "min_units" }],
  ["too few units", "min_units: 1\n", "OWNER_RULES", { field: "min_units", least: 2 }],
  ["a plan that is no digest", "min_units: 2\nplans: [abc]\n", "OWNER_RULES", { field: "plans[0]" }],
  [
    "bounds for a dimension",
    "min_units: 2\nbounds: { c: { lower: 0, upper: 1 } }\n",
    "MANIFEST_RULES",
    { field: "bounds.c" },
  ],
  [
    "bounds upside down",
    "min_units: 2\nbounds: { n: { lower: 2, upper: 1 } }\n",
    "MANIFEST_RULES",
    { field: "bounds.n" },
  ],
  [
    "a misspelt column",
    "min_units: 2\nbounds: { nn: { lower: 0, upper: 1 } }\n",
    "MANIFEST_RULES",
    { field: "bounds.nn", nearest: "n" },
  ],
  [
    "keys of another type",
    "min_units: 2\ngroup_keys: { c: [1] }\n",
    "MANIFEST_RULES",
    { field: "group_keys.c[0]" },
  ],
  ["bins that fall", "min_units: 2\nbins: { n: [10, 5] }\n", "MANIFEST_RULES", { field: "bins.n[1]" }],
  ["no bins but the word", "min_units: 2\nbins: {}\n", "MANIFEST_RULES", { field: "bins" }],
  ["an unknown release", "min_units: 2\nrelease: open\n", "OWNER_RULES", { field: "release" }],
] as const) {
  test(`rules with ${what} are refused in the words of rules.yaml`, async () => {
    const run = async (): Promise<unknown> =>
      checkRules(await parseRulesFile(`max_groups: 10\n${text}`, noKeys), TABLE);
    await refused(code, run, details);
  });
}

test("a CSV header is read as RFC 4180 has it", () => {
  for (const [text, names] of [
    ["a,b\r\n1,2", ["a", "b"]],
    ["a", ["a"]],
    ['"a ""b""","c,d","e\nf"\nx', ['a "b"', "c,d", "e\nf"]],
    ["a,,b\n", ["a", "", "b"]],
  ] as const) {
    assert.deepEqual(parseCsvHeader(text, ",", "x"), names);
  }
  assert.deepEqual(parseCsvHeader("a\tb,c\n", "\t", "x"), ["a", "b,c"]);
});
