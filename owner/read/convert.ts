// How a column of an input becomes a column of a sealed table, as SQL: the value, and whether it was converted
// exactly. Text has to look like its type first, and anything else has to come back unchanged from the way there and
// back, since DuckDB's own casts round.
import type { ColumnType } from "../../core/column/type.ts";
import { spellingOf } from "./spelling.ts";
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

/**
 * From text. A null token is null in any column but one of text, where only the reader can tell whether it was quoted.
 * @param raw an SQL expression of type VARCHAR
 */
export function textConversion(raw: string, type: ColumnType, nullTokens: readonly string[]): Conversion {
  const pattern = spellingOf(type);
  if (pattern === null) return { value: raw, exact: "true" };
  const isNull = nullCondition(raw, nullTokens);
  const source = pattern.ignoresCase ? `(?i:${pattern.source})` : pattern.source;
  const looksRight = `regexp_full_match(${raw}, ${sqlText(`[ \t]*(${source})[ \t]*`)})`;
  const cast = textCast(raw, type);
  const value = `CASE WHEN ${isNull} THEN NULL ELSE ${cast} END`;
  return { value, exact: `(${isNull} OR (${looksRight} AND (${cast}) IS NOT NULL))` };
}

/** What text says, however it is spelled; null where it says nothing of the type. */
export function textCast(raw: string, type: ColumnType): string {
  if (type.kind === "utf8") return raw;
  return isZoned(type)
    ? `make_timestamp(epoch_us(TRY_CAST(${raw} AS TIMESTAMPTZ)))`
    : `TRY_CAST(${raw} AS ${sqlType(type)})`;
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
