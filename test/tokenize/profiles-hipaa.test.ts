// What may be claimed under 45 CFR 164.514 of a copy, each rule of it both ways.
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDENTIFIERS } from "../../core/detect/identifier.ts";
import type { IdentifierName } from "../../core/detect/identifier.ts";
import { claim, DERIVED, judged, VARIANTS, verdict, YEAR } from "./profile-copies.ts";

const SAFE = "hipaa-safe-harbor";
const LIMITED = "hipaa-limited-data-set";
const EXPERT = "hipaa-expert";
const NAMES = Object.keys(IDENTIFIERS) as IdentifierName[];
const LISTED = NAMES.filter((name) => IDENTIFIERS[name].hipaa !== null);

function parametersOf(operator: string): (typeof VARIANTS)[number][1] {
  return VARIANTS.find(([name]) => name === operator)?.[1] ?? {};
}

test("safe harbor: each of the eighteen identifiers blocks the claim where it stays, by its own paragraph", () => {
  const cited = new Set<string>();
  for (const name of LISTED) {
    const [found, cite] = verdict(SAFE, { operator: "keep", class: name });
    assert.equal(found, "blocks", name);
    cited.add(cite);
  }
  const paragraphs = Array.from("ABCDEFGHIJKLMNOPQR", (letter) => `164.514(b)(2)(i)(${letter})`);
  assert.deepEqual([...cited].sort(), paragraphs);
});

test("safe harbor: what is dropped, wholly hidden or none of the eighteen blocks nothing", () => {
  for (const name of NAMES) {
    assert.equal(verdict(SAFE, { operator: "drop", class: name })[0], "ok", name);
    // The stars of an age of 100 and over are one more than those of others over 89.
    const masked = name === "age" ? "blocks" : "ok";
    assert.equal(verdict(SAFE, { operator: "mask", class: name })[0], masked, name);
  }
  for (const name of ["gender", "race", "ndc"] as const) {
    assert.equal(verdict(SAFE, { operator: "keep", class: name })[0], "ok", name);
  }
});

test("safe harbor: a code derived from the individual's data does not qualify, one drawn at random does", () => {
  for (const operator of DERIVED) {
    const column = { operator, parameters: parametersOf(operator), class: "ssn" } as const;
    assert.deepEqual(verdict(SAFE, column), ["blocks", "164.514(c)(1)"], operator);
  }
  assert.deepEqual(verdict(SAFE, { operator: "random", class: "ssn" }), ["ok", "164.514(c)(1)"]);
});

test("safe harbor: random codes need their map kept from everybody, and nothing else asks for that", () => {
  const cites = (operator: string): readonly string[] =>
    claim(SAFE, { c: { operator, class: "ssn" } }).attestations.map(({ cite }) => cite);
  assert.deepEqual(cites("random"), ["164.514(b)(2)(ii)", "164.514(c)(2)"]);
  assert.deepEqual(cites("drop"), ["164.514(b)(2)(ii)"]);
});

test("safe harbor: a part of an identifier is an identifier", () => {
  for (const parameters of [{ keepRight: 4 }, { keepLeft: 1 }]) {
    assert.equal(verdict(SAFE, { operator: "mask", parameters, class: "ssn" })[0], "blocks");
  }
  assert.equal(verdict(SAFE, { operator: "truncate", class: "pan" })[0], "blocks");
  assert.equal(
    verdict(SAFE, { operator: "truncate", parameters: { first: 0, last: 0 }, class: "pan" })[0],
    "ok",
  );
});

test("safe harbor: of dates the year may stay, days that are only moved may not", () => {
  for (const name of ["birth_date", "death_date", "service_date", "date"] as const) {
    const year = { operator: "date_year", parameters: { asOf: YEAR }, class: name };
    assert.deepEqual(verdict(SAFE, year), ["ok", "164.514(b)(2)(i)(C)"], name);
    assert.equal(verdict(SAFE, { operator: "date_shift", class: name })[0], "blocks", name);
  }
});

