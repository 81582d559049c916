// The rules of a manifest: what may be released, to whom, and how a unit's contribution is bounded.
import type { ColumnType } from "../column/type.ts";
import { scaledDecimal, typedLiteral } from "../plan/literal.ts";
import { SHA384_HEX } from "../text/digest.ts";
import type { Field } from "../text/field.ts";
import { MAX_ALL_EDGES, parseEdges } from "./bins.ts";
import type { Edges } from "./bins.ts";
import { expressionEntries, parseExpressions } from "./expressions.ts";
import { parseDistinct } from "./distinct.ts";
import { parseJoinRules } from "./joins.ts";
import { isSameKey, parseSealingJwk } from "./jwk.ts";
import type { P256Jwk } from "./jwk.ts";
import type { Bounds, ColumnEntry, Role, Rounding, Rules } from "./manifest.ts";
import { ruledColumn } from "./ruled-column.ts";
import { parseAudiences, parseTokenKeys, parseVaults } from "./tokenization.ts";

const MAX_GROUPS = 10_000_000;
const MAX_PLANS = 10_000;
const MAX_RECIPIENTS = 1_000;
const MAX_GROUP_KEYS = 100_000;

const MEMBERS = [
  "minUnits",
  "maxGroups",
  "adhoc",
  "plans",
  "bounds",
  "maxShare",
  "extremes",
  "rounding",
  "interval",
  "groupKeys",
  "recipients",
  "release",
] as const;

/** Errors: MANIFEST_FIELD, MANIFEST_RULES, KEY_*. */
export function parseRules(field: Field, schema: readonly ColumnEntry[]): Rules {
  const fields = field.record(MEMBERS, [
    "bins",
    "distinct",
    "expressions",
    "joins",
    "tokenization",
    "tokenKeys",
    "vaults",
  ]);
  const maxGroups = fields.maxGroups.integer(1, MAX_GROUPS);
  const { bins, distinct, joins, tokenization, tokenKeys, vaults } = fields;
  const expressions = fields.expressions && parseExpressions(fields.expressions, schema);
  const measured = [...schema, ...expressionEntries(expressions ?? {}, schema)];
  return {
    minUnits: fields.minUnits.integer(2, Number.MAX_SAFE_INTEGER),
    maxGroups,
    adhoc: fields.adhoc.flag(),
    plans: parsePlans(fields.plans),
    bounds: byColumn(fields.bounds, measured, ["measure"], parseBounds),
    maxShare: fields.maxShare.value === null ? null : parseShare(fields.maxShare),
    extremes: parseExtremes(fields.extremes, measured),
    rounding: parseRounding(fields.rounding, measured),
    interval: fields.interval.integer(1, Number.MAX_SAFE_INTEGER),
    groupKeys: byColumn(fields.groupKeys, schema, ["dimension"], (keys, type) =>
      parseGroupKeys(keys, type, maxGroups),
    ),
    ...(expressions === undefined ? {} : { expressions }),
    ...(bins === undefined ? {} : { bins: parseBins(bins, schema) }),
    ...(distinct === undefined ? {} : { distinct: parseDistincts(distinct, schema) }),
    ...(joins === undefined ? {} : { joins: parseJoinRules(joins, schema) }),
    recipients: parseRecipients(fields.recipients),
    release: fields.release.oneOf(["sealed", "clear"]),
    ...(tokenization === undefined ? {} : { tokenization: parseAudiences(tokenization, schema) }),
    ...(tokenKeys === undefined ? {} : { tokenKeys: parseTokenKeys(tokenKeys) }),
    ...(vaults === undefined ? {} : { vaults: parseVaults(vaults) }),
  };
}

/** A member that says nothing is refused: what there is not is left out, so that one set of rules has one form. */
function parseBins(field: Field, schema: readonly ColumnEntry[]): Readonly<Record<string, Edges>> {
  const bins = byColumn(field, schema, ["measure", "dimension"], parseEdges);
  const edges = Object.values(bins).reduce((sum, { length }) => sum + length, 0);
  if (edges === 0) throw field.fault("empty", {}, "MANIFEST_RULES");
  if (edges > MAX_ALL_EDGES) throw field.fault("too many", { most: MAX_ALL_EDGES }, "MANIFEST_RULES");
  return bins;
}

function parseDistincts(field: Field, schema: readonly ColumnEntry[]): Readonly<Record<string, number>> {
  const distinct = byColumn(field, schema, ["measure", "dimension"], parseDistinct);
  if (Object.keys(distinct).length === 0) throw field.fault("empty", {}, "MANIFEST_RULES");
  return distinct;
}

