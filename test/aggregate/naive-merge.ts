// What the kernels and their merge have to give for a level of a program: done row by row in plain values and exact
// fractions, before any gate. Shares with jobs/aggregate the program, and nothing else.
import type { ColumnType } from "../../core/column/type.ts";
import type { MergedBin } from "../../jobs/aggregate/bin-tally.ts";
import { estimate } from "../../jobs/aggregate/distinct-tally.ts";
import { hashBytes } from "../../jobs/aggregate/hash.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { AggregateProgram, ClipRule, JointRule, Measure } from "../../jobs/aggregate/program.ts";
import type { TypedPredicate } from "../../jobs/aggregate/program.ts";
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
  /** About how many distinct values; null of a measure that does not count them. */
  readonly distinct: number | null;
  /** By bin that has a value; null of a measure that has no edges. */
  readonly bins: readonly MergedBin[] | null;
  /** Null of a measure that has no joint rule. */
  readonly joint: NaiveJoint | null;
}

export interface NaiveJoint {
  /** Sums of products of two distances from the mean, times the number of rows. */
  readonly left: bigint;
  readonly right: bigint;
  readonly products: bigint;
  /** The most units that have one end of a column's clipped values. */
  readonly atEnd: number;
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
    measures: program.measures.map((measure) => {
      const beside = program.measures[measure.beside ?? -1]?.column;
      const values = rows.map((row) => ({
        unit: unitOf(row),
        cell: cellAt(measure.column, row),
        beside: beside === undefined ? 0 : cellAt(beside, row),
      }));
      const type = program.columns[measure.column]?.type;
      const distinct = measure.distinct && type && naiveDistinct(measure.distinct.perUnit, type, values);
      return { ...naiveMeasure(measure, program.unit === "scattered", values), distinct: distinct ?? null };
    }),
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
  /** Of the column beside it; 0 where there is none. */
  readonly beside: Cell;
}

function isMissing(cell: Cell): boolean {
  return cell === null || Number.isNaN(cell);
}

function naiveMeasure(
  measure: Measure,
  isScattered: boolean,
  rows: readonly Value[],
): Omit<NaiveMeasure, "distinct"> {
  const { exact } = measure;
  const limit = exact ? EXACT : MOST;
  const read = (cell: Cell): bigint => (exact ? BigInt(cell ?? 0) : fraction(Number(cell)));
  const present = rows
    .filter(({ cell, beside }) => !isMissing(cell) && !isMissing(beside))
    .map(({ unit, cell, beside }) => ({ unit, beside, value: clip(read(cell), -limit, limit) }));
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
    missing: new Set(
      rows.filter(({ cell, beside }) => isMissing(cell) || isMissing(beside)).map(({ unit }) => unit),
    ).size,
    sum: add(contributions),
    largest: absolutes.reduce((most, amount) => (amount > most ? amount : most), 0n),
    absolute: add(absolutes),
    scatter: BigInt(clipped.length) * add(clipped.map((value) => value * value)) - rowSum * rowSum,
    rowSum,
    min: extremeOf(present, (a, b) => a < b),
    max: extremeOf(present, (a, b) => a > b),
    badRows:
      rows.filter(({ cell }) => Number.isNaN(cell)).length +
      rows.filter(({ cell }) => !isMissing(cell) && read(cell) !== clip(read(cell), -limit, limit)).length,
    bins: measure.bins && naiveBins(measure.bins, exact, present),
    joint: measure.joint && naiveJoint(measure.joint, present),
  };
}

/** Registers by the first twelve bits of a value's hash, ranks by the zeros that follow. */
function naiveDistinct(perUnit: number, type: ColumnType, rows: readonly Value[]): number {
  const byUnit = new Map<string, Set<bigint>>();
  for (const { unit, cell } of rows) {
    if (isMissing(cell)) continue;
    byUnit.set(unit, (byUnit.get(unit) ?? new Set()).add(hashOf(cell, type)));
  }
  const hashes = [...byUnit.values()].flatMap((own) =>
    [...own].sort((a, b) => (a < b ? -1 : 1)).slice(0, perUnit),
  );
  const registers = new Map<string, number>();
  for (const hash of new Set(hashes)) {
    const bits = hash.toString(2).padStart(64, "0");
    const [register, rest] = [bits.slice(0, 12), bits.slice(12)];
    const rank = (rest.includes("1") ? rest.indexOf("1") : 52) + 1;
    registers.set(register, Math.max(rank, registers.get(register) ?? 0));
  }
  const met = Array.from(
    { length: 54 },
    (_, rank) => [...registers.values()].filter((own) => own === rank).length,
  );
  return estimate(met);
}

function hashOf(cell: Cell, type: ColumnType): bigint {
  const view = new DataView(new ArrayBuffer(16));
  const isWide = typeof cell === "bigint";
  if (isWide) {
    view.setBigInt64(0, BigInt.asIntN(64, cell), true);
    view.setBigInt64(8, BigInt.asIntN(64, cell >> 64n), true);
  } else view.setFloat64(0, Number(cell) + 0, true);
  const [high, low] = hashBytes(new Uint8Array(view.buffer, 0, type.kind === "decimal" ? 16 : 8));
  return (BigInt(high) << 32n) | BigInt(low);
}

export function naiveBins(
  edges: readonly number[],
  exact: boolean,
  rows: readonly { readonly unit: string; readonly value: bigint }[],
): readonly MergedBin[] {
  const placed = rows.map(({ unit, value }) => {
    const isBelow = (edge: number): boolean =>
      exact ? fraction(edge) <= value << FLOAT_UNIT : inUnits(edge, exact) <= value;
    return { unit, bin: edges.filter(isBelow).length };
  });
  const ofUnit = (unit: string): readonly number[] =>
    placed.filter((row) => row.unit === unit).map(({ bin }) => bin);
  const units = [...new Set(placed.map(({ unit }) => unit))].map(ofUnit);
  return [...new Set(placed.map(({ bin }) => bin))]
    .sort((a, b) => a - b)
    .map((bin) => ({
      bin,
      rows: placed.filter((row) => row.bin === bin).length,
      least: units.filter((own) => Math.min(...own) === bin).length,
      greatest: units.filter((own) => Math.max(...own) === bin).length,
    }));
}

function naiveJoint(
  rules: JointRule,
  rows: readonly { readonly unit: string; readonly value: bigint; readonly beside: Cell }[],
): NaiveJoint {
  const [rule, other] = rules;
  const clipped = rows.map(({ unit, value, beside }) => {
    const raw = other.exact ? BigInt(beside ?? 0) : fraction(Number(beside));
    const limit = other.exact ? EXACT : MOST;
    return {
      unit,
      left: clip(value, inUnits(rule.lower, rule.exact), inUnits(rule.upper, rule.exact)),
      right: clip(
        clip(raw, -limit, limit),
        inUnits(other.lower, other.exact),
        inUnits(other.upper, other.exact),
      ),
    };
  });
  const scatter = (one: "left" | "right", another: "left" | "right"): bigint =>
    BigInt(clipped.length) * add(clipped.map((row) => row[one] * row[another])) -
    add(clipped.map((row) => row[one])) * add(clipped.map((row) => row[another]));
  const holders = (["left", "right"] as const).flatMap((side) => {
    const values = clipped.map((row) => ({ unit: row.unit, value: row[side] }));
    return [extremeOf(values, (a, b) => a < b), extremeOf(values, (a, b) => a > b)];
  });
  return {
    left: scatter("left", "left"),
    right: scatter("right", "right"),
    products: scatter("left", "right"),
    atEnd: Math.max(...holders.map(({ units }) => units)),
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