test("safe harbor: years of birth need `asOf`, of the year of the data or later, as they tell ages over 89", () => {
  const born = (parameters: Readonly<Record<string, number>>): string =>
    verdict(SAFE, { operator: "date_year", parameters, class: "birth_date" })[0];
  assert.equal(born({}), "blocks");
  assert.equal(born({ asOf: YEAR - 1 }), "blocks");
  assert.equal(born({ asOf: YEAR }), "ok");
  assert.equal(born({ asOf: YEAR + 1 }), "ok");
  // Of other dates no age is told.
  assert.equal(verdict(SAFE, { operator: "date_year", class: "service_date" })[0], "ok");
});

test("safe harbor: a date of which only type or name is known could be one of birth, which the owner has to deny", () => {
  const column = { operator: "date_year", type: "date" };
  assert.equal(judged(SAFE, column).class, "date");
  assert.equal(verdict(SAFE, column)[0], "attest");
  assert.equal(verdict(SAFE, column, "timestamp")[0], "attest");
  assert.equal(verdict(SAFE, { ...column, class: "date" })[0], "ok");
});

test("safe harbor: ages over 89 are one class", () => {
  const ages = (operator: string, parameters = {}): string =>
    verdict(SAFE, { operator, parameters, class: "age", type: "int16" })[0];
  assert.equal(ages("keep"), "blocks");
  assert.equal(ages("age_cap"), "ok");
  assert.equal(ages("bucket", { edges: [0, 18, 65, 90, 120] }), "ok");
  assert.equal(ages("bucket", { edges: [0, 18, 65, 90] }), "ok");
  assert.equal(ages("bucket", { edges: [0, 18, 65, 130, 140] }), "ok");
  assert.equal(ages("bucket", { edges: [0, 18, 65, 91] }), "blocks");
  assert.equal(ages("bucket", { edges: [0, 90, 119, 130] }), "blocks");
  assert.equal(verdict(SAFE, { operator: "age_cap", class: "mrn", type: "int16" })[0], "blocks");
});

test("safe harbor: three digits of a ZIP code may stay, if small areas are those of the current census", () => {
  const zip = { operator: "zip3", parameters: { census: "2000" }, class: "zip" } as const;
  assert.deepEqual(verdict(SAFE, zip), ["attest", "164.514(b)(2)(i)(B)"]);
  assert.equal(verdict(SAFE, { ...zip, class: "address" })[0], "blocks");
  assert.equal(verdict(SAFE, { operator: "mask", parameters: { keepLeft: 3 }, class: "zip" })[0], "blocks");
  for (const name of ["city", "county", "coordinates"] as const) {
    assert.equal(verdict(SAFE, { operator: "keep", class: name })[0], "blocks", name);
  }
});

test("redacted text needs a reader, and redaction does nothing for what has no detector", () => {
  for (const profile of [SAFE, LIMITED, EXPERT] as const) {
    for (const name of [null, "none", "ssn", "fax", "mbi"] as const) {
      assert.equal(verdict(profile, { operator: "redact", class: name })[0], "attest", `${profile} ${name}`);
    }
    for (const name of ["full_name", "address", "mrn"] as const) {
      assert.equal(verdict(profile, { operator: "redact", class: name })[0], "blocks", `${profile} ${name}`);
    }
    const parameters = { detectors: ["email"] };
    assert.equal(verdict(profile, { operator: "redact", parameters, class: "ssn" })[0], "blocks", profile);
    assert.equal(verdict(profile, { operator: "redact", parameters, class: "email" })[0], "attest", profile);
  }
  assert.equal(verdict(SAFE, { operator: "redact", class: "service_date" })[0], "attest");
  assert.equal(verdict(SAFE, { operator: "redact", class: "age" })[0], "blocks");
});

