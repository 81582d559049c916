// What a manifest says of tokens: which copies with tokens may be made of a data set, for whom and with which operator
// in each column; the keys of token domains; and, of a copy, what its tokens were made by. What an operator makes of its
// parameters is jobs/'s.
import { IDENTIFIERS } from "../detect/identifier.ts";
import type { IdentifierName } from "../detect/identifier.ts";
import type { JsonObject } from "../json.ts";
import { SHA384_HEX } from "../text/digest.ts";
import type { Field } from "../text/field.ts";
import { nearestDetail } from "../text/field.ts";
import { MAX_VERSION } from "../token/version.ts";
import type { ColumnEntry, Role } from "./manifest.ts";
import { DATASET_NAME, ROLES } from "./manifest.ts";
import { KEY_ARN, parseWrappedKey } from "./wrapped-key.ts";

/** What becomes of a value that its operator does not take. It is never passed through. */
export type InvalidRule = "error" | "null" | "redact" | "quarantine";
const INVALID_RULES: readonly InvalidRule[] = ["error", "null", "redact", "quarantine"];

/** One column of a copy. `keep` and `drop` have nothing else; all other operators are jobs/tokenize's. */
export interface ColumnRule {
  readonly operator: string;
  /** The token domain, of operators with keys; null of others. */
  readonly domain: string | null;
  /** Of the domain's key; null where there is no domain. */
  readonly version: number | null;
  readonly parameters: JsonObject;
  readonly invalid: InvalidRule;
  /** What the column's values are, where the owner says so: claims of a regime rest on it. */
  readonly class: IdentifierName | "none" | null;
  /** The column that says whose row it is, for operators that need it. */
  readonly unit: string | null;
  /** The role that the column has in the copy. */
  readonly role: Role;
}

/** A copy that may be made. */
export interface AudienceRule {
  /** What the copy is called. */
  readonly dataset: string;
  /** The KMS key under which the copy's own key is drawn, a fresh one for each job. */
  readonly keyArn: string;
  /** Every column of the schema, each once. */
  readonly columns: Readonly<Record<string, ColumnRule>>;
}

/** One version of a domain's master key, as KMS wrapped it under the token context. */
export interface TokenKeyEntry {
  readonly domain: string;
  readonly version: number;
  readonly keyArn: string;
  /** base64url. */
  readonly wrappedKey: string;
}

/** From which map the random tokens of a domain and an audience go on; null where none has been assigned yet. */
export interface VaultEntry {
  readonly domain: string;
  readonly audience: string;
  readonly map: VaultMap | null;
}

export interface VaultMap {
  /** Relative to the place of the copies. */
  readonly key: string;
  /** Of the domain's key, under which it is sealed. */
  readonly version: number;
  /** SHA-384 (hex) of the authenticated header. */
  readonly digest: string;
  readonly bytes: number;
  readonly rows: number;
}

/** What the tokens of a column were made by, and so what reveals them. */
export interface TokenFacts {
  readonly operator: string;
  readonly domain: string | null;
  readonly version: number | null;
  readonly audience: string;
  readonly parameters: JsonObject;
  /** For tokens that were made by unit: the column that says whose row it is. */
  readonly unit: string | null;
}

const MAX_AUDIENCES = 64;
const MAX_TOKEN_KEYS = 1_024;
export const MAX_VAULTS = 64;
/** `RUN/vault-N.sealed`, as a job named it. */
const VAULT_KEY: Readonly<RegExp> = /^[0-9a-f]{16}\/vault-[0-9]{1,2}\.sealed$/;
const OPERATOR: Readonly<RegExp> = /^[a-z][a-z0-9_]{0,31}$/;
const CLASSES = [...(Object.keys(IDENTIFIERS) as IdentifierName[]), "none"] as const;

/** By audience. Errors: MANIFEST_FIELD, MANIFEST_RULES. */
export function parseAudiences(
  field: Field,
  schema: readonly ColumnEntry[],
): Readonly<Record<string, AudienceRule>> {
  const audiences = Object.create(null) as Record<string, AudienceRule>;
  const members = field.members();
  if (members.length === 0 || members.length > MAX_AUDIENCES) {
    throw field.fault("too few or too many", { least: 1, most: MAX_AUDIENCES });
  }
  for (const [name, member] of members) {
    if (!DATASET_NAME.test(name)) throw member.fault("not an audience's name");
    const { dataset, keyArn, columns } = member.record(["dataset", "keyArn", "columns"]);
    if (Object.values(audiences).some((other) => other.dataset === dataset.value)) {
      // Plans name data sets by owner and name: which of two copies is meant would be the host's to choose.
      throw dataset.fault("named twice", {}, "MANIFEST_RULES");
    }
    audiences[name] = {
      dataset: dataset.matching(DATASET_NAME),
      keyArn: keyArn.matching(KEY_ARN),
      columns: parseColumns(columns, schema),
    };
  }
  return audiences;
}

/**
 * One rule for each column of the schema: one that nobody thought of would otherwise leave as it is. `schema`: null for
 * the rules as a receipt repeats them.
 */
