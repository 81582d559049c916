// rules.yaml: the rules of a manifest in the words and with the defaults that a person writes. What they mean is
// core/manifest/rules.ts's; this only translates, and puts recipients' keys in place of their files' names.
import { SealroomError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { PublicJwk } from "../core/manifest/jwk.ts";
import type { ColumnEntry, Rules } from "../core/manifest/manifest.ts";
import { parseRules } from "../core/manifest/rules.ts";
import type { Arithmetic } from "../core/plan/arithmetic.ts";
import { Field } from "../core/text/field.ts";
import { isName } from "../core/text/name.ts";
import { parseYaml } from "../core/text/yaml.ts";
import { readExpression } from "../query/sql/expression.ts";
import { spellTokenization } from "./tokenization-rules.ts";

/** Rules that have been read but not yet held against a schema. */
export interface RulesFile {
  readonly members: Readonly<Record<string, JsonValue>>;
}

/** Reads the public key that rules.yaml names by path, relative to rules.yaml. */
export type ResolveKey = (reference: string) => Promise<PublicJwk>;

/** As in rules.yaml, and as in a manifest. */
const NAMES = {
  min_units: "minUnits",
  max_groups: "maxGroups",
  adhoc: "adhoc",
  plans: "plans",
  bounds: "bounds",
  max_share: "maxShare",
  extremes: "extremes",
  rounding: "rounding",
  interval: "interval",
  group_keys: "groupKeys",
  bins: "bins",
  distinct: "distinct",
  expressions: "expressions",
  joins: "joins",
  recipients: "recipients",
  release: "release",
  tokenization: "tokenization",
  token_keys: "tokenKeys",
  vaults: "vaults",
} as const;

const DEFAULTS: Readonly<Record<string, JsonValue>> = {
  adhoc: false,
  plans: [],
  bounds: {},
  maxShare: null,
  extremes: [],
  rounding: { counts: null, sums: {} },
  groupKeys: {},
  recipients: [],
  release: "sealed",
};

/** Reads the wrapped token key that rules.yaml names by path, as `sealroom token-key` wrote it. */
export type ResolveTokenKey = (reference: string) => Promise<JsonValue>;

const NO_TOKEN_KEYS: ResolveTokenKey = () =>
  Promise.reject(new SealroomError("OWNER_RULES", { field: "token_keys" }));

/** @throws OWNER_RULES, JSON_*, YAML_*, SQL_*, with the place; what `resolve` and `resolveTokenKey` throw */
export async function parseRulesFile(
  text: string,
  resolve: ResolveKey,
  resolveTokenKey: ResolveTokenKey = NO_TOKEN_KEYS,
): Promise<RulesFile> {
  const fields = new Field(parseYaml(text), "", "OWNER_RULES").record(
    ["min_units", "max_groups"],
    [
      "adhoc",
      "plans",
      "bounds",
      "max_share",
      "extremes",
      "rounding",
      "interval",
      "group_keys",
      "bins",
      "distinct",
      "expressions",
      "joins",
      "recipients",
      "release",
      "tokenization",
      "token_keys",
      "vaults",
    ],
  );
  // As wide as the smallest group that is shown, unless the owner says otherwise.
  const members: Record<string, JsonValue> = { ...DEFAULTS, interval: fields.min_units.value };
  for (const [name, key] of Object.entries(NAMES)) {
    const field = fields[name as keyof typeof NAMES];
    // `bounds:` with nothing after it means none.
    if (field === undefined || (field.value === null && (key in DEFAULTS || OPTIONAL.includes(key)))) {
      continue;
    }
    members[key] =
      key === "tokenKeys" ? await resolveAll(field, resolveTokenKey) : await translate(key, field, resolve);
  }
  return { members };
}

/** What a manifest leaves out where there is none. */
const OPTIONAL: readonly string[] = [
  "bins",
  "distinct",
  "expressions",
  "joins",
  "tokenization",
  "tokenKeys",
  "vaults",
];

async function resolveAll(field: Field, resolve: ResolveTokenKey): Promise<JsonValue> {
  const keys: JsonValue[] = [];
  for (const entry of field.list(1, 1_024)) {
    keys.push(typeof entry.value === "string" ? await resolve(entry.value) : entry.value);
  }
  return keys;
}

async function translate(key: string, field: Field, resolve: ResolveKey): Promise<JsonValue> {
  if (key === "recipients") return resolveRecipients(field, resolve);
  if (key === "expressions") return readExpressions(field);
  if (key === "joins") return field.list(1, 256).map(spellJoin);
  if (key === "vaults") return field.list(1, 64).map(spellVault);
  if (key !== "rounding") return field.value;
  const { counts, sums } = field.record([], ["counts", "sums"]);
  return { counts: counts?.value ?? null, sums: sums?.value ?? {} };
}

/** As text, `price * (1 - discount)`, or spelt out as in a manifest. */
async function readExpressions(field: Field): Promise<JsonValue> {
  const table: Record<string, JsonValue> = {};
  for (const [name, member] of field.members()) {
    if (!isName(name)) throw member.fault("not a name");
    table[name] = typeof member.value === "string" ? await readText(member, member.value) : member.value;
  }
  return table;
}

/** Where it is wrong is told by the rule's place, and by the place in its text. */
async function readText(field: Field, text: string): Promise<JsonValue> {
  try {
    return asJson(await readExpression(text));
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    throw new SealroomError(error.code, { field: field.path, ...error.details }, { cause: error.cause });
  }
}

function asJson(arithmetic: Arithmetic): JsonValue {
  if (typeof arithmetic !== "object") return arithmetic;
  return { op: arithmetic.op, of: arithmetic.of.map(asJson) };
}

/** `{domain, audience}` begins a map; with `map`, as `sealroom sign` told it, tokens go on from there. */
function spellVault(field: Field): JsonValue {
  const { domain, audience, map } = field.record(["domain", "audience"], ["map"]);
  return { domain: domain.value, audience: audience.value, map: map?.value ?? null };
}

/** `{owner, dataset, on: {COLUMN: THEIRS, ...}}`. */
function spellJoin(field: Field): JsonValue {
  const { owner, dataset, on } = field.record(["owner", "dataset", "on"]);
  const keys = on.members().map(([own, theirs]) => ({ own, theirs: theirs.value }));
  return { owner: owner.value, dataset: dataset.value, keys };
}

async function resolveRecipients(field: Field, resolve: ResolveKey): Promise<JsonValue> {
  const keys: JsonValue[] = [];
  for (const entry of field.list(0, 1_000)) {
    keys.push(typeof entry.value === "string" ? { ...(await resolve(entry.value)) } : entry.value);
  }
  return keys;
}

/** What rules are held against. */
export interface RuledTable {
  readonly schema: readonly ColumnEntry[];
  /** The data set's KMS key: that of its copies too, where rules name none. */
  readonly keyArn: string;
}

/**
 * The rules, held against the schema that they speak of.
 * @throws OWNER_RULES, MANIFEST_RULES, KEY_*, TOKEN_OPERATOR, with the place as rules.yaml has it
 */
export function checkRules({ members }: RulesFile, table: RuledTable): Rules {
  try {
    const tokenization = members["tokenization"];
    const spelt =
      tokenization === undefined ? members : { ...members, tokenization: spellTokenization(members, table) };
    return parseRules(new Field(spelt, "", "OWNER_RULES"), table.schema);
  } catch (error) {
    if (!(error instanceof SealroomError)) throw error;
    const { field } = error.details;
    if (typeof field !== "string") throw error;
    throw new SealroomError(
      error.code,
      { ...error.details, field: asWritten(field) },
      { cause: error.cause },
    );
  }
}

/** A path in a manifest's rules as it stands in rules.yaml. */
function asWritten(path: string): string {
  const found = Object.entries(NAMES).find(
    ([, key]) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`),
  );
  return found === undefined ? path : found[0] + path.slice(found[1].length);
}
