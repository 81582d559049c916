// Proposes schema.yaml and rules.yaml for files that have none: types from the values, roles from names and counts,
// bounds from quantiles. Each line says why. Nothing is proposed that opens more than an owner would have to undo.
import { findColumnType, type ColumnType } from "../core/column/type.ts";
import { SealroomError } from "../core/errors.ts";
import type { Role } from "../core/manifest/manifest.ts";
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
import { OPEN_UNIT } from "./schema-file.ts";
import { namesUnit, proposeRole, type ColumnFacts } from "./propose-role.ts";

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
  readonly limits?: DatabaseLimits;
}

interface ProposedColumn extends ColumnFacts {
  readonly typeName: string;
  readonly role: Role;
  readonly why: string;
  /** The column's value in SQL. */
  readonly value: string;
  /** 1% and 99% quantiles of a number: of units' totals where there is a unit, else of rows. */
  readonly quantiles: readonly [number, number] | null;
}

const NULL_TOKENS: readonly string[] = [""];

/** @throws OWNER_INPUT, OWNER_COLUMNS, OWNER_MEMORY */
export async function proposeFiles({
  input: file,
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
    const named = studied.find(namesUnit);
    const columns = named === undefined ? studied : await studyTotals(database, input, studied, named);
    const unit = columns.find(namesUnit) ?? null;
    const final = columns.map((column) =>
      column === unit
        ? { ...column, role: "unit" as const, why: "its name says that it tells whose row it is: CONFIRM" }
        : column,
    );
    return {
      schema: schemaText(final, unit, dropped, delimiter),
      rules: rulesText(final, unit),
      unit: unit?.name ?? null,
    };
  } finally {
    database.close();
  }
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
  return typed.map(({ column, typeName, type }, i) => {
    const present = Number(row[`v${i}`]);
    // The estimate may exceed what is possible.
    const distinct = Math.min(present, Number(row[`d${i}`]));
    const study: ColumnFacts = { name: column.name, type, rows, nulls: rows - present, distinct };
    const quantiles = readQuantiles(row[`q${i}`]);
    return { ...study, typeName, value: values[i] ?? "NULL", quantiles, ...proposeRole(study) };
  });
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

function isNumber(type: ColumnType): boolean {
  return type.kind === "int" || type.kind === "float" || type.kind === "decimal";
}

function schemaText(
  columns: readonly ProposedColumn[],
  unit: ProposedColumn | null,
  dropped: readonly string[],
  delimiter: string,
): string {
  const head =
    unit === null
      ? [
          "# CHOOSE: who is protected. No column was found that says whose row it is, and this cannot be guessed: write the",
          "# column that names the person, and give it the role unit below; or write `row`, only where no person has two rows.",
          "# Until then `sealroom seal` refuses this file.",
          `unit: ${OPEN_UNIT}`,
        ]
      : [
          "# CONFIRM: who is protected: whoever this column names. `row` only where each row is somebody else.",
          `unit: ${yamlText(unit.name)}`,
        ];
  const lines = columns.map(
    ({ name, typeName, role, why }) =>
      `  ${yamlText(name)}: { type: ${yamlText(typeName)}, role: ${role} } # ${why}`,
  );
  return [
    "# How the columns are read, and what each may be used for. Roles:",
    "#   unit        whose row it is; never released      identifier  never released, filtered by or grouped by",
    "#   dimension   may be grouped and filtered by       measure     may be summed, averaged and so on, within bounds",
    "#   hidden      sealed, but takes part in nothing",
    ...head,
    "null_units: refuse # or drop: leave out rows without a unit",
    ...(delimiter === "," ? [] : ["delimiter: tab"]),
    'null_tokens: [""] # CSV: what stands for null where it is not quoted',
    ...(dropped.length === 0
      ? []
      : [`drop: [${dropped.map(yamlText).join(", ")}] # of types that cannot be sealed`]),
    "columns:",
    ...lines,
    "",
  ].join("\n");
}

function rulesText(columns: readonly ProposedColumn[], unit: ProposedColumn | null): string {
  const bounds = columns.flatMap(({ name, role, type, quantiles }) => {
    if (role !== "measure" || quantiles === null) return [];
    const [lower, upper] = boundsOf(quantiles, type);
    return [`  ${yamlText(name)}: { lower: ${lower}, upper: ${upper} }`];
  });
  const [about, from] =
    unit === null
      ? [
          "# all rows. No unit is chosen yet: these are from the 1% and 99% quantiles of ROWS, rounded. CONFIRM that honest",
          "# totals of a unit fit, and that the numbers give nobody away.",
        ]
      : [
          "# all rows. From the 1% and 99% quantiles of units' totals, rounded: CONFIRM that honest totals fit, and that the",
          "# numbers give nobody away.",
        ];
  return [
    "# What may be released. These rules are signed, not secret: anyone who holds the manifest can read them.",
    "min_units: 10 # a group of fewer distinct units is suppressed",
    "max_groups: 10000 # a job whose result would list more groups, totals among them, is refused",
    "max_share: 0.8 # where one unit has more than this share of a sum, the sum, average and variance are withheld",
    "interval: 10 # with totals: no count that is withheld may be worked out more closely than this",
    "extremes: [] # measures of which min and max may be asked; they are shown only where min_units units hold the value",
    "rounding: {} # { counts: 5, sums: { COLUMN: 100 } } rounds what is released to such multiples",
    "adhoc: false # true lets the recipients below run any plan that the roles allow; false asks for a grant, or a listed plan",
    "plans: [] # digests of plans that may always run, as `sealroom explain` prints them",
    "recipients: [] # public key files of those who may receive results, relative to this file",
    "release: sealed # clear would let a plan ask for results that the host can read",
    "group_keys: {} # column: [values] that are always listed, so that a missing group tells nothing",
    "# Each unit's TOTAL in a group is clipped to this, in the column's own unit; an average is of these totals, divided by",
    about,
    from,
    ...(bounds.length === 0 ? ["bounds: {}"] : ["bounds:", ...bounds]),
    "",
  ].join("\n");
}

/** Outward to two digits, in whole steps of the type; zero is always inside. */
function boundsOf([low, high]: readonly [number, number], type: ColumnType): readonly [number, number] {
  const places = type.kind === "decimal" ? type.scale : type.kind === "int" ? 0 : 6;
  return [-outward(Math.max(0, -low), places), outward(Math.max(0, high), places)];
}

function outward(value: number, places: number): number {
  if (value === 0 || !Number.isFinite(value)) return 0;
  const step = 10 ** Math.max(Math.floor(Math.log10(value)) - 1, -places);
  const rounded = Math.min(
    Number((Math.ceil(value / step) * step).toFixed(places)),
    Number.MAX_SAFE_INTEGER / 10 ** places,
  );
  return Object.is(rounded, -0) ? 0 : rounded;
}

/** Plain where YAML cannot take it for anything else. */
function yamlText(text: string): string {
  const isPlain =
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