export function parseColumns(field: Field, schema: readonly ColumnEntry[] | null): AudienceRule["columns"] {
  const columns = Object.create(null) as Record<string, ColumnRule>;
  const names = schema?.map(({ name }) => name) ?? field.members().map(([name]) => name);
  for (const [name, member] of field.members()) {
    if (!names.includes(name)) {
      throw member.fault("no such column", nearestDetail(name, names), "MANIFEST_RULES");
    }
    columns[name] = parseColumn(member, names);
  }
  const missing = names.find((name) => columns[name] === undefined);
  if (missing !== undefined) throw field.fault("a column has no rule", { column: missing }, "MANIFEST_RULES");
  return columns;
}

function parseColumn(field: Field, names: readonly string[]): ColumnRule {
  const fields = field.record([
    "operator",
    "domain",
    "version",
    "parameters",
    "invalid",
    "class",
    "unit",
    "role",
  ]);
  const { domain, unit } = fields;
  return {
    operator: fields.operator.matching(OPERATOR),
    ...parseScope(domain, fields.version),
    parameters: parseParameters(fields.parameters),
    invalid: fields.invalid.oneOf(INVALID_RULES),
    class: fields.class.value === null ? null : fields.class.oneOf(CLASSES),
    unit: unit.value === null ? null : parseUnit(unit, names),
    role: fields.role.oneOf(ROLES),
  };
}

function parseScope(domain: Field, version: Field): Pick<TokenFacts, "domain" | "version"> {
  if ((domain.value === null) !== (version.value === null)) {
    throw version.fault("a domain and its version go together", {}, "MANIFEST_RULES");
  }
  if (domain.value === null) return { domain: null, version: null };
  return { domain: domain.matching(DATASET_NAME), version: version.integer(1, MAX_VERSION) };
}

function parseParameters(field: Field): JsonObject {
  field.members();
  return field.value as JsonObject;
}

/** Errors: MANIFEST_FIELD, MANIFEST_RULES. */
export function parseTokenKeys(field: Field): readonly TokenKeyEntry[] {
  const seen = new Set<string>();
  return field.list(1, MAX_TOKEN_KEYS).map((entry) => {
    const { domain, version, keyArn, wrappedKey } = entry.record([
      "domain",
      "version",
      "keyArn",
      "wrappedKey",
    ]);
    const key: TokenKeyEntry = {
      domain: domain.matching(DATASET_NAME),
      version: version.integer(1, MAX_VERSION),
      keyArn: keyArn.matching(KEY_ARN),
      wrappedKey: parseWrappedKey(wrappedKey),
    };
    const name = `${key.domain}:${key.version}`;
    if (seen.has(name)) throw entry.fault("named twice", {}, "MANIFEST_RULES");
    seen.add(name);
    return key;
  });
}

/** Errors: MANIFEST_FIELD, MANIFEST_RULES. */
export function parseVaults(field: Field): readonly VaultEntry[] {
  const seen = new Set<string>();
  return field.list(1, MAX_VAULTS).map((entry) => {
    const vault = parseVault(entry.record(["domain", "audience", "map"]));
    const name = `${vault.domain}:${vault.audience}`;
    if (seen.has(name)) throw entry.fault("named twice", {}, "MANIFEST_RULES");
    seen.add(name);
    return vault;
  });
}

export function parseVault(fields: Readonly<Record<"domain" | "audience" | "map", Field>>): VaultEntry {
  const { domain, audience, map } = fields;
  return {
    domain: domain.matching(DATASET_NAME),
    audience: audience.matching(DATASET_NAME),
    map: map.value === null ? null : parseVaultMap(map),
  };
}

function parseVaultMap(field: Field): VaultMap {
  const { key, version, digest, bytes, rows } = field.record(["key", "version", "digest", "bytes", "rows"]);
  return {
    key: key.matching(VAULT_KEY),
    version: version.integer(1, MAX_VERSION),
    digest: digest.matching(SHA384_HEX),
    bytes: bytes.integer(1, Number.MAX_SAFE_INTEGER),
    rows: rows.integer(0, Number.MAX_SAFE_INTEGER),
  };
}

/** By column of the schema, or of a result where `schema` is null. Errors: MANIFEST_FIELD, MANIFEST_RULES. */
export function parseTokens(
  field: Field,
  schema: readonly ColumnEntry[] | null,
): Readonly<Record<string, TokenFacts>> {
  const tokens = Object.create(null) as Record<string, TokenFacts>;
  const names = schema?.map(({ name }) => name) ?? field.members().map(([name]) => name);
  for (const [name, member] of field.members()) {
    if (!names.includes(name)) {
      throw member.fault("no such column", nearestDetail(name, names), "MANIFEST_RULES");
    }
    const fields = member.record(["operator", "domain", "version", "audience", "parameters", "unit"]);
    tokens[name] = {
      operator: fields.operator.matching(OPERATOR),
      ...parseScope(fields.domain, fields.version),
      audience: fields.audience.matching(DATASET_NAME),
      parameters: parseParameters(fields.parameters),
      unit: fields.unit.value === null ? null : fields.unit.name(),
    };
  }
  return tokens;
}

function parseUnit(field: Field, names: readonly string[]): string {
  const name = field.text();
  if (names.includes(name)) return name;
  throw field.fault("no such column", nearestDetail(name, names), "MANIFEST_RULES");
}
