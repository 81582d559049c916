// Proposes schema.yaml and rules.yaml for files that have none: types from the values, roles from what detectors find in
// a sample of them, names and counts, bounds from quantiles, operators for tokenized copies. Each line says why. Nothing is proposed that opens more than an owner would have to undo.
import { findColumnType, type ColumnType } from "../core/column/type.ts";
import { SealroomError } from "../core/errors.ts";
import { nearestDetail } from "../core/text/field.ts";
import { isName } from "../core/text/name.ts";
import {
  DEFAULT_LIMITS,
  openDatabase,
  queryRows,
  type Database,
  type DatabaseLimits,
} from "./read/database.ts";
import { inferTypes } from "./read/infer.ts";
import { inputFault, openInputs, type Input, type InputColumn } from "./read/input.ts";
import { textConversion, typedConversion } from "./read/convert.ts";
import { sampleTexts } from "./read/sample.ts";
import type { IdentifierName } from "../core/detect/identifier.ts";
import { identifyColumn, UNIDENTIFIED, type ColumnIdentity } from "./identify.ts";
import { tokenizationText } from "./propose-operator.ts";
import { namesUnit, proposeRole, type ColumnFacts } from "./propose-role.ts";
import { ROW_UNIT, rulesText, schemaText, type ProposedColumn, type Scope } from "./proposal-text.ts";

export interface Proposal {
  /** Text of schema.yaml. */
  readonly schema: string;
  /** Text of rules.yaml. */
  readonly rules: string;
  /** The column proposed as unit; null when none was found and the owner has to say. */
  readonly unit: string | null;
}

export interface ProposalRequest {
  readonly input: string;
  /** The column that says whose row it is, or `row`; looked for by name if left out. */
  readonly unit?: string;
  readonly limits?: DatabaseLimits;
}

const NULL_TOKENS: readonly string[] = [""];

/** @throws OWNER_INPUT, OWNER_COLUMNS, OWNER_MEMORY; OWNER_UNIT for a unit that is no column */
export async function proposeFiles({
  input: file,
  unit: chosen,
  limits = DEFAULT_LIMITS,
}: ProposalRequest): Promise<Proposal> {
  const database = await openDatabase(limits);
  try {
    const delimiter = /\.tsv$/i.test(file) ? "\t" : ",";
    const [input] = await openInputs(database, [file], { nullTokens: NULL_TOKENS, delimiter });
    if (input === undefined) throw new RangeError("no input");
    const unusable = input.columns.find(({ name }) => !isName(name));
    if (unusable !== undefined) {
      throw new SealroomError("OWNER_COLUMNS", { file, unusable: unusable.name.slice(0, 64) });
    }
    const { typed, dropped } = await typeColumns(database, input);
    const studied = await studyColumns(database, input, typed);
    const named = chosen === undefined ? studied.find(namesUnit) : findChosen(studied, chosen);
    const columns = named === undefined ? studied : await studyTotals(database, input, studied, named);
    const unit = columns.find(({ name }) => name === named?.name) ?? null;
    const why = chosen === undefined ? "its name says that it tells whose row it is: CONFIRM" : "you said so";
    const final = columns.map((column) =>
      column === unit ? { ...column, role: "unit" as const, why } : column,
    );
    const scope: Scope = unit ?? (chosen === ROW_UNIT ? "row" : null);
    return {
      schema: schemaText(final, scope, dropped, delimiter),
      rules: `${rulesText(final, scope)}${tokenizationText(final, scope, file)}`,
      unit: scope === "row" ? ROW_UNIT : (unit?.name ?? null),
    };
  } finally {
    database.close();
  }
}

function findChosen(columns: readonly ProposedColumn[], chosen: string): ProposedColumn | undefined {
  const column = columns.find(({ name }) => name === chosen);
  if (column === undefined && chosen !== ROW_UNIT) {
    const near = nearestDetail(
      chosen,
      columns.map(({ name }) => name),
    );
    throw new SealroomError("OWNER_UNIT", { unit: chosen.slice(0, 64), ...near });
  }
  return column;
}

interface TypedColumn {
  readonly column: InputColumn;
  readonly typeName: string;
  readonly type: ColumnType;
}

/** Columns of a type that no sealed table holds are proposed to be left out. */
async function typeColumns(
  database: Database,
  input: Input,
): Promise<{ readonly typed: readonly TypedColumn[]; readonly dropped: readonly string[] }> {
  const names = new Map<InputColumn, string>();
  const dropped: string[] = [];
  if (input.format === "csv") {
    const found = await inferTypes(database, input, input.columns, NULL_TOKENS);
    for (const [i, column] of input.columns.entries()) names.set(column, found[i] ?? "utf8");
  } else {
    for (const column of input.columns) {
      try {
        const [name = "utf8"] = await inferTypes(database, input, [column], NULL_TOKENS);
        names.set(column, name);
      } catch (error) {
        if (!(error instanceof SealroomError) || error.code !== "OWNER_COLUMN_TYPE") throw error;
        dropped.push(column.name);
      }
    }
  }
  const typed = [...names].map(([column, typeName]) => ({
    column,
    typeName,
    type: findColumnType(typeName) ?? { kind: "utf8" as const },
  }));
  return { typed, dropped };
}

