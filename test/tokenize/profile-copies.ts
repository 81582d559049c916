// Copies to be judged: a column's rule with what is left out filled in, and the manifest it stands in.
import assert from "node:assert/strict";
import type { IdentifierName } from "../../core/detect/identifier.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import type { Role } from "../../core/manifest/manifest.ts";
import type { AudienceRule, ColumnRule, TokenFacts } from "../../core/manifest/tokenization.ts";
import { claimsOf } from "../../jobs/tokenize/profiles/claims.ts";
import type { Claim, Finding, ProfileName } from "../../jobs/tokenize/profiles/claim.ts";
import { exampleManifest, KEY_ARN, makeParty } from "../manifest/example.ts";

const { publicKey } = await makeParty();

export interface Column {
  readonly operator: string;
  readonly parameters?: JsonObject;
  readonly class?: IdentifierName | "none" | null;
  readonly type?: string;
  readonly role?: Role;
  /** What made the tokens that the column already has. */
  readonly made?: Pick<TokenFacts, "operator" | "parameters">;
}

export type Columns = Readonly<Record<string, Column>>;

/** The year in which the example's manifest is signed. */
export const YEAR = 2025;

/** `others`: copies of the same columns that the rules let be made as well. */
export function claims(columns: Columns, ...others: readonly Columns[]): readonly Claim[] {
  const manifest = manifestOf(columns, others);
  const rule = manifest.rules.tokenization?.["first"];
  assert.ok(rule !== undefined);
  return claimsOf(rule, manifest);
}

export function manifestOf(columns: Columns, others: readonly Columns[] = []): Manifest {
  const example = exampleManifest(publicKey);
  const tokens = Object.entries(columns).flatMap(([name, { made }]) =>
    made === undefined ? [] : [[name, { domain: "d", version: 1, audience: "a", unit: null, ...made }]],
  );
  return {
    ...example,
    schema: Object.entries(columns).map(([name, { type, role }]) => ({
      name,
      type: type ?? "utf8",
      role: role ?? "identifier",
    })),
    rules: {
      ...example.rules,
      tokenization: {
        first: audienceOf(columns),
        ...Object.fromEntries(others.map((other, at) => [`other-${at}`, audienceOf(other)])),
      },
    },
    ...(tokens.length === 0 ? {} : { tokens: Object.fromEntries(tokens) as Manifest["tokens"] & object }),
  };
}

function audienceOf(columns: Columns): AudienceRule {
  const rules = Object.entries(columns).map(([name, column]): [string, ColumnRule] => [
    name,
    {
      operator: column.operator,
      domain: null,
      version: null,
      parameters: column.parameters ?? {},
      invalid: "error",
      class: column.class ?? null,
      unit: null,
      role: column.role ?? "identifier",
    },
  ]);
  return { dataset: "copy", keyArn: KEY_ARN, columns: Object.fromEntries(rules) };
}

export function claim(profile: ProfileName, columns: Columns, ...others: readonly Columns[]): Claim {
  const found = claims(columns, ...others).find((each) => each.profile === profile);
  assert.ok(found !== undefined);
  return found;
}

/** What is found of one column that is alone in its copy, under a name that says nothing. */
export function judged(profile: ProfileName, column: Column, name: string = "c"): Finding {
  const [finding] = claim(profile, { [name]: column }).findings;
  assert.ok(finding !== undefined);
  return finding;
}

/** `ok`, `attest` or `blocks`, and by which rule. */
export function verdict(
  profile: ProfileName,
  column: Column,
  name?: string,
): readonly [Finding["verdict"], string] {
  const finding = judged(profile, column, name);
  return [finding.verdict, finding.cite];
}

/** Every operator, with parameters of each effect that they have. */
export const VARIANTS: readonly (readonly [operator: string, parameters: JsonObject])[] = [
  ["drop", {}],
  ["keep", {}],
  ["siv", {}],
  ["cmac", {}],
  ["hmac", {}],
  ["random", {}],
  ["ff1", { alphabet: "0123456789" }],
  ["pan", { keep: "last4" }],
  ["pan", { keep: "bin6last4" }],
  ["pan", { keep: "bin8last4" }],
  ["ssn", {}],
  ["phone", {}],
  ["email", { local: "siv", domain: "token" }],
  ["email", { local: "siv", domain: "keep" }],
  ["email", { local: "cmac", domain: "replace" }],
  ["mask", {}],
  ["mask", { keepRight: 4 }],
  ["mask", { keepLeft: 8, keepRight: 4 }],
  ["mask", { keepLeft: 9 }],
  ["truncate", {}],
  ["truncate", { first: 0, last: 0 }],
  ["date_shift", {}],
  ["date_year", {}],
  ["date_year", { asOf: YEAR }],
  ["age_cap", {}],
  ["zip3", { census: "2000" }],
  ["bucket", { edges: [0, 65, 130] }],
  ["bucket", { edges: [0, 95, 130] }],
  ["redact", {}],
  ["redact", { detectors: ["email"] }],
];

export const DERIVED: readonly string[] = ["siv", "cmac", "hmac", "ff1", "pan", "ssn", "phone", "email"];
