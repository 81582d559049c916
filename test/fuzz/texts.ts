// Texts: JSON as documents have it and as people write it, YAML, and what is made of both.
import assert from "node:assert/strict";
import { parseMeasurements, encodeMeasurements } from "../../core/attestation/measurements.ts";
import { decodePem, encodePem } from "../../core/attestation/pem.ts";
import { encodeCanonical, parseCanonical, parseJson } from "../../core/json.ts";
import { parsePublicJwk } from "../../core/manifest/jwk.ts";
import { compilePlan } from "../../core/plan/compile.ts";
import { parseJob } from "../../core/plan/job-text.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { decodeBase64urlBytes, encodeBase64url } from "../../core/text/base64url.ts";
import { parseYaml } from "../../core/text/yaml.ts";
import { parseCsvHeader } from "../../owner/read/csv-header.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { readQuery } from "../../query/sql/select.ts";
import { makeParty, makeSigner } from "../manifest/example.ts";
import { mutateBytes } from "./mutate.ts";
import { assertSame } from "./target.ts";
import type { Target } from "./target.ts";
import { mutateJson, mutateText } from "./text.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const party = await makeParty();

const JSONS = [
  encodeCanonical({
    a: [1, 2.5, -3e21, "x\u00e9", null, true, false, {}],
    b: { c: [[[]]] },
    "\u{1f30d}": "",
  }),
  encodeCanonical([0, 1e-7, 9007199254740991, 'a "b" \\ c', { z: 1, y: 2 }]),
];

const JOB = `# Costs by city.
datasets:
  encounters: { owner: ${party.thumbprint}, from: "s3://bucket/prefix/" }
where:
  and:
    - { column: CLASS, in: [ambulatory, "no", 12] }
    - { column: START, between: [2022-01-01T00:00:00Z, "2022-12-31T23:59:59Z"] }
    - not: { column: REASON, is_null: true }
    - or: [{ column: COST, op: ">=", value: 1.50 }, { column: urgent, op: "=", value: true }]
group_by: [CLASS]
select:
  - count
  - { count_units: "*", as: patients }
  - { sum: COST, as: total }
  - { corr: COST, with: DAYS }
  - { approx_quantile: COST, at: 0.95 }
  - { approx_distinct: CLASS, as: classes }
order_by: [{ column: patients, direction: desc }, CLASS]
limit: 100
recipient: analyst.key.pub
release: sealed
`;

const SCHEMA = `unit: PATIENT
null_units: drop
null_tokens: ["", "NA"]
columns:
  PATIENT: { type: utf8, role: unit }
  CLASS: { type: utf8, role: dimension }
  COST: { type: "decimal(12,2)", role: measure }
drop: [LAT, LON]
`;

const RULES = `min_units: 15
max_groups: 1000
adhoc: false
plans: []
recipients: [analyst.key.pub]
release: sealed
bounds:
  COST: { lower: 0, upper: 50000 }
group_keys:
  CLASS: [ambulatory, emergency, 7, true]
bins: { COST: [-1, 0.5, "10.25"] }
distinct: { COST: 3 }
`;

const YAMLS = [
  "a: [1, 'it''s', \"x\\u00e9\", {b: null}]\n",
  "# c\n- >-\n  folded\n  more\n- ? key\n  : -1.5e3\n",
  "--- {yes: no, deep: {er: {still: [[[0]]]}}}\n",
];

const SHORT_JOB = `datasets: { encounters: { owner: ${party.thumbprint} } }
where: { column: CLASS, in: [a, "no", 12] }
select: [count, { sum: COST, as: total }]
order_by: [{ column: total, direction: desc }]
recipient: analyst.key.pub
`;

const QUERIES = [
  "SELECT CLASS, count(*) AS n, avg(COST * (1 - RATE)) FROM encounters e WHERE e.START >= DATE '2022-01-01' GROUP BY 1 HAVING count(*) > 5 ORDER BY n DESC LIMIT 10",
  "SELECT extract(year FROM START) AS y, CASE WHEN AGE < 18 THEN 'minor' ELSE 'adult' END AS g, top_k(REASON, 3) FROM encounters GROUP BY y, g",
  'SELECT "A b", count_units(*), sum(COST) FROM encounters WHERE X IN (1, 2.5) OR NOT (Y BETWEEN -1 AND 3) AND Z IS NULL GROUP BY ROLLUP ("A b")',
];

const MEASUREMENTS = encodeMeasurements({ 0: "a0".repeat(48), 1: "b1".repeat(48), 2: "c2".repeat(48) });

