// Manifest bytes to a Manifest in which every field has been checked. The signature comes first: see verify.ts.
import { findColumnType, UNIT_START_FIELD } from "../column/type.ts";
import { parseCanonical } from "../json.ts";
import type { TextLimits } from "../json.ts";
import { Field } from "../text/field.ts";
import { foldName } from "../text/name.ts";
import { parseSealingJwk } from "./jwk.ts";
import { DATASET_NAME, MAX_COLUMNS, MAX_MANIFEST_BYTES, ROLES } from "./manifest.ts";
import type { ColumnEntry, Manifest, UnitKind } from "./manifest.ts";
import { parseObjects } from "./objects.ts";
import { parseRules } from "./rules.ts";
import { parseTokens } from "./tokenization.ts";
import { KEY_ARN, parseWrappedKey } from "./wrapped-key.ts";

/** A hundred thousand objects of some eleven values each, the columns, and room for listed plans and keys. */
const LIMITS: TextLimits = { bytes: MAX_MANIFEST_BYTES, depth: 12, values: 1_500_000 };
const RESERVED_PREFIX = UNIT_START_FIELD.slice(0, UNIT_START_FIELD.indexOf(":") + 1);
export const UNITS: readonly UnitKind[] = ["column", "row", "scattered"];
const MEMBERS = [
  "version",
  "dataset",
  "epoch",
  "keyArn",
  "wrappedKey",
  "unit",
  "schema",
  "objects",
  "rules",
  "ownerKey",
  "notAfter",
] as const;

/** Errors: JSON_*, MANIFEST_FIELD, MANIFEST_SCHEMA, MANIFEST_OBJECT, MANIFEST_TOTAL, MANIFEST_RULES, KEY_*. */
export function parseManifest(bytes: Uint8Array): Manifest {
  const fields = new Field(parseCanonical(bytes, LIMITS), "", "MANIFEST_FIELD").record(MEMBERS, ["tokens"]);
  const version = fields.version.oneOf([1]);
  const epoch = fields.epoch.integer(1, Number.MAX_SAFE_INTEGER);
  const unit = fields.unit.oneOf(UNITS);
  const schema = parseSchema(fields.schema, unit);
  const manifest: Manifest = {
    version,
    dataset: fields.dataset.matching(DATASET_NAME),
    epoch,
    keyArn: fields.keyArn.matching(KEY_ARN),
    wrappedKey: parseWrappedKey(fields.wrappedKey),
    unit,
    schema,
    objects: parseObjects(fields.objects, unit),
    rules: parseRules(fields.rules, schema),
    ownerKey: parseSealingJwk(fields.ownerKey.value, fields.ownerKey.path),
    notAfter: fields.notAfter.integer(epoch, Number.MAX_SAFE_INTEGER),
  };
  const { tokens } = fields;
  return tokens === undefined ? manifest : { ...manifest, tokens: parseTokens(tokens, schema) };
}

export function parseSchema(field: Field, unit: UnitKind): readonly ColumnEntry[] {
  const seen = new Set<string>();
  const schema = field.list(1, MAX_COLUMNS).map((entry) => {
    const { name, type, role } = entry.record(["name", "type", "role"]);
    const column: ColumnEntry = { name: name.name(), type: type.text(), role: role.oneOf(ROLES) };
    const folded = foldName(column.name);
    if (folded.startsWith(RESERVED_PREFIX)) throw name.fault("reserved", {}, "MANIFEST_SCHEMA");
    if (seen.has(folded)) throw name.fault("named twice", {}, "MANIFEST_SCHEMA");
    if (findColumnType(column.type) === undefined) throw type.fault("no such type", {}, "MANIFEST_SCHEMA");
    seen.add(folded);
    return column;
  });
  const units = schema.filter(({ role }) => role === "unit");
  // Marks tell units apart without a column, as in a copy that has dropped it.
  const isNamed = units.length === (unit === "row" ? 0 : 1) || (unit === "column" && units.length === 0);
  if (!isNamed) {
    throw field.fault("unit columns", { units: units.length }, "MANIFEST_SCHEMA");
  }
  // Scattered rows are of one unit if its values are equal, and equal floats are a matter of rounding.
  if (unit === "scattered" && findColumnType(units[0]?.type ?? "")?.kind === "float") {
    throw field.fault("a float names no unit", {}, "MANIFEST_SCHEMA");
  }
  return schema;
}