test("a column of which nobody says what it is blocks every claim, until its class is declared or it is gone", () => {
  for (const profile of [SAFE, LIMITED, EXPERT] as const) {
    assert.equal(judged(profile, { operator: "keep" }).class, null);
    assert.equal(verdict(profile, { operator: "keep" })[0], "blocks", profile);
    assert.equal(verdict(profile, { operator: "keep", class: "none" })[0], "attest", profile);
    assert.equal(verdict(profile, { operator: "drop" })[0], "ok", profile);
  }
});

test("`none` is the owner's word against the column's name and role, and is said to be", () => {
  assert.deepEqual(verdict(SAFE, { operator: "keep", class: "none" }), ["attest", "164.514(b)(2)(ii)"]);
  const plain = judged(SAFE, { operator: "keep", class: "none" }).why;
  const named = judged(SAFE, { operator: "keep", class: "none" }, "ssn").why;
  const unit = judged(SAFE, { operator: "keep", class: "none", role: "unit" }).why;
  assert.match(named, /though name or role say that they do/);
  assert.equal(unit, named);
  assert.notEqual(plain, named);
});

test("a class comes from the rules, else the name, else the operator, else the role, else the type", () => {
  const classOf = (column: Parameters<typeof judged>[1], name?: string): unknown =>
    judged(SAFE, column, name).class;
  assert.equal(classOf({ operator: "keep", class: "mrn" }, "ssn"), "mrn");
  assert.equal(classOf({ operator: "phone" }, "ssn"), "ssn");
  assert.equal(classOf({ operator: "phone", role: "unit" }), "phone");
  assert.equal(classOf({ operator: "keep", role: "unit", type: "date" }), "unique_id");
  assert.equal(classOf({ operator: "keep", type: "timestamp[UTC]" }), "date");
  assert.equal(classOf({ operator: "keep" }), null);
});

test("the numbers of providers are listed ones, unless the owner says that they are nobody's", () => {
  assert.deepEqual(verdict(SAFE, { operator: "keep" }, "npi"), ["blocks", "164.514(b)(2)(i)(K)"]);
  assert.equal(verdict(SAFE, { operator: "keep", class: "none" }, "npi")[0], "attest");
});

test("tokens that are kept, or made again, are judged by what made them", () => {
  const made = (operator: string, parameters = {}) => ({ operator, parameters });
  for (const operator of ["keep", "rewrap"]) {
    assert.equal(verdict(SAFE, { operator, class: "ssn", made: made("siv") })[0], "blocks", operator);
    assert.equal(verdict(EXPERT, { operator, class: "ssn", made: made("siv") })[0], "ok", operator);
    assert.equal(judged(EXPERT, { operator, class: "ssn", made: made("siv") }).operator, "siv");
  }
  const kept = { operator: "keep", class: "ssn" } as const;
  assert.equal(verdict(SAFE, { ...kept, made: made("random") })[0], "ok");
  assert.equal(verdict(EXPERT, { ...kept, made: made("mask", { keepRight: 4 }) })[0], "attest");
  // A new operator on old tokens is a new operator.
  assert.equal(verdict(SAFE, { operator: "siv", class: "ssn", made: made("random") })[0], "blocks");
  // Years that were capped when the data were younger tell ages over 89 now.
  const years = { operator: "keep", class: "birth_date", type: "int32" } as const;
  assert.equal(verdict(SAFE, { ...years, made: made("date_year", { asOf: YEAR - 5 }) })[0], "blocks");
});

test("limited data set: sixteen identifiers have to go, each by its own paragraph", () => {
  const cited = new Set<string>();
  for (const name of LISTED) {
    const [found, cite] = verdict(LIMITED, { operator: "keep", class: name });
    if (found === "blocks") cited.add(cite);
  }
  const numbers = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi".split(" ");
  assert.deepEqual([...cited].sort(), numbers.map((number) => `164.514(e)(2)(${number})`).sort());
});

