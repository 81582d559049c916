// What the inputs' columns become: matched by name, converted exactly. A value that does not convert is told by column,
// file and row, never by what it says.
import { findColumnType, type ColumnType } from "../../core/column/type.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ColumnEntry } from "../../core/manifest/manifest.ts";
import { nearestDetail } from "../../core/text/field.ts";
import type { ReadColumn, ReadPlan } from "./chunk-reader.ts";
import { textCast, textConversion, typedConversion, type Conversion } from "./convert.ts";
import { queryRows, type Database } from "./database.ts";
import { inferTypes } from "./infer.ts";
import type { Input, InputColumn } from "./input.ts";
import type { RecordLayout } from "../order/record-layout.ts";
import type { SchemaFile } from "../schema-file.ts";
import { spellerOf } from "./spelling.ts";

export interface SealColumn extends ColumnEntry {
  readonly arrowType: ColumnType;
}

/** The columns that are sealed, with their types; those that schema.yaml leaves open are found in the values. */
export async function resolveColumns(
  database: Database,
  inputs: readonly Input[],
  schema: SchemaFile,
): Promise<readonly SealColumn[]> {
  for (const input of inputs) checkColumns(input, schema);
  const open = schema.columns.filter(({ type }) => type === null).map(({ name }) => name);
  const inferred = new Map<string, string>();
  for (const input of open.length === 0 ? [] : inputs) {
    const columns = open.map((name) => columnOf(input, name));
    const types = await inferTypes(database, input, columns, schema.nullTokens);
    for (const [i, name] of open.entries()) {
      const type = types[i] ?? "utf8";
      const before = inferred.get(name);
      if (before !== undefined && before !== type) {
        throw new SealroomError("OWNER_SCHEMA", {
          field: `columns.${name}.type`,
          fault: "inputs differ; give the type",
        });
      }
      inferred.set(name, type);
    }
  }
  return columnsOf(schema, inferred);
}

/** The columns as schema.yaml has them, before anything is read: types that it leaves open are `utf8` until then. */
export function declaredColumns(schema: SchemaFile): readonly SealColumn[] {
  return columnsOf(schema, new Map());
}

function columnsOf(schema: SchemaFile, inferred: ReadonlyMap<string, string>): readonly SealColumn[] {
  return schema.columns.map(({ name, role, type: given }) => {
    const type = given ?? inferred.get(name) ?? "utf8";
    const arrowType = findColumnType(type);
    if (arrowType === undefined) throw new RangeError(`no type ${type}`);
    if (role === "unit" && arrowType.kind === "float") {
      throw new SealroomError("OWNER_SCHEMA", {
        field: `columns.${name}.type`,
        fault: "a unit cannot be a float",
      });
    }
    return { name, type, role, arrowType };
  });
}

function checkColumns(input: Input, schema: SchemaFile): void {
  const { file } = input;
  const names = input.columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new SealroomError("OWNER_COLUMNS", { file, twice });
  const known = [...schema.columns.map(({ name }) => name), ...schema.drop];
  const missing = known.find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new SealroomError("OWNER_COLUMNS", { file, missing, ...nearestDetail(missing, names) });
  }
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SealroomError("OWNER_COLUMNS", { file, unknown, ...nearestDetail(unknown, known) });
  }
}

function columnOf(input: Input, name: string): InputColumn {
  const found = input.columns.find((column) => column.name === name);
  if (found === undefined) throw new SealroomError("OWNER_COLUMNS", { file: input.file, missing: name });
  return found;
}

/** Which of the input's columns has the name. */
export function columnPlace(input: Input, name: string): number {
  return input.columns.indexOf(columnOf(input, name));
}

/**
 * What to ask DuckDB of an input.
 * @throws OWNER_COLUMN_TYPE
 */
export function readPlan(
  input: Input,
  schema: SchemaFile,
  columns: readonly SealColumn[],
  { fields }: RecordLayout,
): ReadPlan {
  const conversions = conversionsOf(input, schema, columns);
  const planned = columns.map(({ name, arrowType }, i): ReadColumn => {
    const field = fields[i];
    if (field === undefined) throw new RangeError("one field a column");
    const { raw } = columnOf(input, name);
    const looksRight = input.format === "csv" ? spellerOf(arrowType) : null;
    if (looksRight === null) return { field, value: conversions[i]?.value ?? raw, raw: null };
    return { field, value: textCast(raw, arrowType), raw: { text: raw, looksRight } };
  });
  const exact = conversions.map((conversion) => conversion.exact).filter((sql) => sql !== "true");
  const { nullTokens } = schema;
  return { columns: planned, exact: input.format === "csv" ? [] : exact, nullTokens };
}

function conversionsOf(
  input: Input,
  schema: SchemaFile,
  columns: readonly SealColumn[],
): readonly Conversion[] {
  return columns.map(({ name, arrowType }) => {
    const { raw, type } = columnOf(input, name);
    const conversion =
      input.format === "csv"
        ? textConversion(raw, arrowType, schema.nullTokens)
        : typedConversion(raw, type, arrowType);
    if (conversion === undefined) {
      throw new SealroomError("OWNER_COLUMN_TYPE", {
        file: input.file,
        column: name,
        type: type.slice(0, 64),
      });
    }
    return conversion;
  });
}

/**
 * Where the first values that do not convert stand; rows are counted from 1, after the header. A pass for each column,
 * over a file that is refused.
 */
export async function diagnose(
  database: Database,
  inputs: readonly Input[],
  schema: SchemaFile,
  columns: readonly SealColumn[],
): Promise<SealroomError> {
  for (const input of inputs) {
    for (const [i, { exact }] of conversionsOf(input, schema, columns).entries()) {
      if (exact === "true") continue;
      const numbered = `SELECT row_number() OVER () AS row_at, NOT (${exact}) AS bad FROM ${input.relation}`;
      const [row = {}] = await queryRows(
        database.connection,
        `SELECT count(*) AS n, min(row_at) AS first_row FROM (${numbered}) WHERE bad`,
      );
      const rows = Number(row["n"]);
      if (rows === 0) continue;
      const { name, type } = columns[i] ?? { name: "", type: "" };
      return new SealroomError("OWNER_VALUES", {
        file: input.file,
        column: name,
        type,
        rows,
        firstRow: Number(row["first_row"]),
      });
    }
  }
  return new SealroomError("OWNER_CHANGED", { file: inputs[0]?.file ?? "" });
}
