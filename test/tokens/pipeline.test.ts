// A tokenization pipeline from CSV to an aggregate over the signed copy, by the parties' own programs.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import { parseOutputManifest } from "../../core/manifest/output.ts";
import { openResult } from "../../core/receipt/sealed-result.ts";
import { parseTable } from "../../core/column/table.ts";
import { refuses } from "../host/refusal.ts";
import { BUCKET, House, rowsOf } from "./house.ts";

const house = await House.open();
after(() => house.close());

for (const version of [1, 2]) house.tokens.push({ domain: "person", version });
house.outputs.push("visits-research");
const keyArn = await house.createKey("visits");
const copyKey = await house.createKey("visits-research");
await house.makeTokenKey("person", 1, keyArn);
await house.makeTokenKey("person", 2, keyArn);

const PEOPLE = 40;
/** Two visits each; one postal code in eight is none. */
const CSV = [
  "person,name,zip,city,born,seen,amount",
  ...Array.from({ length: 2 * PEOPLE }, (_, row) => {
    const person = row >> 1;
    const zip = person % 8 === 7 ? "n/a" : String(10_000 + person * 997);
    const day = String(1 + (row % 28)).padStart(2, "0");
    const name = person % 5 === 4 ? "" : `Ünï ${person % 11}`;
    return `p${person},${name},${zip},city-${person % 3},19${50 + (person % 40)}-03-${day},2024-01-${day}T10:00:00Z,${row}`;
  }),
].join("\n");
const SCHEMA = `unit: person
columns:
  person: { type: utf8, role: unit }
  name: { type: utf8, role: identifier }
  zip: { type: utf8, role: identifier }
  city: { type: utf8, role: dimension }
  born: { type: date, role: hidden }
  seen: { type: "timestamp[UTC]", role: hidden }
  amount: { type: int32, role: measure }
`;
const BASE = `min_units: 5
max_groups: 100
adhoc: true
recipients: [analyst]
bounds: { amount: { lower: 0, upper: 1000 } }
`;
const rules = (columns: Readonly<Record<string, string>> = {}, more = ""): string => {
  const all = {
    person: "{ operator: siv, domain: person }",
    name: "{ operator: cmac, domain: person, invalid: 'null' }",
    zip: "{ operator: zip3, parameters: { census: '2000' }, invalid: quarantine, role: dimension }",
    city: "{ operator: siv, domain: person }",
    born: "{ operator: date_shift, domain: person }",
    seen: "{ operator: date_shift, domain: person }",
    amount: "keep",
    ...columns,
  };
  const lines = Object.entries(all).map(([name, rule]) => `      ${name}: ${rule}`);
  return `${BASE}token_keys: [person-1, person-2]
${more}tokenization:
  research:
    dataset: visits-research
    key: ${copyKey}
    columns:
${lines.join("\n").replaceAll("domain: person", "domain: person, version: 1")}
`;
};
const JOB = `kind: tokenize\naudience: research\nto: s3://${BUCKET}/copy/\n`;

const sealed = await house.seal({
  dataset: "visits",
  csv: CSV,
  schema: SCHEMA,
  rules: rules(),
  keyArn,
  rowsPerObject: 30,
});
const ran = await house.run("visits", JOB);
const copy = await house.copyOf(ran, "copy");

test("a copy has the rows of its input, in its objects, and every column is what the rules make of it", () => {
  const output = parseOutputManifest(ran.outcome.output ?? new Uint8Array(0));
  assert.ok(output.objects.length > 1);
  assert.equal(copy.length, 2 * PEOPLE);
  assert.equal(new Set(copy.map(({ person }) => person)).size, PEOPLE);
  const amounts = copy.map(({ amount }) => Number(amount));
  assert.deepEqual(
    amounts.toSorted((a, b) => a - b),
    Array.from({ length: 2 * PEOPLE }, (_, row) => row),
  );
  for (const row of copy) {
    const person = Number(row["amount"]) >> 1;
    assert.match(String(row["person"]), /^AQAB[\w-]+$/);
    assert.equal(row["zip"] === null, person % 8 === 7);
    assert.equal(row["name"] === null, person % 5 === 4);
  }
  // Equal names and cities have equal tokens, others have others.
  const tokens = (column: string): number => new Set(copy.flatMap((row) => row[column] ?? [])).size;
  assert.equal(tokens("name"), 11);
  assert.equal(tokens("city"), 3);
});

test("dates of one person all move by the same days, timestamps with their time of day", () => {
  const shifts = new Map<unknown, Set<number>>();
  for (const row of copy) {
    const amount = Number(row["amount"]);
    const seen = Date.UTC(2024, 0, 1 + (amount % 28), 10) * 1000;
    const moved = (Number(row["seen"]) - seen) / 86_400_000_000;
    assert.ok(Number.isInteger(moved) && moved !== 0);
    shifts.set(row["person"], (shifts.get(row["person"]) ?? new Set()).add(moved));
  }
  for (const found of shifts.values()) assert.equal(found.size, 1);
  assert.ok(new Set([...shifts.values()].flatMap((found) => [...found])).size > PEOPLE / 2);
});

