// How a column of an input becomes a column of a sealed table, as SQL: the value, and whether it was converted
// exactly. DuckDB's own casts round, drop zones and take spellings of their own, so text has to look like its type
// first, and anything else has to come back unchanged from the way there and back.
import type { ColumnType } from "../core/column/type.ts";
import { sqlList, sqlText } from "./sql.ts";

export interface Conversion {
  /** Of the type's SQL type; null where the input is null or does not convert. */
  readonly value: string;
  /** False where a value is there but is not exactly what the result would say. */
  readonly exact: string;
}

const SQL_INTEGERS = { 8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT" } as const;

/** DuckDB's type for ours. Timestamps in UTC are kept as plain ones. */
export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case "bool":
      return "BOOLEAN";
    case "int":
      return (type.signed ? "" : "U") + SQL_INTEGERS[type.bits];
    case "float":
      return type.bits === 32 ? "FLOAT" : "DOUBLE";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "utf8":
      return "VARCHAR";
    case "date":
      return "DATE";
    case "timestamp":
      return "TIMESTAMP";
  }
}

const DATE = "-?[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}";
const TIME = "([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?";
const ZONE = "( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?";

/** What text of a type looks like (RE2), blanks around it aside. */
function textPattern(type: ColumnType): string {
  switch (type.kind) {
    case "bool":
      return "(?i:true|false|t|f|yes|no|y|n|1|0)";
    case "int":
      return "[+-]?[0-9]+([.]0*)?";
    case "float":
      return "(?i:[+-]?(([0-9]+([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity))";
    case "decimal": {
      const { scale } = type;
      return scale === 0
        ? "[+-]?[0-9]+([.]0*)?"
        : `[+-]?([0-9]+([.][0-9]{0,${scale}}0*)?|[.][0-9]{1,${scale}}0*)`;
    }
    case "date":
      return DATE;
    case "timestamp":
      return type.zone === null ? `${DATE}${TIME})?` : `${DATE}${TIME}${ZONE})?`;
    case "utf8":
      return "";
  }
}

/**
 * From text. A null token is null in any column but one of text, where only the reader can tell whether it was quoted.
 * @param raw an SQL expression of type VARCHAR
 */
export function textConversion(raw: string, type: ColumnType, nullTokens: readonly string[]): Conversion {
  if (type.kind === "utf8") return { value: raw, exact: "true" };
  const isNull = nullCondition(raw, nullTokens);
  const looksRight = `regexp_full_match(${raw}, ${sqlText(`[ \t]*(${textPattern(type)})[ \t]*`)})`;
  const cast = isZoned(type)
    ? `make_timestamp(epoch_us(TRY_CAST(${raw} AS TIMESTAMPTZ)))`
    : `TRY_CAST(${raw} AS ${sqlType(type)})`;
  const value = `CASE WHEN ${isNull} THEN NULL ELSE ${cast} END`;
  return { value, exact: `(${isNull} OR (${looksRight} AND (${cast}) IS NOT NULL))` };
}

/** Whether text stands for null in a column that is not text. */
export function nullCondition(raw: string, nullTokens: readonly string[]): string {
  return nullTokens.length === 0 ? `${raw} IS NULL` : `(${raw} IS NULL OR ${raw} IN ${sqlTuple(nullTokens)})`;
}

function sqlTuple(values: readonly string[]): string {
  return `(${sqlList(values).slice(1, -1)})`;
}

function isZoned(type: ColumnType): boolean {
  return type.kind === "timestamp" && type.zone !== null;
}

const PLAIN =
  /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|DATE|TIME|UUID|TIMESTAMP(_S|_MS|_NS)?)$/;
const ZONED = "TIMESTAMP WITH TIME ZONE";

/**
 * From a typed column; undefined where no conversion makes sense.
 * @param source the column's type as DuckDB's DESCRIBE writes it
 */
export function typedConversion(raw: string, source: string, type: ColumnType): Conversion | undefined {
  if (source.startsWith("ENUM(")) return typedConversion(`CAST(${raw} AS VARCHAR)`, "VARCHAR", type);
  if (source === ZONED) {
    const value = `make_timestamp(epoch_us(${raw}))`;
    return isZoned(type) ? { value, exact: `(${raw} IS NULL OR isfinite(${raw}))` } : undefined;
  }
  if (!PLAIN.test(source)) return undefined;
  if (source === "VARCHAR") return textConversion(raw, type, []);
  const target = sqlType(type);
  if (source === target && type.kind !== "date" && type.kind !== "timestamp") {
    return { value: raw, exact: "true" };
  }
  const value = `TRY_CAST(${raw} AS ${target})`;
  const isFinite = type.kind === "date" || type.kind === "timestamp" ? ` AND isfinite(${value})` : "";
  return {
    value,
    exact: `(${raw} IS NULL OR coalesce(TRY_CAST(${value} AS ${source}) = ${raw}${isFinite}, false))`,
  };
}
