// What the kernels and their merge have to give for a level of a program: done row by row in plain values and exact
// fractions, before any gate. Shares with jobs/aggregate the program, and nothing else.
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { AggregateProgram, ClipRule, Measure, TypedPredicate } from "../../jobs/aggregate/program.ts";
import type { TestTable } from "./table.ts";

/** Every finite float64 is a whole number of these. */
const FLOAT_UNIT = 1074n;
const EXACT = 2n ** 53n - 1n;
const MOST: bigint = fraction(Number.MAX_VALUE);

export interface NaiveGroup {
  readonly key: readonly Cell[];
  readonly passing: number;
  readonly units: number;
  readonly measures: readonly NaiveMeasure[];
}

/** All numbers in the measure's unit: its smallest for integers, 2^-1074 for floats. */
export interface NaiveMeasure {
  readonly nonNull: number;
  readonly units: number;
  /** Units that have a row without a value. */
  readonly missing: number;
  readonly sum: bigint;
  readonly largest: bigint;
  readonly absolute: bigint;
  /** The sum of squared distances from the mean, times the number of rows. */
  readonly scatter: bigint;
  readonly rowSum: bigint;
  readonly min: { readonly value: bigint | null; readonly units: number };
  readonly max: { readonly value: bigint | null; readonly units: number };
  readonly badRows: number;
}

export function naiveGroups(program: AggregateProgram, table: TestTable, level: number): NaiveGroup[] {
  const kept = program.levels[level] ?? [];
  const cellAt = (column: number, row: number): Cell =>
    table.columns.find(({ name }) => name === program.columns[column]?.name)?.cells[row] ?? null;
  const groups = new Map<string, { key: Cell[]; rows: number[] }>();
  for (let row = 0; row < table.rows; row += 1) {
    if (program.predicate !== null && !passes(program.predicate, (column) => cellAt(column, row))) continue;
    const key = program.dimensions.map(({ column }, at) => (kept.includes(at) ? cellAt(column, row) : null));
    const text = keyText(key);
    const group = groups.get(text) ?? { key, rows: [] };
    groups.set(text, group);
    group.rows.push(row);
  }
  const unitOf = (row: number): string =>
    program.unitColumn === null ? String(table.units?.[row] ?? row) : String(cellAt(program.unitColumn, row));
  return [...groups.values()].map(({ key, rows }) => ({
    key,
    passing: rows.length,
    units: new Set(rows.map(unitOf)).size,
    measures: program.measures.map((measure) =>
      naiveMeasure(
        measure,
        program.unit === "scattered",
        rows.map((row) => ({ unit: unitOf(row), cell: cellAt(measure.column, row) })),
      ),
    ),
  }));
}

export function keyText(key: readonly Cell[]): string {
  return JSON.stringify(key.map((cell) => [typeof cell, String(cell)]));
}

/** Only what the generator makes: that a column is, or is not, null. */
function passes(predicate: TypedPredicate, cellOf: (column: number) => Cell): boolean {
  if (predicate.kind !== "null") throw new Error("a predicate that the twin does not know");
  const cell = cellOf(predicate.column);
  return (cell === null || Number.isNaN(cell)) === predicate.isNull;
}

interface Value {
  readonly unit: string;
  readonly cell: Cell;
}

function naiveMeasure(measure: Measure, isScattered: boolean, rows: readonly Value[]): NaiveMeasure {
  const { exact } = measure;
  const limit = exact ? EXACT : MOST;
  const present = rows
    .filter(({ cell }) => cell !== null && !Number.isNaN(cell))
    .map(({ unit, cell }) => {
      const raw = exact ? BigInt(cell ?? 0) : fraction(Number(cell));
      return { unit, raw, value: clip(raw, -limit, limit) };
    });
  // Scattered floats are saturated further in, so that the sum of any number of them is finite.
  const summand = (value: bigint): bigint => (isScattered && !exact ? clipTo(value, 2n ** 960n) : value);
  const saturated = (total: bigint): bigint => {
    // Scattered units' totals are exact. Others saturate after each row, and floats are rounded.
    if (isScattered) return total;
    return exact ? clip(total, -limit, limit) : fraction(toFloat(total));
  };
  const totals = new Map<string, bigint>();
  for (const { unit, value } of present) {
    const total = totals.get(unit);
    totals.set(unit, total === undefined ? saturated(summand(value)) : saturated(total + summand(value)));
  }
  const ruled = (rule: ClipRule | null, value: bigint): bigint =>
    rule === null ? 0n : clip(value, inUnits(rule.lower, exact), inUnits(rule.upper, exact));
  const contributions = [...totals.values()].map((total) => ruled(measure.sum, total));
  const absolutes = contributions.map(magnitude);
  const clipped = present.map(({ value }) => ruled(measure.moments, value));
  const rowSum = add(clipped);
  return {
    nonNull: present.length,
    units: totals.size,
    missing: new Set(rows.filter(({ cell }) => cell === null || Number.isNaN(cell)).map(({ unit }) => unit))
      .size,
    sum: add(contributions),
    largest: absolutes.reduce((most, amount) => (amount > most ? amount : most), 0n),
    absolute: add(absolutes),
    scatter: BigInt(clipped.length) * add(clipped.map((value) => value * value)) - rowSum * rowSum,
    rowSum,
    min: extremeOf(present, (a, b) => a < b),
    max: extremeOf(present, (a, b) => a > b),
    badRows:
      rows.filter(({ cell }) => Number.isNaN(cell)).length +
      present.filter(({ raw, value }) => raw !== value).length,
  };
}

function extremeOf(
  rows: readonly { readonly unit: string; readonly value: bigint }[],
  isBetter: (a: bigint, b: bigint) => boolean,
): NaiveMeasure["min"] {
  const [first, ...rest] = rows.map(({ value }) => value);
  if (first === undefined) return { value: null, units: 0 };
  const best = rest.reduce((known, value) => (isBetter(value, known) ? value : known), first);
  const holders = new Set(rows.filter(({ value }) => value === best).map(({ unit }) => unit));
  return { value: best, units: holders.size };
}

export function inUnits(value: number, exact: boolean): bigint {
  return exact ? BigInt(value) : fraction(value);
}

/** A float64 as a whole number of 2^-1074; infinities lie past all finite ones. */
export function fraction(value: number): bigint {
  if (!Number.isFinite(value)) return value > 0 ? MOST + 1n : -MOST - 1n;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const word = bits.getBigUint64(0);
  const exponent = word >> 52n;
  const digits = word & (2n ** 52n - 1n);
  const size = exponent === 0n ? digits : (digits | (1n << 52n)) << (exponent - 1n);
  return value < 0 ? -size : size;
}

/** The nearest float64, saturated. */
function toFloat(value: bigint): number {
  const size = value < 0n ? -value : value;
  const shift = Math.max(0, size.toString(2).length - 66);
  const top = size >> BigInt(shift);
  const isRounded = top << BigInt(shift) !== size;
  const float = Number(isRounded ? top | 1n : top) * 2 ** (shift - 1074);
  return Math.min(Number.MAX_VALUE, float) * (value < 0n ? -1 : 1);
}

function clipTo(value: bigint, limit: bigint): bigint {
  return clip(value, -(limit << FLOAT_UNIT), limit << FLOAT_UNIT);
}

function clip(value: bigint, lower: bigint, upper: bigint): bigint {
  return value < lower ? lower : value > upper ? upper : value;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function add(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}
