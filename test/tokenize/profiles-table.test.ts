// Every operator has a standing in every profile, for every class of identifiers; and the table of docs/tokenization.md is
// what the code says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { IDENTIFIERS } from "../../core/detect/identifier.ts";
import type { IdentifierName } from "../../core/detect/identifier.ts";
import type { JsonObject } from "../../core/json.ts";
import { OPERATORS } from "../../jobs/tokenize/operators.ts";
import { PROFILES } from "../../jobs/tokenize/profiles/claims.ts";
import { JUDGED_OPERATORS } from "../../jobs/tokenize/profiles/remains.ts";
import { claims, DERIVED, VARIANTS, verdict, YEAR } from "./profile-copies.ts";

const CLASSES = [null, "none", ...(Object.keys(IDENTIFIERS) as IdentifierName[])] as const;
const CITES = { "45 CFR": /^164\.514\([bce]\)(\([0-9a-zA-Z]+\))*$/, "PCI DSS 4.0.1": /^3\.[0-9.]+$/ };

test("every operator that there is, is judged", () => {
  for (const name of OPERATORS.keys()) assert.ok(JUDGED_OPERATORS.includes(name), name);
  assert.deepEqual([...new Set(VARIANTS.map(([operator]) => operator))].sort(), [...JUDGED_OPERATORS].sort());
});

test("an operator that is not known is refused, as are parameters that it does not take", () => {
  assert.throws(() => claims({ c: { operator: "sivv" } }), {
    code: "TOKEN_OPERATOR",
    details: { nearest: "siv" },
  });
  assert.throws(() => claims({ c: { operator: "toString" } }), { code: "TOKEN_OPERATOR" });
  assert.throws(() => claims({ c: { operator: "mask", parameters: { keepRight: -1 } } }), {
    code: "TOKEN_PARAMETER",
  });
  // Of another copy that no job could make, nothing is held against this one.
  assert.equal(claims({ c: { operator: "siv" } }, { c: { operator: "sivv" } }).length, PROFILES.length);
});

test("every operator has a verdict, a reason and a citation for every class in every profile", () => {
  for (const [operator, parameters] of VARIANTS) {
    for (const name of CLASSES) {
      for (const { profile, regime, supported, findings } of claims({
        c: { operator, parameters, class: name },
      })) {
        const at = `${profile} ${operator} ${String(name)}`;
        const [finding] = findings;
        assert.ok(finding !== undefined, at);
        assert.ok(["ok", "attest", "blocks"].includes(finding.verdict), at);
        assert.equal(supported, finding.verdict !== "blocks", at);
        assert.match(finding.why, /^[A-Za-z].*[^.]$/, at);
        assert.match(finding.cite, CITES[regime], at);
      }
    }
  }
});

test("what safe harbor lets through, no other profile for health information holds against it", () => {
  for (const [operator, parameters] of VARIANTS) {
    for (const name of CLASSES) {
      const column = { operator, parameters, class: name };
      if (verdict("hipaa-safe-harbor", column)[0] === "blocks") continue;
      for (const profile of ["hipaa-limited-data-set", "hipaa-expert"] as const) {
        assert.notEqual(verdict(profile, column)[0], "blocks", `${profile} ${operator} ${String(name)}`);
      }
    }
  }
});

test("dropped columns block nothing, and derived codes of listed identifiers block safe harbor", () => {
  for (const name of CLASSES) {
    for (const { name: profile } of PROFILES) {
      assert.equal(
        verdict(profile, { operator: "drop", class: name })[0],
        "ok",
        `${profile} ${String(name)}`,
      );
    }
    if (name === null || name === "none" || IDENTIFIERS[name].hipaa === null) continue;
    for (const [operator, parameters] of VARIANTS.filter(([each]) => DERIVED.includes(each))) {
      const found = verdict("hipaa-safe-harbor", { operator, parameters, class: name });
      assert.equal(found[0], "blocks", `${operator} ${name}`);
    }
  }
});

interface Row {
  readonly label: string;
  readonly operators: readonly string[];
  /** Each with one verdict; left out: those of VARIANTS. */
  readonly parameters?: readonly JsonObject[];
  /** All of which have one verdict. */
  readonly classes: readonly (IdentifierName | "none" | null)[];
  /** Whether a card number can be so treated. */
  readonly cards: boolean;
}

