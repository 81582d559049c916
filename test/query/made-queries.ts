// Generated queries, in our dialect and as DuckDB has to be asked for the same: with the gate spelt out, and with bins and
// units in words that it knows. No clipping: bounds are wide.
import { findColumnType } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { arithmeticType } from "../../core/plan/arithmetic.ts";
import type { Arithmetic, ArithmeticType } from "../../core/plan/arithmetic.ts";
import type { Bounds, Rules } from "../../core/manifest/manifest.ts";
import type { Dice } from "../aggregate/generate.ts";
import { decimalText, quoted } from "./made-tables.ts";
import type { MadeColumn, MadeTable } from "./made-tables.ts";

export interface MadeQuery {
  readonly ours: string;
  readonly theirs: string;
  readonly rules: Partial<Rules>;
  /** What was asked of which type, and whether with nulls: `sum int8 null`. */
  readonly covers: readonly string[];
}

/** An expression twice over: as ours has it, and as DuckDB does. */
interface Twice {
  readonly ours: string;
  readonly theirs: string;
}

interface Key extends Twice {
  /** Quoted. A column of the table goes by no other name. */
  readonly as: string;
}

interface Asked extends Twice {
  readonly column: MadeColumn;
}

export const AGGREGATES = ["count", "sum", "avg", "var_samp", "stddev_samp", "min", "max"] as const;
export const PARTS = ["year", "quarter", "month", "week", "day", "dow", "isodow", "doy", "hour"] as const;
const UNITS = ["year", "quarter", "month", "week", "day", "hour"] as const;
const HIDDEN_IF_RARELY_MISSING: readonly string[] = ["count", "avg", "var_samp", "stddev_samp"];

