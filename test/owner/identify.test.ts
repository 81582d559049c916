// What detectors say of an owner's columns: roles, and operators for tokenized copies, from values and from names.
import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { IDENTIFIERS } from "../../core/detect/identifier.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { DATASET_NAME } from "../../core/manifest/manifest.ts";
import { parseYaml } from "../../core/text/yaml.ts";
import { parseTokenizer } from "../../jobs/tokenize/operators.ts";
import { identifyColumn } from "../../owner/identify.ts";
import { proposeFiles, type Proposal } from "../../owner/init.ts";
import { parseSchemaFile } from "../../owner/schema-file.ts";
import { randomDigits, randomPan } from "../tokenize/columns.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sealroom-identify-"));
});
after(() => rm(directory, { recursive: true, force: true }));

type Make = (row: number) => string;
type Proposed = Proposal & {
  readonly roles: Readonly<Record<string, string>>;
  readonly why: Readonly<Record<string, string>>;
  readonly values: readonly string[];
};

async function propose(columns: Readonly<Record<string, Make>>, unit = "who", rows = 400): Promise<Proposed> {
  const made = Array.from({ length: rows }, (_, row) => Object.values(columns).map((make) => make(row)));
  const lines = made.map((cells) => cells.map((cell) => (cell === "" ? "" : `"${cell}"`)).join(","));
  const input = join(directory, `table-${randomUUID()}.csv`);
  await writeFile(input, `${Object.keys(columns).join(",")}\n${lines.join("\n")}\n`);
  const proposal = await proposeFiles({ input, unit });
  const { columns: parsed } = parseSchemaFile(proposal.schema);
  const why = [...proposal.schema.matchAll(/^ {2}(\w+): \{.*\} # (.*)$/gm)].map(([, name, text]) => [
    name,
    text,
  ]);
  return {
    ...proposal,
    roles: Object.fromEntries(parsed.map(({ name, role }) => [name, role])),
    why: Object.fromEntries(why) as Record<string, string>,
    values: made.flat(),
  };
}

