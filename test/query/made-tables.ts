// Tables of generated schemas, as kernels see them and as DuckDB does: every type, nulls in some columns, units of one
// row or many.
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { Dice } from "../aggregate/generate.ts";
import type { TestColumn, TestTable } from "../aggregate/table.ts";

export interface MadeColumn extends TestColumn {
  readonly duckdb: string;
  readonly nullable: boolean;
}

export interface MadeTable extends TestTable {
  readonly columns: readonly MadeColumn[];
}

type Kind = readonly [type: string, duckdb: string, cell: (dice: Dice) => Cell];

const DAY_MICROSECONDS = 86_400_000_000n;
const TEXTS = ["", "a", "A", "it's", "ä", "\u{10000}", "x y", "null"] as const;

const KINDS: readonly Kind[] = [
  ["int8", "TINYINT", (dice) => dice.below(9) - 4],
  ["int16", "SMALLINT", (dice) => 10 * (dice.below(9) - 4)],
  ["int32", "INTEGER", (dice) => dice.below(7) - 3],
  ["int64", "BIGINT", (dice) => 1000n * BigInt(dice.below(8) - 3)],
  ["uint8", "UTINYINT", (dice) => 30 * dice.below(8)],
  ["uint16", "USMALLINT", (dice) => 90 * dice.below(7)],
  ["uint32", "UINTEGER", (dice) => dice.below(6) * 1000],
  ["uint64", "UBIGINT", (dice) => 1000n * BigInt(dice.below(6))],
  ["decimal(9,2)", "DECIMAL(9,2)", (dice) => BigInt(25 * dice.below(12) - 100)],
  ["decimal(38,4)", "DECIMAL(38,4)", (dice) => 5000n * BigInt(dice.below(8) - 2)],
  ["float32", "REAL", (dice) => (dice.below(30) - 9) / 4],
  ["float64", "DOUBLE", (dice) => (dice.below(60) - 20) / 8],
];
const DIMENSIONS: readonly Kind[] = [
  ...KINDS,
  ["utf8", "VARCHAR", (dice) => dice.pick(TEXTS)],
  ["bool", "BOOLEAN", (dice) => dice.chance(0.6)],
  ["date", "DATE", (dice) => dice.below(1500) * 13 - 4000],
  ["timestamp", "TIMESTAMP", (dice) => instant(dice)],
  ["timestamp[UTC]", "TIMESTAMP", (dice) => instant(dice)],
];

function instant(dice: Dice): bigint {
  return (
    BigInt(dice.below(900) - 200) * DAY_MICROSECONDS * 11n + BigInt(dice.below(24)) * 3_600_000_000n + 17n
  );
}

/** Some columns of every role and type, each at times without a null. Names need quotes, at times. */
export function makeTable(dice: Dice): MadeTable {
  const rows = 40 + dice.below(250);
  const most = dice.pick([1, 2, 6]);
  const units: number[] = [];
  while (units.length < rows) {
    const size = Math.min(1 + dice.below(most), rows - units.length);
    units.push(...Array<number>(size).fill(units.length));
  }
  const column = (role: "dimension" | "measure", [type, duckdb, cell]: Kind, at: number): MadeColumn => {
    const nullable = dice.chance(0.5);
    const cells = Array.from({ length: rows }, () => (nullable && dice.chance(0.2) ? null : cell(dice)));
    const base = type.replace(/\W+/g, " ").trim();
    const name = dice.chance(0.3) ? `${role} ${base}` : `${role}_${base.replaceAll(" ", "_")}`;
    const lies = type === "utf8" && at % 2 === 0 ? { dictionary: [] } : {};
    return { name, type, role, cells, duckdb, nullable, ...lies };
  };
  const columns = [
    ...DIMENSIONS.map((kind, at) => column("dimension", kind, at)),
    ...KINDS.map((kind, at) => column("measure", kind, at)),
  ];
  return { rows, units, columns: columns.filter(() => dice.chance(0.85)) };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Statements that make the table, its units in a column `unit`. */
export function createTable(name: string, { rows, units, columns }: MadeTable): readonly string[] {
  const types = columns.map((column) => `${quoted(column.name)} ${column.duckdb}`);
  const values = Array.from({ length: rows }, (_, row) => {
    const cells = columns.map(({ type, cells }) => literal(cells[row] ?? null, type));
    return `(${[units?.[row] ?? row, ...cells].join(", ")})`;
  });
  return [
    `CREATE TABLE ${name} (${["unit INTEGER", ...types].join(", ")})`,
    `INSERT INTO ${name} VALUES ${values.join(", ")}`,
  ];
}

function literal(cell: Cell, type: string): string {
  if (cell === null) return "NULL";
  if (typeof cell === "string") return `'${cell.replaceAll("'", "''")}'`;
  const scale = /^decimal\(\d+,(\d+)\)$/.exec(type)?.[1];
  if (scale !== undefined) return decimalText(BigInt(cell), Number(scale));
  if (type === "date") return `DATE '1970-01-01' + ${String(cell)}`;
  if (type.startsWith("timestamp")) return `make_timestamp(${String(cell)})`;
  return String(cell);
}

export function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