function parsePlans(field: Field): readonly string[] {
  const plans = field.list(0, MAX_PLANS).map((plan) => plan.matching(SHA384_HEX));
  if (new Set(plans).size < plans.length) throw field.fault("named twice", {}, "MANIFEST_RULES");
  return plans;
}

function parseRecipients(field: Field): readonly P256Jwk[] {
  const recipients: P256Jwk[] = [];
  for (const entry of field.list(0, MAX_RECIPIENTS)) {
    const recipient = parseSealingJwk(entry.value, entry.path);
    if (recipients.some((other) => isSameKey(other, recipient))) {
      throw entry.fault("named twice", {}, "MANIFEST_RULES");
    }
    recipients.push(recipient);
  }
  return recipients;
}

function byColumn<T>(
  field: Field,
  schema: readonly ColumnEntry[],
  roles: readonly Role[],
  parse: (field: Field, type: ColumnType, role: Role) => T,
): Readonly<Record<string, T>> {
  const table = Object.create(null) as Record<string, T>;
  for (const [name, member] of field.members()) {
    const { type, role } = ruledColumn(member, name, schema, roles);
    table[name] = parse(member, type, role);
  }
  return table;
}

function parseBounds(field: Field, type: ColumnType): Bounds {
  const { lower, upper } = field.record(["lower", "upper"]);
  const bounds: Bounds = { lower: parseBound(lower, type), upper: parseBound(upper, type) };
  if (bounds.lower > bounds.upper) throw field.fault("lower above upper", {}, "MANIFEST_RULES");
  return bounds;
}

function parseShare(field: Field): number {
  const share = field.number();
  if (!(share > 0 && share <= 1)) throw field.fault("out of range", { above: 0, most: 1 });
  return share;
}

function parseExtremes(field: Field, schema: readonly ColumnEntry[]): readonly string[] {
  const names = new Set<string>();
  for (const entry of field.list(0, schema.length)) {
    const name = entry.text();
    const { type } = ruledColumn(entry, name, schema, ["measure"]);
    if (!isNumeric(type)) throw entry.fault("not a number column", {}, "MANIFEST_RULES");
    if (names.has(name)) throw entry.fault("named twice", {}, "MANIFEST_RULES");
    names.add(name);
  }
  return [...names];
}

function parseRounding(field: Field, schema: readonly ColumnEntry[]): Rounding {
  const { counts, sums } = field.record(["counts", "sums"]);
  return {
    counts: counts.value === null ? null : counts.integer(2, Number.MAX_SAFE_INTEGER),
    sums: byColumn(sums, schema, ["measure"], (step, type) => {
      const parsed = parseBound(step, type);
      if (parsed <= 0) throw step.fault("out of range", { above: 0 }, "MANIFEST_RULES");
      return parsed;
    }),
  };
}

function isNumeric({ kind }: ColumnType): boolean {
  return kind === "int" || kind === "float" || kind === "decimal";
}

/** In whole steps of the column's type, and within 2^53 of them, so that clipping is exact. */
function parseBound(field: Field, type: ColumnType): number {
  const bound = field.number();
  if (type.kind === "float") {
    if (Math.abs(bound) > Number.MAX_SAFE_INTEGER) throw field.fault("out of range", {}, "MANIFEST_RULES");
    return bound;
  }
  if (!isNumeric(type)) throw field.fault("not a number column", {}, "MANIFEST_RULES");
  const scaled = scaledDecimal(bound, type.kind === "decimal" ? type.scale : 0);
  if (scaled === undefined) throw field.fault("finer than the column's type", {}, "MANIFEST_RULES");
  if (!Number.isSafeInteger(Number(scaled))) throw field.fault("out of range", {}, "MANIFEST_RULES");
  return bound;
}

function parseGroupKeys(
  field: Field,
  type: ColumnType,
  maxGroups: number,
): readonly (string | number | boolean)[] {
  if (type.kind === "float") throw field.fault("a float cannot be grouped", {}, "MANIFEST_RULES");
  const seen = new Set<unknown>();
  return field.list(1, Math.min(MAX_GROUP_KEYS, maxGroups)).map((entry) => {
    const { value } = entry;
    if (typeof value === "object") throw entry.fault("not a value");
    const typed = typedLiteral(value, type);
    if (typed === undefined) throw entry.fault("not of the column's type", {}, "MANIFEST_RULES");
    if (seen.has(typed.value)) throw entry.fault("named twice", {}, "MANIFEST_RULES");
    seen.add(typed.value);
    return value;
  });
}