async function studyColumns(
  database: Database,
  input: Input,
  typed: readonly TypedColumn[],
): Promise<readonly ProposedColumn[]> {
  const values = typed.map(({ column, type }) => {
    const conversion =
      input.format === "csv"
        ? textConversion(column.raw, type, NULL_TOKENS)
        : typedConversion(column.raw, column.type, type);
    return conversion?.value ?? column.raw;
  });
  const facts = typed.flatMap(({ type }, i) => {
    const value = values[i] ?? "NULL";
    const quantiles = isNumber(type)
      ? [`approx_quantile(CAST(${value} AS DOUBLE), [0.01, 0.99]) AS q${i}`]
      : [];
    return [`count(${value}) AS v${i}`, `approx_count_distinct(${value}) AS d${i}`, ...quantiles];
  });
  let row: Readonly<Record<string, unknown>>;
  try {
    [row = {}] = await queryRows(
      database.connection,
      `SELECT ${["count(*) AS n", ...facts].join(", ")} FROM ${input.relation}`,
    );
  } catch (cause) {
    throw inputFault(input.file, cause);
  }
  const rows = Number(row["n"]);
  const identities = await identifyColumns(database, input, typed, values);
  return typed.map(({ column, typeName, type }, i) => {
    const present = Number(row[`v${i}`]);
    // The estimate may exceed what is possible.
    const distinct = Math.min(present, Number(row[`d${i}`]));
    const isSpelt =
      input.format === "csv" && type.kind === "int" && SPELT.has(identities[i]?.identifier ?? null);
    const kept = isSpelt ? ({ kind: "utf8" } as const) : type;
    const study: ColumnFacts = { name: column.name, type: kept, rows, nulls: rows - present, distinct };
    const quantiles = readQuantiles(row[`q${i}`]);
    const identity = identities[i] ?? UNIDENTIFIED;
    const role = proposeRole(study, identity);
    return {
      ...study,
      typeName: isSpelt ? "utf8" : typeName,
      value: values[i] ?? "NULL",
      quantiles,
      identity,
      ...role,
    };
  });
}

/** Detectors take text, and digits that somebody may have stored as a number. */
async function identifyColumns(
  database: Database,
  input: Input,
  typed: readonly TypedColumn[],
  values: readonly string[],
): Promise<readonly ColumnIdentity[]> {
  const isSampled = typed.map(({ type }) => type.kind === "utf8" || type.kind === "int");
  const sampled = values.filter((_, i) => isSampled[i]);
  const samples = await sampleTexts(database, input, sampled);
  let next = 0;
  return typed.map(({ column }, i) =>
    identifyColumn(column.name, isSampled[i] === true ? (samples[next++] ?? []) : []),
  );
}

/** What the rules clip is a unit's total, so that is what bounds are proposed from: a row says nothing of it. */
async function studyTotals(
  database: Database,
  input: Input,
  columns: readonly ProposedColumn[],
  unit: ProposedColumn,
): Promise<readonly ProposedColumn[]> {
  const measures = columns.filter(({ role, quantiles }) => role === "measure" && quantiles !== null);
  if (measures.length === 0) return columns;
  const totals = measures.map(({ value }, i) => `sum(CAST(${value} AS DOUBLE)) AS t${i}`);
  const quantiles = measures.map((_, i) => `approx_quantile(t${i}, [0.01, 0.99]) AS q${i}`);
  const byUnit = `SELECT ${totals.join(", ")} FROM ${input.relation} GROUP BY ${unit.value}`;
  let row: Readonly<Record<string, unknown>>;
  try {
    [row = {}] = await queryRows(database.connection, `SELECT ${quantiles.join(", ")} FROM (${byUnit})`);
  } catch (cause) {
    throw inputFault(input.file, cause);
  }
  return columns.map((column) => {
    const at = measures.indexOf(column);
    return at < 0 ? column : { ...column, quantiles: readQuantiles(row[`q${at}`]) };
  });
}

function readQuantiles(found: unknown): readonly [number, number] | null {
  return Array.isArray(found) ? [Number(found[0]), Number(found[1])] : null;
}

/** Identifiers of digits: as numbers of a CSV file they would lose leading zeros and plus signs. */
const SPELT: ReadonlySet<IdentifierName | null> = new Set<IdentifierName>([
  "phone",
  "fax",
  "pan",
  "ssn",
  "itin",
  "zip",
  "npi",
  "aba",
  "account",
]);

function isNumber(type: ColumnType): boolean {
  return type.kind === "int" || type.kind === "float" || type.kind === "decimal";
}
