// The inputs as one typed relation: columns matched by name, converted exactly, and surveyed before anything is
// sealed. A value that does not convert is told by column, file and row, never by what it says.
import { findColumnType, type ColumnType } from "../core/column/type.ts";
import { SealroomError } from "../core/errors.ts";
import type { ColumnEntry } from "../core/manifest/manifest.ts";
import { nearestDetail } from "../core/text/field.ts";
import { textConversion, typedConversion, type Conversion } from "./convert.ts";
import { isOutOfMemory, queryRows, type Database } from "./database.ts";
import { inferTypes } from "./infer.ts";
import { inputFault, type Input, type InputColumn } from "./input.ts";
import type { SchemaFile } from "./schema-file.ts";

/** A column as it is sealed; in the relation `typed` it is c0, c1, ... by position. */
export interface SealColumn extends ColumnEntry {
  readonly arrowType: ColumnType;
}

export interface Source {
  readonly columns: readonly SealColumn[];
  readonly unitColumn: number | null;
  readonly rows: number;
  readonly droppedRows: number;
  /** By column: about how many distinct values it has. */
  readonly distinct: readonly number[];
}

export const TYPED = "typed";
const BAD = "bad";

/** How much memory an input takes as a table, by bytes of file. */
const GROWTH: Readonly<Record<Input["format"], number>> = { csv: 1.5, parquet: 8, arrow: 1.5 };

/** About how many bytes the inputs are as a table. */
export function tableBytes(inputs: readonly Input[]): number {
  return inputs.reduce((sum, { bytes, format }) => sum + bytes * GROWTH[format], 0);
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

/** @throws OWNER_INPUT, OWNER_COLUMN_TYPE, OWNER_VALUES, OWNER_UNIT_NULL, OWNER_MEMORY */
export async function openSource(
  database: Database,
  inputs: readonly Input[],
  schema: SchemaFile,
  columns: readonly SealColumn[],
): Promise<Source> {
  const parts = inputs.map((input) => ({ input, conversions: conversionsOf(input, schema, columns) }));
  const unitColumn = schema.unit === null ? null : columns.findIndex(({ name }) => name === schema.unit);
  const selects = parts.map(({ input, conversions }) => {
    const values = conversions.map(({ value }, i) => `${value} AS c${i}`);
    const exact = conversions.map((conversion) => conversion.exact).filter((sql) => sql !== "true");
    const bad = exact.length === 0 ? "false" : `NOT (${exact.join(" AND ")})`;
    return `SELECT ${[...values, `${bad} AS ${BAD}`].join(", ")} FROM ${input.relation}`;
  });
  await createTyped(database, selects.join(" UNION ALL "), inputs);
  const survey = await surveyTyped(database, inputs, columns, unitColumn);
  if (survey.bad > 0) throw await diagnose(database, parts, columns);
  if (survey.unitless > 0 && schema.nullUnits === "refuse") {
    throw new SealroomError("OWNER_UNIT_NULL", { column: schema.unit ?? "", rows: survey.unitless });
  }
  return {
    columns,
    unitColumn,
    rows: survey.rows - survey.unitless,
    droppedRows: survey.unitless,
    distinct: survey.distinct,
  };
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

/** A table where that fits easily, so that text is parsed once; else a view, and the files are read once a pass. */
async function createTyped(database: Database, select: string, inputs: readonly Input[]): Promise<void> {
  const { connection, limits } = database;
  if (tableBytes(inputs) <= limits.memoryBytes / 4) {
    try {
      await connection.run(`CREATE TABLE ${TYPED} AS ${select}`);
      return;
    } catch (cause) {
      if (!isOutOfMemory(cause)) throw await blame(database, inputs, cause);
    }
  }
  await connection.run(`CREATE VIEW ${TYPED} AS ${select}`);
}

interface Survey {
  readonly rows: number;
  readonly bad: number;
  readonly unitless: number;
  readonly distinct: readonly number[];
}

async function surveyTyped(
  database: Database,
  inputs: readonly Input[],
  columns: readonly SealColumn[],
  unitColumn: number | null,
): Promise<Survey> {
  const distinct = columns.map((_, i) => `approx_count_distinct(c${i}) AS d${i}`);
  const unitless = unitColumn === null ? "0" : `count(*) FILTER (c${unitColumn} IS NULL)`;
  const counts = [
    "count(*) AS n",
    `count(*) FILTER (${BAD}) AS ${BAD}`,
    `${unitless} AS unitless`,
    ...distinct,
  ];
  try {
    const [row = {}] = await queryRows(database.connection, `SELECT ${counts.join(", ")} FROM ${TYPED}`);
    return {
      rows: Number(row["n"]),
      bad: Number(row[BAD]),
      unitless: Number(row["unitless"]),
      distinct: columns.map((_, i) => Number(row[`d${i}`])),
    };
  } catch (cause) {
    throw await blame(database, inputs, cause);
  }
}

/** The first input that cannot be read by itself, and why. */
async function blame(database: Database, inputs: readonly Input[], cause: unknown): Promise<SealroomError> {
  for (const input of inputs) {
    try {
      await database.connection.run(
        `SELECT count(*), max(${input.columns[0]?.raw ?? "1"}) FROM ${input.relation}`,
      );
    } catch (error) {
      return inputFault(input.file, error);
    }
  }
  return inputFault(inputs[0]?.file ?? "", cause);
}

interface Part {
  readonly input: Input;
  readonly conversions: readonly Conversion[];
}

/** Where the first values that do not convert stand; rows are counted from 1, after the header. */
async function diagnose(
  database: Database,
  parts: readonly Part[],
  columns: readonly SealColumn[],
): Promise<SealroomError> {
  for (const { input, conversions } of parts) {
    for (const [i, { exact }] of conversions.entries()) {
      if (exact === "true") continue;
      const numbered = `SELECT row_number() OVER () AS row_at, NOT (${exact}) AS ${BAD} FROM ${input.relation}`;
      const [row = {}] = await queryRows(
        database.connection,
        `SELECT count(*) AS n, min(row_at) AS first_row FROM (${numbered}) WHERE ${BAD}`,
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
  return new SealroomError("OWNER_CHANGED", { file: parts[0]?.input.file ?? "" });
}
