// Which type a column's values fit, where schema.yaml leaves it open. Text takes the narrowest type that every value
// fits without losing a digit; what looks like a code (leading zeros) stays text.
import { columnTypeName, findColumnType } from "../../core/column/type.ts";
import { SealroomError } from "../../core/errors.ts";
import { queryRows, type Database } from "./database.ts";
import { nullCondition, textConversion } from "./convert.ts";
import { inputFault, type Input, type InputColumn } from "./input.ts";

/** What one pass over a text column found. */
interface TextFacts {
  readonly values: number;
  readonly bools: number;
  readonly ints: number;
  readonly smallInts: number;
  readonly leadingZeros: number;
  readonly decimals: number;
  readonly maxWhole: number;
  readonly maxPlaces: number;
  readonly floats: number;
  readonly dates: number;
  readonly times: number;
  readonly zoned: number;
}

const FACTS: readonly (keyof TextFacts)[] = [
  "values",
  "bools",
  "ints",
  "smallInts",
  "leadingZeros",
  "decimals",
  "maxWhole",
  "maxPlaces",
  "floats",
  "dates",
  "times",
  "zoned",
];

const MAX_PLACES = 12;

/**
 * The type names of these columns of one input, in their order.
 * @throws OWNER_INPUT, OWNER_COLUMN_TYPE for a type that a sealed table does not hold
 */
export async function inferTypes(
  database: Database,
  input: Input,
  columns: readonly InputColumn[],
  nullTokens: readonly string[],
): Promise<readonly string[]> {
  const texts = input.format === "csv" ? columns : [];
  const facts = new Map<InputColumn, TextFacts>();
  if (texts.length > 0) {
    const selected = texts.map((column, i) => factsSql(column.raw, nullTokens, i)).join(", ");
    try {
      const [row = {}] = await queryRows(database.connection, `SELECT ${selected} FROM ${input.relation}`);
      for (const [i, column] of texts.entries()) {
        const read = FACTS.map((name) => [name, Number(row[`${name}${i}`] ?? 0)] as const);
        facts.set(column, Object.fromEntries(read) as unknown as TextFacts);
      }
    } catch (cause) {
      throw inputFault(input.file, cause);
    }
  }
  return columns.map((column) => {
    const found = facts.get(column);
    return found === undefined ? typedName(input, column) : textName(found);
  });
}

function factsSql(raw: string, nullTokens: readonly string[], index: number): string {
  const tokens = ["", ...nullTokens];
  const fits = (type: string): string => textConversion(raw, typeNamed(type), tokens).exact;
  const there = `NOT ${nullCondition(raw, tokens)}`;
  const count = (condition: string): string => `count(*) FILTER ((${there}) AND ${condition})`;
  const text = `trim(${raw}, ' \t')`;
  const isDecimal = `regexp_full_match(${text}, '[+-]?[0-9]+([.][0-9]+)?')`;
  const point = `strpos(${text}, '.')`;
  const whole = `CASE WHEN ${point} = 0 THEN strlen(${text}) ELSE ${point} - 1 END`;
  const places = `CASE WHEN ${point} = 0 THEN 0 ELSE strlen(${text}) - ${point} END`;
  const facts: Readonly<Record<keyof TextFacts, string>> = {
    values: `count(*) FILTER (${there})`,
    bools: count(`lower(${text}) IN ('true', 'false')`),
    ints: count(`regexp_full_match(${text}, '[+-]?[0-9]+') AND TRY_CAST(${raw} AS BIGINT) IS NOT NULL`),
    smallInts: count(`TRY_CAST(${raw} AS INTEGER) IS NOT NULL`),
    leadingZeros: count(`regexp_full_match(${text}, '[+-]?0[0-9]+')`),
    decimals: count(isDecimal),
    maxWhole: `max(${whole}) FILTER (${isDecimal})`,
    maxPlaces: `max(${places}) FILTER (${isDecimal})`,
    floats: count(fits("float64")),
    dates: count(fits("date")),
    times: count(fits("timestamp[UTC]")),
    zoned: count(`regexp_matches(${text}, '(Z|UTC|[0-9][+-][0-9]{2}(:?[0-9]{2})?)$')`),
  };
  return FACTS.map((name) => `${facts[name]} AS ${name}${index}`).join(", ");
}

function typeNamed(name: string): NonNullable<ReturnType<typeof findColumnType>> {
  const type = findColumnType(name);
  if (type === undefined) throw new RangeError(`no type ${name}`);
  return type;
}

function textName(facts: TextFacts): string {
  const { values } = facts;
  if (values === 0 || facts.leadingZeros > 0) return "utf8";
  if (facts.bools === values) return "bool";
  if (facts.ints === values) return facts.smallInts === values ? "int32" : "int64";
  if (facts.decimals === values && facts.maxPlaces <= MAX_PLACES) {
    const digits = facts.maxWhole + facts.maxPlaces;
    // Room for sums of the kind that the next file may hold.
    if (digits <= 38) return `decimal(${digits <= 18 ? 18 : 38},${facts.maxPlaces})`;
  }
  if (facts.floats === values) return "float64";
  if (facts.dates === values) return "date";
  if (facts.times === values) {
    return facts.zoned === values ? "timestamp[UTC]" : facts.zoned === 0 ? "timestamp" : "utf8";
  }
  return "utf8";
}

const TYPED: ReadonlyMap<string, string> = new Map([
  ["BOOLEAN", "bool"],
  ["TINYINT", "int8"],
  ["SMALLINT", "int16"],
  ["INTEGER", "int32"],
  ["BIGINT", "int64"],
  ["UTINYINT", "uint8"],
  ["USMALLINT", "uint16"],
  ["UINTEGER", "uint32"],
  ["UBIGINT", "uint64"],
  ["HUGEINT", "decimal(38,0)"],
  ["FLOAT", "float32"],
  ["DOUBLE", "float64"],
  ["VARCHAR", "utf8"],
  ["UUID", "utf8"],
  ["TIME", "utf8"],
  ["DATE", "date"],
  ["TIMESTAMP", "timestamp"],
  ["TIMESTAMP_S", "timestamp"],
  ["TIMESTAMP_MS", "timestamp"],
  ["TIMESTAMP_NS", "timestamp"],
  ["TIMESTAMP WITH TIME ZONE", "timestamp[UTC]"],
]);

function typedName(input: Input, column: InputColumn): string {
  if (column.type.startsWith("ENUM(")) return "utf8";
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(column.type);
  const name = decimal === null ? TYPED.get(column.type) : `decimal(${decimal[1] ?? ""},${decimal[2] ?? ""})`;
  const type = findColumnType(name ?? "");
  if (type === undefined) {
    throw new SealroomError("OWNER_COLUMN_TYPE", {
      file: input.file,
      column: column.name,
      type: column.type.slice(0, 64),
    });
  }
  return columnTypeName(type);
}