/** `focus`: an aggregate that is asked in any case. */
export function makeQuery(
  dice: Dice,
  name: string,
  table: MadeTable,
  focus: { readonly op: (typeof AGGREGATES)[number]; readonly column: MadeColumn },
): MadeQuery {
  const covers: string[] = [];
  const cover = (what: string, { type, nullable }: MadeColumn): void => {
    covers.push(`${what} ${type} ${nullable ? "null" : "full"}`);
  };
  const of = (role: MadeColumn["role"]): MadeColumn[] => table.columns.filter((one) => one.role === role);
  const [dimensions, measures] = [of("dimension"), of("measure")];
  const bins: Record<string, (string | number)[]> = {};
  const drawn = Array.from({ length: dice.below(3) }, (_, at) => makeKey(dice, table, bins, cover, `k${at}`));
  const keys = drawn.filter(({ ours }, at) => drawn.findIndex((other) => other.ours === ours) === at);
  const { expressions, asked } = makeExpressions(dice, measures);
  const figures = Array.from({ length: 3 + dice.below(5) }, (_, at) => {
    const op = at === 0 ? focus.op : dice.pick(AGGREGATES);
    const isPlain = measures.length > 0 && dice.chance(0.75);
    const own = at === 0 ? plain(focus.column) : isPlain ? plain(dice.pick(measures)) : null;
    const argument = own ?? (asked.length > 0 ? dice.pick(asked) : null);
    if (argument === null) return { as: `a${at}`, op: "count" as const, argument };
    cover(`${op}${own === null ? " of arithmetic," : ""}`, argument.column);
    return { as: `a${at}`, op, argument };
  });
  const minUnits = dice.pick([2, 3]);
  const typeOf = (column: string): ColumnType | undefined =>
    findColumnType(measures.find((one) => one.name === column)?.type ?? "");
  const bounds = [
    ...measures.map((one) => [one.name, one.name] as const),
    ...Object.entries(expressions),
  ].map(([one, arithmetic]) => [one, widest(arithmeticType(arithmetic, typeOf))] as const);
  const where = dimensions.length > 0 && dice.chance(0.6) ? makeCondition(dice, dimensions, 2, cover) : null;
  // By doubles that differ in their last bits rows would be ordered as nobody can say.
  const exact = figures.filter(({ op }) => op === "count" || op === "min" || op === "max");
  const order = [...keys.map(({ as }) => as), ...exact.map(({ as }) => as)]
    .filter(() => dice.chance(0.4))
    .map((as) => `${as} ${dice.pick(["ASC", "DESC"])} NULLS LAST`);
  const having = dice.chance(0.3) ? `units >= ${minUnits + dice.below(4)}` : null;
  const limit = dice.chance(0.25) ? ` LIMIT ${1 + dice.below(9)}` : "";
  const ties = keys.map(({ as }) => `${as} ASC NULLS LAST`);

  const list = [
    ...keys.map(({ ours, as }) => (ours === as ? ours : `${ours} AS ${as}`)),
    "count_units(*) AS units",
    ...figures.map(({ as, op, argument }) => `${op}(${argument?.ours ?? "*"}) AS ${as}`),
  ];
  const ours = [
    `SELECT ${list.join(", ")} FROM ${name}`,
    where === null ? "" : ` WHERE ${where}`,
    keys.length === 0 ? "" : ` GROUP BY ${keys.map((_, at) => at + 1).join(", ")}`,
    having === null ? "" : ` HAVING ${having.replace("units", "count_units(*)")}`,
    order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`,
    limit,
  ].join("");

  const by = keys.map(({ as }) => as).join(", ");
  const partition = keys.length === 0 ? "" : `PARTITION BY ${by}`;
  const rows = [
    "unit",
    ...keys.map(({ theirs, as }) => `${theirs} AS ${as}`),
    ...figures.map(({ argument }, at) => `${argument?.theirs ?? "1"} AS v${at}`),
  ];
  const extremes = figures.flatMap(({ op }, at) =>
    op === "min" || op === "max" ? [`${op}(v${at}) OVER (${partition}) AS ${op}${at}`] : [],
  );
  const gated = figures.map((figure, at) => `${gatedFigure(figure, at, minUnits)} AS ${figure.as}`);
  const released = [...keys.map(({ as }) => as), `${unitsOf()} AS units`, ...gated];
  const theirs = `WITH rows AS (SELECT ${rows.join(", ")} FROM ${name}${where === null ? "" : ` WHERE ${where}`}),
    seen AS (SELECT ${["*", ...extremes].join(", ")} FROM rows),
    released AS (SELECT ${released.join(", ")} FROM seen ${by === "" ? "" : `GROUP BY ${by}`}
      HAVING ${unitsOf()} >= ${minUnits})
    SELECT * FROM released ${having === null ? "" : `WHERE ${having}`}
    ${[...order, ...ties].length === 0 ? "" : `ORDER BY ${[...order, ...ties].join(", ")}`}${limit}`;
  const rules: Partial<Rules> = {
    minUnits,
    bounds: Object.fromEntries(bounds),
    extremes: bounds.map(([one]) => one),
    ...(Object.keys(expressions).length === 0 ? {} : { expressions }),
    ...(Object.keys(bins).length === 0 ? {} : { bins }),
  };
  return { ours, theirs, rules, covers };
}

/** Far from every total. */
function widest(type: ArithmeticType | undefined): Bounds {
  const most = type?.kind === "exact" ? Math.floor(2 ** 52 / 10 ** type.scale) : 2 ** 52;
  return { lower: -most, upper: most };
}

/** How many units a group has, of those rows. DuckDB's count(DISTINCT) takes ten times as long. */
function unitsOf(condition = "true"): string {
  return `len(list_distinct(coalesce(list(unit) FILTER (${condition}), [])))`;
}

interface Figure {
  readonly as: string;
  readonly op: (typeof AGGREGATES)[number];
  readonly argument: Asked | null;
}

function gatedFigure({ op, argument }: Figure, at: number, minUnits: number): string {
  // What has no argument to aggregate counts rows.
  if (argument === null) return "count(*)";
  const value = `v${at}`;
  if (op === "min" || op === "max") {
    return `CASE WHEN ${unitsOf(`${value} = ${op}${at}`)} >= ${minUnits} THEN ${op}(${value}) END`;
  }
  const missing = `${unitsOf(`${value} IS NULL`)} BETWEEN 1 AND ${minUnits - 1}`;
  const isShown = HIDDEN_IF_RARELY_MISSING.includes(op) ? `NOT (${missing})` : "true";
  return `CASE WHEN ${unitsOf(`${value} IS NOT NULL`)} >= ${minUnits} AND ${isShown} THEN ${op}(${value}) END`;
}

function plain(column: MadeColumn): Asked {
  return { ours: quoted(column.name), theirs: quoted(column.name), column };
}

function makeKey(
  dice: Dice,
  { columns }: MadeTable,
  bins: Record<string, (string | number)[]>,
  cover: (what: string, column: MadeColumn) => void,
  as: string,
): Key {
  const column = dice.pick(columns);
  const name = quoted(column.name);
  const isTime = column.type === "date" || column.type.startsWith("timestamp");
  if (column.role === "dimension" && isTime && dice.chance(0.7)) {
    return { ...timeKey(dice, column, cover), as };
  }
  const isNumber = /^(u?int|float|decimal)/.test(column.type);
  if (isNumber && (column.role === "measure" || column.type.startsWith("float") || dice.chance(0.3))) {
    cover("bin", column);
    const edges = (bins[column.name] ??= makeEdges(dice, column));
    const theirs = edges.map((edge) => `(${name} >= ${edge})::INTEGER`).join(" + ");
    return { ours: `width_bucket(${name})`, theirs, as };
  }
  if (dice.chance(0.3)) {
    cover("case", column);
    const values = dice.pick([
      ["'low'", "'it''s'", "NULL"],
      ["1", "-2", "3"],
      ["true", "false", "NULL"],
    ]);
    const branches = [0, 1].map((at) => `WHEN ${comparison(dice, column)} THEN ${values[at] ?? ""}`);
    const text = `CASE ${branches.join(" ")} ELSE ${values[2] ?? ""} END`;
    return { ours: text, theirs: text, as };
  }
  cover("group by", column);
  return { ours: name, theirs: name, as: name };
}

function timeKey(dice: Dice, column: MadeColumn, cover: (what: string, column: MadeColumn) => void): Twice {
  const name = quoted(column.name);
  const isDate = column.type === "date";
  if (dice.chance(0.5)) {
    const part = dice.pick(isDate ? PARTS.filter((one) => one !== "hour") : PARTS);
    cover(part, column);
    return { ours: `extract(${part} FROM ${name})`, theirs: `extract(${part} FROM ${name})` };
  }
  const unit = dice.pick(isDate ? UNITS.filter((one) => one !== "hour") : UNITS);
  cover("date_trunc", column);
  const text = `date_trunc('${unit}', ${name})`;
  return { ours: text, theirs: unit === "hour" ? text : `${text}::DATE` };
}

/** Rising values of the column's own. */
function makeEdges(dice: Dice, column: MadeColumn): (string | number)[] {
  const texts = new Set(
    column.cells.filter((cell) => cell !== null).map((cell) => cellText(cell, column.type)),
  );
  const some = [...texts].filter(() => dice.chance(0.4)).map(Number);
  return some.length === 0 ? [0] : some.sort((a, b) => a - b);
}

function cellText(cell: string | number | bigint | boolean, type: string): string {
  const scale = /^decimal\(\d+,(\d+)\)$/.exec(type)?.[1];
  return scale === undefined ? String(cell) : decimalText(BigInt(cell), Number(scale));
}

function makeCondition(
  dice: Dice,
  columns: readonly MadeColumn[],
  depth: number,
  cover: (what: string, column: MadeColumn) => void,
): string {
  if (depth > 0 && dice.chance(0.5)) {
    const [left, right] = [0, 1].map(() => makeCondition(dice, columns, depth - 1, cover));
    return dice.pick([`(${left} AND ${right})`, `(${left} OR ${right})`, `(NOT ${left})`]);
  }
  const column = dice.pick(columns);
  cover("where", column);
  return comparison(dice, column);
}

function comparison(dice: Dice, column: MadeColumn): string {
  const name = quoted(column.name);
  const value = (): string => constant(column, dice.pick(column.cells.filter((cell) => cell !== null)));
  if (dice.chance(0.15)) return `${name} IS ${dice.pick(["", "NOT "])}NULL`;
  if (dice.chance(0.2)) return `${name} ${dice.pick(["", "NOT "])}IN (${value()}, ${value()})`;
  if (column.type === "bool") return `${name} ${dice.pick(["=", "<>"])} ${value()}`;
  if (dice.chance(0.2)) return `${name} ${dice.pick(["", "NOT "])}BETWEEN ${value()} AND ${value()}`;
  const op = dice.pick(["=", "<>", "<", "<=", ">", ">="]);
  return dice.chance(0.2) ? `${value()} ${op} ${name}` : `${name} ${op} ${value()}`;
}

function constant({ type }: MadeColumn, cell: string | number | bigint | boolean): string {
  if (type === "utf8") return `'${String(cell).replaceAll("'", "''")}'`;
  if (type === "date") return `DATE '${new Date(Number(cell) * 86_400_000).toISOString().slice(0, 10)}'`;
  if (!type.startsWith("timestamp")) return cellText(cell, type);
  const text = new Date(Number(BigInt(cell) / 1000n)).toISOString().slice(0, 19).replace("T", " ");
  return type === "timestamp" ? `TIMESTAMP '${text}'` : `TIMESTAMP '${text}+00'`;
}

/** Of two or three measures each; as the rules declare them, and as a query writes them. */
function makeExpressions(
  dice: Dice,
  measures: readonly MadeColumn[],
): { readonly expressions: Readonly<Record<string, Arithmetic>>; readonly asked: readonly Asked[] } {
  const expressions: Record<string, Arithmetic> = {};
  const asked: Asked[] = [];
  if (measures.length === 0) return { expressions, asked };
  for (const name of ["e0", "e1"]) {
    const { arithmetic, column, ...text } = makeArithmetic(dice, measures, 2);
    if (typeof arithmetic !== "object") continue;
    expressions[name] = arithmetic;
    asked.push(dice.chance(0.3) ? { ...text, ours: name, column } : { ...text, column });
  }
  return { expressions, asked };
}

interface MadeArithmetic extends Asked {
  readonly arithmetic: Arithmetic;
}

function makeArithmetic(dice: Dice, measures: readonly MadeColumn[], depth: number): MadeArithmetic {
  const column = dice.pick(measures);
  if (depth === 0 || dice.chance(0.1)) {
    const wide = /^u?int/.test(column.type)
      ? "::DECIMAL(10,0)"
      : column.type === "decimal(38,4)"
        ? "::DECIMAL(9,4)"
        : "";
    const float = column.type.startsWith("float") ? "::DOUBLE" : wide;
    const name = quoted(column.name);
    return { ours: name, theirs: `${name}${float}`, column, arithmetic: column.name };
  }
  const left = makeArithmetic(dice, measures, depth - 1);
  const op = dice.pick(["+", "-", "*", "/"] as const);
  const number = dice.pick([1, 0.5, 3]);
  const right: MadeArithmetic = dice.chance(0.3)
    ? { ours: String(number), theirs: String(number), column, arithmetic: number }
    : makeArithmetic(dice, measures, 0);
  const divisor = op === "/" ? `NULLIF(${right.theirs}, 0)::DOUBLE` : right.theirs;
  return {
    ours: `(${left.ours} ${op} ${right.ours})`,
    theirs: `(${left.theirs}${op === "/" ? "::DOUBLE" : ""} ${op} ${divisor})`,
    column: left.column,
    arithmetic: { op, of: [left.arithmetic, right.arithmetic] },
  };
}