test("the result tells coarse shares and no value, and the receipt names the copy", async () => {
  const result = await house.resultOf(ran);
  const told = (column: string): readonly unknown[] =>
    result
      .filter((row) => row["column"] === column)
      .map(({ outcome, share }) => `${String(outcome)}: ${String(share)}`);
  assert.deepEqual(told("zip"), ["tokenized: up to 90%", "null: none or few", "form: up to 50%"]);
  assert.deepEqual(told("amount"), ["kept: all but few", "null: none or few"]);
  const { statement } = await verifyReceipt(await house.check(ran));
  assert.deepEqual(
    statement.outputs.map(({ name }) => name),
    ["output.json", "quarantine.jwe"],
  );
  assert.equal(statement.release.mode, "tokens");
});

test("values that no token stands for are sealed to the owner alone, and tell where they were", async () => {
  const [name] = (await house.list("copy/")).filter((key) => key.endsWith("quarantine.jwe"));
  const jwe = await house.read(name ?? "");
  await refuses("RESULT_OPEN", openResult(jwe, house.world.analyst.privateKey));
  const rows = rowsOf(parseTable(await openResult(jwe, house.owner.sealingPrivate)));
  assert.equal(rows.length, 2 * Math.floor(PEOPLE / 8));
  for (const row of rows) {
    assert.deepEqual([row["column"], row["reason"], row["value"]], ["zip", "form", "n/a"]);
  }
});

test("a rerun gives the same tokens, in objects of other names under another key", async () => {
  const again = await house.run("visits", JOB);
  assert.deepEqual(await house.copyOf(again, "copy"), copy);
  const [one, other] = [ran, again].map(({ outcome }) =>
    parseOutputManifest(outcome.output ?? new Uint8Array(0)),
  );
  assert.notEqual(one?.wrappedKey, other?.wrappedKey);
  assert.notEqual(one?.objects[0]?.key, other?.objects[0]?.key);
});

test("a run that is interrupted leaves nothing that looks like a copy, and the next one gives the same tokens", async () => {
  const job = JOB.replace("/copy/", "/broken/");
  const told: string[] = [];
  const running = house.run("visits", job, [], "visits", (interrupt) => {
    told.push("progress");
    interrupt();
  });
  // All of it may have been on its way already.
  const end = await running.then(
    () => "done",
    (error: unknown) => (error as { readonly code?: string }).code,
  );
  assert.ok(told.length > 0);
  assert.ok(end === "done" || end === "TRANSPORT_CLOSED", end);
  const left = end === "done" ? [] : await house.list("broken/");
  assert.ok(
    left.every((key) => /\/part-\d{5}\.sealed$/.test(key)),
    left.join(),
  );
  const again = await house.run("visits", job);
  assert.deepEqual(await house.copyOf(again, "broken"), copy);
});

test("the copy that its owner has signed is a data set, with the units of its input", async () => {
  const signed = await house.sign(ran, "copy", BASE);
  assert.equal(signed.rows, 2 * PEOPLE);
  const counted = await house.run(
    "visits-research",
    "select: [count_units, { sum: amount, as: total }]\ngroup_by: [city]\n",
    [],
    "copy",
  );
  const rows = await house.resultOf(counted);
  assert.deepEqual(rows.map((row) => Number(row["count_units"])).toSorted(), [13, 13, 14]);
  assert.equal(
    rows.reduce((sum, row) => sum + Number(row["total"]), 0),
    (2 * PEOPLE * (2 * PEOPLE - 1)) / 2,
  );
});

test("nothing is signed that the receipt does not name, or whose objects are not there", async () => {
  const { output } = ran.outcome;
  assert.ok(output !== null);
  const parsed = parseOutputManifest(output);
  const forged = Buffer.from(Buffer.from(output).toString().replace(parsed.job, "0".repeat(96)));
  await refuses(
    "RECEIPT_OUTPUT",
    house.sign({ ...ran, outcome: { ...ran.outcome, output: new Uint8Array(forged) } }, "copy", BASE),
  );
  await refuses("OWNER_OBJECT", house.sign(ran, "elsewhere", BASE));
});

test("a value that is no such thing ends the job where the rules say error, and no copy is named", async () => {
  const before = sealed.manifestDigest;
  const strict = rules({ zip: "{ operator: zip3, parameters: { census: '2000' } }" });
  const digest = await house.resign("visits", keyArn, before, strict);
  const refusal = await refuses("TOKEN_INVALID", house.run("visits", JOB));
  assert.deepEqual(refusal.details, { column: "zip" });
  await house.resign("visits", keyArn, digest, rules());
});
