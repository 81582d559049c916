// The example files are what they say: every schema, rules and job file parses, every job fits its data set, and what is
// made up for the demo is what it is said to be.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { ColumnEntry, Rules } from "../../core/manifest/manifest.ts";
import { compileJob } from "../../query/job.ts";
import { generateCards } from "../../examples/generated/cards.ts";
import { generatePatients } from "../../examples/generated/patients.ts";
import { luhnResidue } from "../../jobs/tokenize/luhn.ts";
import { parseRulesFile, checkRules } from "../../owner/rules-file.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
const THUMBPRINT = "A".repeat(43);
const KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/12345678-1234-1234-1234-123456789012";
const RECIPIENT = {
  kty: "EC",
  crv: "P-256",
  x: "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
  y: "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
} as const;

async function files(): Promise<readonly string[]> {
  const entries = await readdir(EXAMPLES, { recursive: true });
  return entries.filter((name) => name.endsWith(".yaml")).sort();
}

/** The rules as the demo places them, held against the schema of the data set that they are of. */
async function check(rulesName: string, schemaName: string): Promise<Rules> {
  const schema = parseSchemaFile(await readFile(join(EXAMPLES, schemaName), "utf8"));
  const text = await readFile(join(EXAMPLES, rulesName), "utf8");
  const rules = await parseRulesFile(
    text.replaceAll("COPY_KEY_ARN", KEY_ARN).replaceAll("OWNER_THUMBPRINT", THUMBPRINT),
    () => Promise.resolve(RECIPIENT),
    (reference) => {
      const [, domain = "", version = ""] = /^(.*)-(\d+)\.json$/.exec(reference) ?? [];
      return Promise.resolve({ domain, version: Number(version), keyArn: KEY_ARN, wrappedKey: "AAAA" });
    },
  );
  const columns = schema.columns.map(({ name, type, role }): ColumnEntry => ({
    name,
    type: type ?? "",
    role,
  }));
  return checkRules(rules, { schema: columns, keyArn: KEY_ARN });
}

test("every schema and rules file fits together", async () => {
  const names = await files();
  const schemas = names.filter((name) => name.endsWith("schema.yaml"));
  assert.equal(schemas.length, 4);
  for (const name of schemas) {
    assert.ok((await check(name.replace("schema.yaml", "rules.yaml"), name)).minUnits >= 2, name);
  }
});

test("the rules of the patients let a copy be made, and are otherwise those that they replace", async () => {
  const { tokenization, tokenKeys, vaults, ...rest } = await check(
    "synthea/patients.tokenize.rules.yaml",
    "synthea/patients.schema.yaml",
  );
  assert.deepEqual(Object.keys(tokenization ?? {}), ["research"]);
  assert.deepEqual(
    tokenKeys?.map(({ domain }) => domain),
    ["patient"],
  );
  assert.equal(vaults?.length, 1);
  assert.deepEqual(rest, await check("synthea/patients.rules.yaml", "synthea/patients.schema.yaml"));
});

test("made-up cards have a right check digit and no issuer, and are the same each time", () => {
  const lines = generateCards().trimEnd().split("\n");
  const [header, ...rows] = lines;
  assert.equal(header, "PAN,CARDHOLDER,EXPIRY,CVV,AMOUNT,COUNTRY");
  assert.equal(rows.length, 4_000);
  for (const row of rows) {
    const [pan = ""] = row.split(",");
    assert.match(pan, /^9999\d{12}$/);
    assert.equal(luhnResidue(new TextEncoder().encode(pan), 0, pan.length), 0, pan);
  }
  assert.equal(generateCards(), generateCards());
});

test("made-up patients have the columns of the schema, and are the same each time", async () => {
  const schema = parseSchemaFile(await readFile(join(EXAMPLES, "synthea/patients.schema.yaml"), "utf8"));
  const [header = ""] = generatePatients().split("\n");
  const known = [...schema.columns.map(({ name }) => name), ...schema.drop];
  assert.deepEqual(header.split(",").sort(), [...known].sort());
  assert.equal(generatePatients(), generatePatients());
});

test("every job compiles once its owner is filled in", async () => {
  const jobs = (await files()).filter((name) => !/(schema|rules)\.yaml$/.test(name));
  assert.equal(jobs.length, 10);
  for (const name of jobs) {
    const text = await readFile(join(EXAMPLES, name), "utf8");
    const plan = await compileJob(text.replaceAll("OWNER_THUMBPRINT", THUMBPRINT), () => RECIPIENT);
    assert.match(plan.digest, /^[0-9a-f]{96}$/, name);
  }
});
