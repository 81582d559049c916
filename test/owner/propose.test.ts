// What is proposed for a file without schema: readable by our own readers, and nothing that opens too much.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { findColumnType } from "../../core/column/type.ts";
import { proposeFiles, type Proposal } from "../../owner/init.ts";
import { proposeRole, wordsOf } from "../../owner/propose-role.ts";
import { checkRules, parseRulesFile } from "../../owner/rules-file.ts";
import { parseSchemaFile, type SchemaFile } from "../../owner/schema-file.ts";
import { refused } from "./refused.ts";

const KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/12345678-1234-1234-1234-123456789012";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sealroom-propose-"));
});
after(() => rm(directory, { recursive: true, force: true }));

async function propose(
  name: string,
  text: string,
  chosen: { readonly unit?: string } = {},
): Promise<Proposal & { readonly parsed: SchemaFile }> {
  const input = join(directory, name);
  await writeFile(input, text);
  const proposal = await proposeFiles({ input, ...chosen });
  // What is proposed must be accepted as it is, once the owner has said who is protected.
  const parsed = parseSchemaFile(proposal.schema.replace(/^unit: CHOOSE$/m, "unit: row"));
  const schema = parsed.columns.map(({ name: column, type, role }) => ({
    name: column,
    type: type ?? "",
    role,
  }));
  const rules = await parseRulesFile(proposal.rules, () => Promise.reject(new Error("no recipients")));
  checkRules(rules, { schema, keyArn: KEY_ARN });
  return { ...proposal, parsed };
}

test("a file of visits: the patient is the unit, people's data are closed, the rest by its values", async () => {
  const records = Array.from(
    { length: 500 },
    (_, i) =>
      `${i},${i % 60},${["a", "b"][i % 2]},mail${i}@example.org,19${50 + (i % 50)}-01-02,${i * 0.25},2020-01-0${1 + (i % 9)},free text ${i},${i % 30},${i % 2 === 0}`,
  );
  const { parsed, unit } = await propose(
    "visits.csv",
    `VisitId,patient_id,ward,email,birthDate,cost,day,remark,"length, days",emergency\n${records.join("\n")}\n`,
  );
  assert.equal(unit, "patient_id");
  assert.deepEqual(Object.fromEntries(parsed.columns.map(({ name, type, role }) => [name, [type, role]])), {
    VisitId: ["int32", "identifier"],
    patient_id: ["int32", "unit"],
    ward: ["utf8", "dimension"],
    email: ["utf8", "identifier"],
    birthDate: ["date", "hidden"],
    cost: ["decimal(18,2)", "measure"],
    day: ["date", "dimension"],
    remark: ["utf8", "identifier"],
    "length, days": ["int32", "measure"],
    emergency: ["bool", "dimension"],
  });
});

test("without a column that names people, the owner is asked who is protected", async () => {
  const { schema, unit } = await propose("flights.csv", "origin,delay\nSFO,3\nJFK,-5\n");
  assert.equal(unit, null);
  assert.match(schema, /^unit: CHOOSE$/m);
  await refused("OWNER_UNIT_OPEN", () => parseSchemaFile(schema), { field: "unit" });
});

test("no bounds are proposed before a unit is chosen: those of rows would clip every honest total", async () => {
  const rows = Array.from({ length: 400 }, (_, row) => `${row % 40},${row % 100}`);
  const text = `who,amount\n${rows.join("\n")}\n`;
  const open = await propose("open.csv", text);
  assert.equal(open.unit, null);
  assert.match(open.rules, /^bounds: \{\}$/m);
  assert.match(open.rules, /--unit COLUMN/);
  const chosen = await propose("chosen.csv", text, { unit: "who" });
  assert.equal(chosen.unit, "who");
  assert.equal(chosen.parsed.unit, "who");
  // Ten rows each: their totals are several hundred, where no row has 100.
  const upper = Number(/amount: \{ lower: 0, upper: (\d+) \}/.exec(chosen.rules)?.[1]);
  assert.ok(upper >= 400, chosen.rules);
  const rowwise = await propose("rowwise.csv", text, { unit: "row" });
  assert.deepEqual([rowwise.unit, rowwise.parsed.unit], ["row", null]);
  assert.match(rowwise.rules, /amount: \{ lower: 0, upper: 99 \}/);
  await refused("OWNER_UNIT", () => propose("none.csv", text, { unit: "whom" }), {
    unit: "whom",
    nearest: "who",
  });
});

test("names that YAML would read otherwise are quoted, and bounds are whole steps of the type", async () => {
  const records = Array.from(
    { length: 50 },
    (_, i) => `${i - 20},${(i / 100).toFixed(2)},${i * 1_000_003},x`,
  );
  const { parsed } = await propose("odd.csv", `yes,no: maybe,#1,null\n${records.join("\n")}\n`);
  assert.deepEqual(
    parsed.columns.map(({ name }) => name),
    ["yes", "no: maybe", "#1", "null"],
  );
});

test("bounds are proposed from what units add up to, since it is their totals that are clipped", async () => {
  // 200 patients of one row, and 5 of a hundred: a bound for rows would cut their sums to a hundredth.
  const records = [
    ...Array.from({ length: 200 }, (_, i) => `p${i},10`),
    ...Array.from({ length: 500 }, (_, i) => `q${i % 5},10`),
  ];
  const { rules } = await propose("totals.csv", `patient_id,cost\n${records.join("\n")}\n`);
  const [, upper] = /cost: \{ lower: [-0-9.]+, upper: ([0-9]+) \}/.exec(rules) ?? [];
  assert.ok(Number(upper) >= 1000, rules);
});

test("tabs separate the columns of a .tsv file", async () => {
  const { parsed } = await propose("tabs.tsv", "a\tb\n1\t2\n");
  assert.deepEqual([parsed.delimiter, parsed.columns.length], ["\t", 2]);
});

test("a file whose columns no schema could name is refused with the name", async () => {
  const input = join(directory, "unnamed.csv");
  await writeFile(input, "a,\n1,2\n");
  await refused("OWNER_COLUMNS", () => proposeFiles({ input }), { unusable: "" });
});

test("names are taken apart at every change of case and sign", () => {
  assert.deepEqual(wordsOf("PatientId"), ["patient", "id"]);
  assert.deepEqual(wordsOf("home_phone-No"), ["home", "phone", "no"]);
});

test("what may tell who somebody is is never offered for use, whatever its values", () => {
  for (const name of ["ssn", "E-Mail", "phoneNumber", "last_name", "Address", "account", "passport", "ip"]) {
    for (const type of ["utf8", "int64"]) {
      const facts = {
        name,
        type: findColumnType(type) ?? { kind: "utf8" as const },
        rows: 1_000,
        nulls: 0,
        distinct: 3,
      };
      assert.equal(proposeRole(facts).role, "identifier", name);
    }
  }
  for (const name of ["birth_date", "ZIP", "lat", "City"]) {
    const facts = { name, type: { kind: "utf8" as const }, rows: 1_000, nulls: 0, distinct: 3 };
    assert.equal(proposeRole(facts).role, "hidden", name);
  }
});
