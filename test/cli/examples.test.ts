// The example files are what they say: every schema, rules and job file parses, and every job fits its data set.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { compileJob } from "../../core/plan/compile.ts";
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

test("every schema and rules file fits together", async () => {
  const names = await files();
  const schemas = names.filter((name) => name.endsWith("schema.yaml"));
  assert.equal(schemas.length, 3);
  for (const name of schemas) {
    const schema = parseSchemaFile(await readFile(join(EXAMPLES, name), "utf8"));
    const rulesName = name.replace("schema.yaml", "rules.yaml");
    const rules = await parseRulesFile(await readFile(join(EXAMPLES, rulesName), "utf8"), () =>
      Promise.resolve(RECIPIENT),
    );
    const columns = schema.columns.map(({ name: column, type, role }) => ({
      name: column,
      type: type ?? "",
      role,
    }));
    assert.ok(checkRules(rules, { schema: columns, keyArn: KEY_ARN }).minUnits >= 2, name);
  }
});

test("every job compiles once its owner is filled in", async () => {
  const jobs = (await files()).filter((name) => !/(schema|rules)\.yaml$/.test(name));
  assert.equal(jobs.length, 5);
  for (const name of jobs) {
    const text = await readFile(join(EXAMPLES, name), "utf8");
    const plan = await compileJob(text.replaceAll("OWNER_THUMBPRINT", THUMBPRINT), () => RECIPIENT);
    assert.match(plan.digest, /^[0-9a-f]{96}$/, name);
  }
});
