// schema.yaml: how an input's columns are read, and what each may be used for. A person writes it, so each fault
// names its place, and unknown words the known one that is nearest.
import { findColumnType } from "../core/column/type.ts";
import { CSV_DELIMITERS, CSV_DELIMITER_NAMES, CSV_HEADERS, MAX_NULL_TOKENS } from "../core/csv/dialect.ts";
import type { CsvHeader } from "../core/csv/dialect.ts";
import { SealroomError, type Details } from "../core/errors.ts";
import type { Role } from "../core/manifest/manifest.ts";
import { Field, nearestDetail } from "../core/text/field.ts";
import { parseYaml } from "../core/text/yaml.ts";

export interface SchemaColumn {
  readonly name: string;
  /** A name that findColumnType knows; null to take the one that the values fit. */
  readonly type: string | null;
  readonly role: Role;
}

export interface SchemaFile {
  /** The column whose values say who is protected, or null when each row is by itself (`unit: row`). */
  readonly unit: string | null;
  /** What becomes of rows without a unit. */
  readonly nullUnits: "refuse" | "drop";
  /** CSV only: what stands for null. In a text column only where it is not quoted. */
  readonly nullTokens: readonly string[];
  readonly delimiter: string;
  /** CSV only. What is sealed has names; a text to adopt may have none, and then has the columns in this file's order. */
  readonly header: CsvHeader;
  /** Columns of the input that are not sealed at all. */
  readonly drop: readonly string[];
  readonly columns: readonly SchemaColumn[];
}

const ROLES: readonly Role[] = ["unit", "identifier", "dimension", "measure", "hidden"];
const MAX_DROPPED = 10_000;

/** @throws OWNER_SCHEMA, OWNER_UNIT_OPEN, JSON_*, YAML_*, with the place */
export function parseSchemaFile(text: string): SchemaFile {
  const fields = new Field(parseYaml(text), "", "OWNER_SCHEMA").record(
    ["unit", "columns"],
    ["null_units", "null_tokens", "delimiter", "header", "drop"],
  );
  const columns = fields.columns.members().map(([name, field]) => parseColumn(name, field));
  if (columns.length === 0) throw fields.columns.fault("too few", { least: 1 });
  const unit = parseUnit(fields.unit, columns);
  return {
    unit,
    nullUnits: fields.null_units?.oneOf(["refuse", "drop"]) ?? "refuse",
    nullTokens: fields.null_tokens?.list(0, MAX_NULL_TOKENS).map((token) => token.text()) ?? [""],
    delimiter: CSV_DELIMITERS[fields.delimiter?.oneOf(CSV_DELIMITER_NAMES) ?? "comma"],
    header: fields.header?.oneOf(CSV_HEADERS) ?? "names",
    drop: fields.drop?.list(0, MAX_DROPPED).map((name) => parseDropped(name, columns)) ?? [],
    columns,
  };
}

function parseColumn(name: string, field: Field): SchemaColumn {
  const { type, role } = field.record(["role"], ["type"]);
  const typeName = type?.text() ?? null;
  if (typeName !== null && findColumnType(typeName) === undefined) {
    throw new SealroomError("OWNER_SCHEMA", {
      field: `${field.path}.type`,
      fault: "no such type",
      ...nearestType(typeName),
    });
  }
  return { name, type: typeName, role: role.oneOf(ROLES) };
}

/** What people call our types elsewhere. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["string", "utf8"],
  ["text", "utf8"],
  ["varchar", "utf8"],
  ["integer", "int64"],
  ["bigint", "int64"],
  ["long", "int64"],
  ["float", "float64"],
  ["double", "float64"],
  ["numeric", "decimal(12,2)"],
  ["decimal", "decimal(12,2)"],
  ["boolean", "bool"],
  ["datetime", "timestamp"],
  ["timestamptz", "timestamp[UTC]"],
]);

function nearestType(name: string): Details {
  const alias = ALIASES.get(name.toLowerCase());
  return alias === undefined ? nearestDetail(name, TYPE_EXAMPLES) : { nearest: alias };
}

const TYPE_EXAMPLES: readonly string[] = [
  "bool",
  ...[8, 16, 32, 64].flatMap((bits) => [`int${bits}`, `uint${bits}`]),
  "float32",
  "float64",
  "decimal(12,2)",
  "utf8",
  "date",
  "timestamp",
  "timestamp[UTC]",
];

/** What `seal --init` writes where it found nobody to protect: a guess here would be a promise to nobody. */
export const OPEN_UNIT = "CHOOSE";

/** `unit: row`, or the one column of role unit; that a column may itself be named "row" is no excuse to guess. */
function parseUnit(field: Field, columns: readonly SchemaColumn[]): string | null {
  const named = field.text();
  if (named === OPEN_UNIT && !columns.some(({ name }) => name === named)) {
    throw new SealroomError("OWNER_UNIT_OPEN", { field: field.path });
  }
  const units = columns.filter(({ role }) => role === "unit").map(({ name }) => name);
  if (named === "row") {
    if (units.length > 0) throw field.fault("a column has the role unit", { units: units.length });
    return null;
  }
  if (units.length !== 1 || units[0] !== named) {
    const role = columns.find(({ name }) => name === named)?.role;
    const near = nearestDetail(
      named,
      columns.map(({ name }) => name),
    );
    if (role === undefined) throw field.fault("no such column", near);
    throw field.fault("it, and no other column, has to have the role unit", { role, units: units.length });
  }
  return named;
}

function parseDropped(field: Field, columns: readonly SchemaColumn[]): string {
  const name = field.text();
  if (columns.some((column) => column.name === name)) throw field.fault("also a column");
  return name;
}