test("limited data set: dates, ages, towns and ZIP codes may stay; counties and other numbers on the owner's word", () => {
  for (const name of ["birth_date", "service_date", "date", "age", "city", "zip", "gender"] as const) {
    assert.equal(verdict(LIMITED, { operator: "keep", class: name })[0], "ok", name);
  }
  for (const name of ["county", "unique_id", "user_name", "passport", "itin"] as const) {
    assert.equal(verdict(LIMITED, { operator: "keep", class: name })[0], "attest", name);
  }
});

test("limited data set: codes of any make stand in for identifiers, but no part of one may stay", () => {
  for (const operator of ["siv", "cmac", "hmac", "ff1", "ssn", "random"]) {
    const column = { operator, parameters: parametersOf(operator), class: "ssn" } as const;
    assert.equal(verdict(LIMITED, column)[0], "ok", operator);
  }
  assert.equal(
    verdict(LIMITED, { operator: "mask", parameters: { keepRight: 4 }, class: "ssn" })[0],
    "blocks",
  );
  assert.equal(verdict(LIMITED, { operator: "pan", parameters: { keep: "last4" } })[0], "blocks");
  const email = (domain: string): string =>
    verdict(LIMITED, { operator: "email", parameters: { local: "siv", domain } })[0];
  assert.equal(email("keep"), "attest");
  assert.equal(email("token"), "ok");
});

test("limited data set: always needs its purpose and a data use agreement", () => {
  const { supported, attestations } = claim(LIMITED, { c: { operator: "drop" } });
  assert.ok(supported);
  assert.deepEqual(
    attestations.map(({ cite }) => cite),
    ["164.514(e)(3)(i)", "164.514(e)(4)"],
  );
});

test("expert: takes any operator, but no direct identifier as it is; always needs a documented determination", () => {
  for (const operator of [...DERIVED, "random"]) {
    const column = { operator, parameters: parametersOf(operator), class: "ssn" } as const;
    assert.notEqual(verdict(EXPERT, column)[0], "blocks", operator);
  }
  for (const name of ["full_name", "ssn", "mrn", "address", "coordinates", "unique_id", "photo"] as const) {
    assert.deepEqual(
      verdict(EXPERT, { operator: "keep", class: name }),
      ["blocks", "164.514(b)(1)(i)"],
      name,
    );
  }
  for (const name of ["zip", "city", "birth_date", "age", "gender"] as const) {
    assert.equal(verdict(EXPERT, { operator: "keep", class: name })[0], "attest", name);
  }
  const { attestations } = claim(EXPERT, { c: { operator: "drop" } });
  assert.deepEqual(
    attestations.map(({ cite }) => cite),
    ["164.514(b)(1)(i)", "164.514(b)(1)(ii)"],
  );
});

test("expert: what tokens leave of a value is named to the expert", () => {
  const left = (operator: string, parameters = {}): string =>
    verdict(EXPERT, { operator, parameters, class: "pan" })[0];
  assert.equal(left("siv"), "ok");
  assert.equal(left("pan", { keep: "last4" }), "attest");
  assert.equal(left("mask", { keepRight: 4 }), "attest");
  assert.equal(left("mask"), "ok");
  assert.equal(left("email", { local: "cmac", domain: "keep" }), "attest");
});

test("a claim is supported where no column blocks it, and says whether any column is what it is about", () => {
  const columns = { a: { operator: "drop", class: "ssn" }, b: { operator: "keep", class: "none" } } as const;
  assert.equal(claim(SAFE, columns).supported, true);
  assert.equal(claim(SAFE, { ...columns, c: { operator: "keep", class: "ssn" } }).supported, false);
  assert.equal(claim(SAFE, columns).concerns, true);
  assert.equal(claim(SAFE, { b: columns.b }).concerns, false);
  assert.equal(claim("pci-store", columns).concerns, false);
});