/** The block with the `# ` taken off, as an owner would. */
function uncommented(rules: string): string {
  const lines = rules.split("\n");
  const start = lines.indexOf("# tokenization:");
  assert.ok(start > 0, rules);
  return lines.map((line, at) => (at >= start ? line.replace(/^# /, "") : line)).join("\n");
}

function member(value: JsonValue | undefined, name: string): JsonValue {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value));
  return (value as JsonObject)[name] ?? null;
}

function text(value: JsonValue, name: string): string {
  const found = member(value, name);
  assert.ok(typeof found === "string", name);
  return found;
}

/** Operators by column, of the one audience proposed. */
function treatments(rules: string): Readonly<Record<string, JsonValue>> {
  const audience = member(member(parseYaml(uncommented(rules)), "tokenization"), "research");
  return JSON.parse(JSON.stringify(member(audience, "columns"))) as Record<string, JsonValue>;
}

const who: Make = (row) => `p${row % 80}`;
const ssn: Make = () => `${100 + randomInt(500)}-${10 + randomInt(89)}-${1000 + randomInt(9000)}`;
const visa = (): string => {
  const pan = randomPan(16);
  return pan.startsWith("4") ? pan : visa();
};
const email: Make = (row) => `user${row}@example.org`;
const phone: Make = (row) => `(212) 555-${String(1000 + row)}`;

test("values tell what a column is, whatever its name; the reason has the kind and a coarse share", async () => {
  const { roles, why, rules } = await propose({
    who,
    alpha: ssn,
    beta: visa,
    gamma: email,
    delta: phone,
    epsilon: (row) => `https://example.com/${row}`,
    zeta: (row) => `10.0.${row >> 8}.${row & 255}`,
    eta: (row) => (row % 10 === 0 ? "none" : email(row)),
  });
  for (const name of ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"]) {
    assert.equal(roles[name], "identifier", name);
  }
  assert.equal(why["alpha"], "over 95% of 400 values are SSNs");
  assert.equal(why["beta"], "over 95% of 400 values are card numbers");
  assert.equal(why["eta"], "75 to 95% of 400 values are e-mail addresses");
  assert.deepEqual(treatments(rules), {
    who: { operator: "siv", domain: "who", class: "unique_id" },
    alpha: { operator: "ssn", domain: "person.ssn", class: "ssn" },
    beta: { operator: "pan", parameters: { keep: "last4" }, domain: "card.pan", class: "pan" },
    gamma: {
      operator: "email",
      parameters: { local: "siv", domain: "token" },
      domain: "person.email",
      class: "email",
    },
    delta: { operator: "phone", parameters: { country: "US" }, domain: "person.phone", class: "phone" },
    epsilon: { operator: "siv", domain: "person.url", class: "url" },
    zeta: { operator: "siv", domain: "person.ip", class: "ip" },
    eta: {
      operator: "email",
      parameters: { local: "siv", domain: "token" },
      domain: "person.email",
      class: "email",
    },
  });
});

test("numbers stored as integers are looked at as well", async () => {
  const { roles, why, rules } = await propose({ who, beta: visa, count: (row) => String(row % 7) });
  assert.deepEqual(roles, { who: "unit", beta: "identifier", count: "measure" });
  assert.match(why["beta"] ?? "", /card numbers/);
  assert.equal(member(treatments(rules)["beta"], "operator"), "pan");
  assert.equal(treatments(rules)["count"], "keep");
});

test("names tell what values cannot: card codes and stripes are dropped, names of people too", async () => {
  const { roles, rules } = await propose({
    who,
    cvv2: () => randomDigits(3),
    pin: () => randomDigits(4),
    track_1: () => "x",
    firstName: () => "Ann",
    street: (row) => `${row} Main Street`,
    postalCode: () => "12345",
    dob: (row) => `19${50 + (row % 50)}-01-02`,
    admitDate: (row) => `2020-01-0${1 + (row % 9)}`,
    age: (row) => String(row % 90),
    sex: (row) => "fm"[row % 2] ?? "",
  });
  for (const name of ["cvv2", "pin", "track_1", "firstName", "street"]) {
    assert.equal(roles[name], "identifier", name);
  }
  assert.deepEqual([roles["postalCode"], roles["dob"], roles["sex"]], ["hidden", "hidden", "dimension"]);
  assert.deepEqual(treatments(rules), {
    who: { operator: "siv", domain: "who", class: "unique_id" },
    cvv2: "drop",
    pin: "drop",
    track_1: "drop",
    firstName: "drop",
    street: "drop",
    postalCode: { operator: "zip3", parameters: { census: "2000" }, class: "zip" },
    dob: { operator: "date_shift", domain: "person", class: "birth_date" },
    admitDate: { operator: "date_shift", domain: "person", class: "service_date" },
    age: { operator: "age_cap", class: "age" },
    sex: "keep",
  });
});

test("a unit that may not be stored is dropped like any such column, and stripes are known by their values", async () => {
  const stripe: Make = () => `%B${visa()}^DOE/JANE^2512101?`;
  const { rules, roles } = await propose({ pin: who, swipe: stripe }, "pin");
  assert.deepEqual(treatments(rules), { pin: "drop", swipe: "drop" });
  assert.equal(roles["swipe"], "identifier");
});

test("texts that hold identifiers are hidden, and redacted in a copy; those of no kind are dropped", async () => {
  const { roles, why, rules } = await propose({
    who,
    remark: (row) => `the patient came back and was seen, mail ${email(row % 30)}`,
    mood: (row) => `fine ${"abcdefghijklmnopqrst"[row % 20] ?? ""}${"xyzuvwqrstabcdefghij"[row % 19] ?? ""}`,
  });
  assert.equal(roles["remark"], "hidden");
  assert.equal(why["remark"], "texts, and over 95% of 400 hold identifiers");
  assert.deepEqual(treatments(rules)["remark"], { operator: "redact" });
  assert.equal(treatments(rules)["mood"], "drop");
});

test("values of several kinds are tokenized whole, since an operator for one would refuse the rest", async () => {
  const { roles, why, rules } = await propose({
    who,
    contact: (row) => (row % 5 === 0 ? email(row) : `room ${row}`),
  });
  assert.equal(roles["contact"], "identifier");
  assert.equal(why["contact"], "up to 25% of 400 values are e-mail addresses");
  assert.deepEqual(treatments(rules)["contact"], { operator: "siv", domain: "person.email", class: "email" });
});

test("numbers that were never issued under a name that says SSN are taken leniently", async () => {
  const { why, rules } = await propose({
    who,
    SSN: () => `999-${10 + randomInt(40)}-${1000 + randomInt(9000)}`,
  });
  assert.equal(why["SSN"], "its name says ssn; hardly any of 400 values are valid");
  assert.deepEqual(treatments(rules)["SSN"], {
    operator: "ssn",
    parameters: { lenient: true },
    domain: "person.ssn",
    class: "ssn",
  });
});

test("codes of nine digits are no SSNs, and what a name says outweighs what half of all numbers are", () => {
  const numbers = Array.from({ length: 300 }, (_, row) => String(100_000_001 + row * 1_237));
  assert.equal(identifyColumn("alpha", numbers).identifier, "ssn");
  assert.equal(identifyColumn("REASONCODE", numbers).identifier, null);
  assert.equal(identifyColumn("account_no", numbers).identifier, "account");
  assert.equal(identifyColumn("fax", Array<string>(50).fill("(212) 555-0123")).identifier, "fax");
  assert.equal(identifyColumn("cvv", Array.from({ length: 50 }, visa)).identifier, "cvv");
  // But what hardly any number is by chance outweighs a name.
  assert.equal(identifyColumn("account_no", Array.from({ length: 300 }, visa)).identifier, "pan");
});

test("a name says which date it is; a few dates among other values are no reason to close a column", () => {
  const dates = Array.from({ length: 60 }, (_, row) => `${1 + (row % 12)}/${1 + (row % 28)}/1970`);
  assert.equal(identifyColumn("dob", dates).identifier, "birth_date");
  assert.equal(identifyColumn("alpha", dates).identifier, "date");
  assert.equal(identifyColumn("alpha", [...dates, ...Array<string>(90).fill("later")]).identifier, null);
});

test("a column without values is dropped whatever its name", async () => {
  const { roles, rules } = await propose({ who, ssn: () => "", sex: () => "" });
  assert.deepEqual([roles["ssn"], roles["sex"]], ["hidden", "hidden"]);
  assert.deepEqual([treatments(rules)["ssn"], treatments(rules)["sex"]], ["drop", "drop"]);
});

test("the copy has a name that a data set may have, whatever the file is called", async () => {
  for (const [file, name] of [
    ["-my visits (2).v1.csv", "my-visits-2-.v1-research"],
    ["§.csv", "data-research"],
    [`${"x".repeat(200)}.csv`, `${"x".repeat(100)}-research`],
  ] as const) {
    const input = join(directory, file);
    await writeFile(input, "a\n1\n");
    const { rules } = await proposeFiles({ input, unit: "row" });
    const found = text(member(member(parseYaml(uncommented(rules)), "tokenization"), "research"), "dataset");
    assert.equal(found, name);
    assert.match(found, DATASET_NAME);
  }
});

test("too few values tell nothing, and numbers that pass a check digit by chance are no identifier", () => {
  assert.equal(identifyColumn("alpha", Array.from({ length: 19 }, visa)).identifier, null);
  assert.equal(identifyColumn("alpha", Array.from({ length: 20 }, visa)).identifier, "pan");
  assert.equal(
    identifyColumn(
      "alpha",
      Array.from({ length: 2_000 }, () => `4${randomDigits(15)}`),
    ).identifier,
    null,
  );
  assert.equal(identifyColumn("alpha", []).identifier, null);
});

test("a column with a value in few rows is looked for by itself", async () => {
  const card: Make = (row) => (row % 1_000 === 999 ? visa() : "");
  const { roles, why } = await propose({ who, beta: card }, "who", 50_000);
  assert.equal(roles["beta"], "identifier");
  assert.equal(why["beta"], "over 95% of 50 values are card numbers");
});

test("no value stands in what is proposed", async () => {
  const { schema, rules, values } = await propose({
    who: () => randomUUID(),
    alpha: ssn,
    beta: visa,
    gamma: (row) => `canary${row}@example.org`,
    remark: (row) => `some words before canary${row}@example.org and after`,
    other: (row) => `canary-${row}`,
  });
  for (const value of new Set(values)) {
    assert.ok(!schema.includes(value) && !rules.includes(value), value);
  }
  assert.ok(!`${schema}${rules}`.includes("canary"));
});

test("the block is commented out line by line, has every column in its order, and holds once the signs are off", async () => {
  const { schema, rules } = await propose(
    {
      "an id": (row) => `k${row % 80}`,
      yes: ssn,
      "a: b": visa,
      "#": email,
      zip: () => "12345",
      null: (row) => String(row % 9),
    },
    "an id",
  );
  const lines = rules.slice(rules.indexOf("# Tokenized copies")).trimEnd().split("\n");
  assert.ok(
    lines.every((line) => line === "" || line.startsWith("# ")),
    rules,
  );
  assert.ok(lines.length > 12);
  const names = parseSchemaFile(schema).columns.map(({ name }) => name);
  const found = treatments(rules);
  assert.deepEqual(Object.keys(found), names);
  for (const treatment of Object.values(found)) {
    if (treatment === "keep" || treatment === "drop") continue;
    const parameters = member(treatment, "parameters") ?? {};
    const { isKeyed } = parseTokenizer(text(treatment, "operator"), parameters, "parameters");
    assert.equal(member(treatment, "domain") !== null, isKeyed);
    assert.ok(text(treatment, "class") in IDENTIFIERS);
  }
  const whole = parseYaml(uncommented(rules));
  assert.equal(member(whole, "min_units"), 10, "the rules before it are as they were");
  const audience = member(member(whole, "tokenization"), "research");
  assert.match(text(audience, "dataset"), /^table-[0-9a-f-]+-research$/);
});

test("where each row is by itself dates have no unit to shift by: their year stays", async () => {
  const { rules } = await propose({ visited: (row) => `2020-01-0${1 + (row % 9)}` }, "row");
  assert.deepEqual(treatments(rules), { visited: { operator: "date_year", class: "date" } });
});

test("before a unit is chosen no operators are proposed", async () => {
  const input = join(directory, "open.csv");
  await writeFile(input, "origin,delay\nSFO,3\nJFK,-5\n");
  const { rules } = await proposeFiles({ input });
  assert.match(rules, /^# Tokenized copies: .*once a unit is chosen\.$/m);
  assert.ok(!rules.includes("tokenization:"));
});