export const TEXT_TARGETS: readonly Target[] = [
  {
    name: "canonical JSON",
    seeds: JSONS,
    mutations: [mutateJson, mutateText],
    decode: (input) => {
      assertSame(encodeCanonical(parseCanonical(input)), input);
    },
    codes: 8,
    accepts: true,
  },
  {
    name: "JSON",
    seeds: JSONS,
    mutations: [mutateJson, mutateText, mutateText],
    decode: (input) => {
      const value = parseJson(textOf(input));
      assert.deepEqual(parseCanonical(encodeCanonical(value)), value);
    },
    codes: 5,
    accepts: true,
  },
  {
    name: "base64url",
    seeds: [
      bytesOf(encodeBase64url(Uint8Array.from({ length: 100 }, (_, at) => at * 5))),
      bytesOf("AQ"),
      bytesOf("AQI"),
    ],
    mutations: [mutateBytes],
    decode: (input) => {
      const decoded = decodeBase64urlBytes(input);
      if (decoded !== undefined) assertSame(bytesOf(encodeBase64url(decoded)), input);
    },
    codes: 0,
    accepts: true,
  },
  {
    name: "YAML",
    seeds: [SCHEMA, RULES, ...YAMLS].map(bytesOf),
    mutations: [mutateText],
    decode: (input) => {
      const value = parseYaml(textOf(input));
      assert.deepEqual(parseCanonical(encodeCanonical(value)), value);
    },
    codes: 5,
    accepts: true,
  },
  {
    name: "job text",
    seeds: [bytesOf(SHORT_JOB), ...[JOB, JOB, SHORT_JOB].map((text) => encodeCanonical(parseYaml(text)))],
    mutations: [mutateText, mutateJson],
    decode: async (input) => {
      const { bytes, plan } = await compilePlan(parseJob(textOf(input)), () => party.publicKey);
      assert.deepEqual(parsePlan(bytes), plan);
      assertSame(encodeCanonical(plan), bytes);
    },
    codes: 8,
    accepts: true,
  },
  {
    name: "SQL",
    seeds: QUERIES.map(bytesOf),
    mutations: [mutateText],
    decode: async (input) => {
      const query = await readQuery(textOf(input), ["encounters"]);
      const job = {
        datasets: [{ dataset: "encounters", owner: party.thumbprint }],
        recipient: party.publicKey,
      };
      await compilePlan({ ...job, ...query, kind: "aggregate", release: "sealed" }, () => party.publicKey);
    },
    codes: 3,
    accepts: true,
    share: 5,
  },
  {
    name: "schema file",
    seeds: [bytesOf(SCHEMA), encodeCanonical(parseYaml(SCHEMA))],
    mutations: [mutateText, mutateJson],
    decode: (input) => parseSchemaFile(textOf(input)),
    codes: 4,
    accepts: true,
    share: 5,
  },
  {
    name: "rules file",
    seeds: [bytesOf(RULES), encodeCanonical(parseYaml(RULES))],
    mutations: [mutateText, mutateJson],
    decode: (input) => parseRulesFile(textOf(input), () => Promise.resolve(party.publicKey)),
    codes: 4,
    accepts: true,
    share: 5,
  },
  {
    name: "public key",
    seeds: [encodeCanonical(party.publicKey), encodeCanonical((await makeSigner("Ed25519")).publicKey)],
    mutations: [mutateJson, mutateJson],
    decode: (input) => {
      const value = parseJson(textOf(input));
      assert.deepEqual({ ...parsePublicJwk(value) }, { ...(value as object) });
    },
    codes: 4,
    accepts: true,
  },
  {
    name: "measurements",
    seeds: [bytesOf(MEASUREMENTS)],
    mutations: [mutateJson, mutateText],
    decode: (input) => {
      const measurements = parseMeasurements(textOf(input));
      assert.deepEqual(parseMeasurements(encodeMeasurements(measurements)), measurements);
    },
    codes: 1,
    accepts: true,
  },
  {
    name: "PEM",
    seeds: [bytesOf(encodePem(Uint8Array.from({ length: 300 }, (_, at) => at & 0xff)))],
    mutations: [mutateText, mutateBytes],
    decode: (input) => {
      const der = decodePem(textOf(input));
      assertSame(decodePem(encodePem(der)), der);
    },
    codes: 1,
    accepts: true,
  },
  {
    name: "header of a CSV file",
    seeds: ['a,b,"c ""quoted"" d",e f\n1,2', "PATIENT;CLASS;COST\r\n", "\ufeffx\ty\n"].map(bytesOf),
    mutations: [mutateText, mutateBytes],
    decode: (input, { dice }) => {
      const names = parseCsvHeader(textOf(input), dice.pick([",", ";", "\t", "|"]), "file.csv");
      assert.ok(names.length <= input.length + 1);
    },
    codes: 1,
    accepts: true,
  },
];