const ROWS: readonly Row[] = [
  { label: "`drop`", operators: ["drop"], classes: ["ssn"], cards: true },
  {
    label: "`keep`, of an identifier",
    operators: ["keep"],
    classes: ["ssn", "full_name", "mrn"],
    cards: true,
  },
  {
    label: "`keep`, of a date, age, town or ZIP code",
    operators: ["keep"],
    classes: ["birth_date", "service_date", "age", "city", "zip"],
    cards: false,
  },
  { label: "`random`", operators: ["random"], classes: ["ssn"], cards: true },
  {
    label: "`siv`, `ff1`, `ssn`, `phone`",
    operators: ["siv", "ff1", "ssn", "phone"],
    classes: ["ssn"],
    cards: true,
  },
  { label: "`cmac`, `hmac`", operators: ["cmac", "hmac"], classes: ["ssn"], cards: true },
  {
    label: "`pan` with `last4`",
    operators: ["pan"],
    parameters: [{ keep: "last4" }],
    classes: ["pan"],
    cards: true,
  },
  {
    label: "`pan` with `bin6last4` or `bin8last4`",
    operators: ["pan"],
    parameters: [{ keep: "bin6last4" }, { keep: "bin8last4" }],
    classes: ["pan"],
    cards: true,
  },
  {
    label: "`email`, domain replaced or a token",
    operators: ["email"],
    parameters: [
      { local: "siv", domain: "token" },
      { local: "cmac", domain: "replace" },
    ],
    classes: ["email"],
    cards: false,
  },
  {
    label: "`email`, domain kept",
    operators: ["email"],
    parameters: [{ local: "siv", domain: "keep" }],
    classes: ["email"],
    cards: false,
  },
  { label: "`mask`, nothing kept", operators: ["mask"], classes: ["ssn", "pan"], cards: true },
  {
    label: "`mask`, up to six and four kept",
    operators: ["mask"],
    parameters: [{ keepLeft: 6, keepRight: 4 }, { keepRight: 4 }],
    classes: ["ssn", "pan"],
    cards: true,
  },
  { label: "`truncate`", operators: ["truncate"], classes: ["pan"], cards: true },
  { label: "`date_shift`", operators: ["date_shift"], classes: ["birth_date", "service_date"], cards: false },
  {
    label: "`date_year`, of births with `asOf`",
    operators: ["date_year"],
    parameters: [{ asOf: YEAR }],
    classes: ["birth_date"],
    cards: false,
  },
  {
    label: "`date_year`, of births without",
    operators: ["date_year"],
    classes: ["birth_date"],
    cards: false,
  },
  { label: "`date_year`, of other dates", operators: ["date_year"], classes: ["service_date"], cards: false },
  { label: "`age_cap`", operators: ["age_cap"], classes: ["age"], cards: false },
  { label: "`zip3`", operators: ["zip3"], parameters: [{ census: "2000" }], classes: ["zip"], cards: false },
  {
    label: "`bucket` of ages, no edge between 90 and 120",
    operators: ["bucket"],
    parameters: [{ edges: [0, 65, 130] }],
    classes: ["age"],
    cards: false,
  },
  {
    label: "`redact`, of what has a detector",
    operators: ["redact"],
    classes: ["ssn", "email"],
    cards: true,
  },
  {
    label: "`redact`, of names and addresses",
    operators: ["redact"],
    classes: ["full_name", "address"],
    cards: false,
  },
  { label: "class `none`, kept", operators: ["keep"], classes: ["none"], cards: false },
  { label: "no class, no telling name, kept", operators: ["keep"], classes: [null], cards: false },
];

const WORDS = { ok: "yes", attest: "attest", blocks: "no" };

function defaultsOf(operator: string): JsonObject {
  return VARIANTS.find(([each]) => each === operator)?.[1] ?? {};
}

function tableRow({ label, operators, parameters, classes, cards }: Row): string {
  const cells = PROFILES.map(({ name: profile, regime }) => {
    const isUndeclared = classes.every((each) => each === null || each === "none");
    if (regime !== "45 CFR" && !cards && !isUndeclared) return "–";
    const judgedAs = regime === "45 CFR" || isUndeclared ? classes : (["pan"] as const);
    const found = new Set(
      operators.flatMap((operator) =>
        judgedAs.flatMap((name) =>
          (parameters ?? [defaultsOf(operator)]).map(
            (given) => verdict(profile, { operator, parameters: given, class: name })[0],
          ),
        ),
      ),
    );
    const [only, ...others] = found;
    assert.ok(only !== undefined && others.length === 0, `${label} in ${profile}: ${[...found].join(", ")}`);
    return WORDS[only];
  });
  return `| ${[label, ...cells].join(" | ")} |`;
}

test("the documentation's table says what the code says", () => {
  const text = readFileSync(new URL("../../docs/tokenization.md", import.meta.url), "utf8");
  const lines = text.slice(text.indexOf("\n## Claims")).split("\n");
  const first = lines.findIndex((line) => line.startsWith("| --- "));
  const table = lines.slice(first + 1, lines.indexOf("", first));
  assert.deepEqual(table, ROWS.map(tableRow));
});
