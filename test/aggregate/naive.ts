// The aggregate job done the slow and obvious way, row by row in plain values and exact integers: the twin that
// jobs/aggregate has to equal. Shares with it the plan's checked form and nothing else.
import type { ColumnType } from "../../core/column/type.ts";
import type { Manifest } from "../../core/manifest/manifest.ts";
import { checkPlan } from "../../core/plan/check.ts";
import type { PlanColumn, TypedPredicate } from "../../core/plan/check.ts";
import { scaledDecimal, typedLiteral } from "../../core/plan/literal.ts";
import type { AggregatePlan } from "../../core/plan/plan.ts";
import type { Cell } from "../../jobs/aggregate/cell.ts";
import { getType } from "./table.ts";
import type { TestTable } from "./table.ts";

const EXACT = 2n ** 53n - 1n;

/** The released rows, or "GATE_GROUPS". */
export function naiveAggregate(
  plan: AggregatePlan,
  manifest: Manifest,
  table: TestTable,
): Cell[][] | "GATE_GROUPS" {
  const checked = checkPlan(plan, [manifest]);
  const { rules } = manifest;
  const cellAt = (column: PlanColumn, row: number): Cell => {
    const cell = table.columns.find(({ name }) => name === column.name)?.cells[row] ?? null;
    return typeof cell === "number" && Number.isNaN(cell) ? null : cell;
  };
  const groups = new Map<string, { key: Cell[]; rows: number[] }>();
  for (let row = 0; row < table.rows; row += 1) {
    if (checked.where !== null && truthOf(checked.where, (column) => cellAt(column, row)) !== true) continue;
    const key = checked.groupBy.map((column) => cellAt(column, row));
    const group = groups.get(textOf(key)) ?? { key, rows: [] };
    groups.set(textOf(key), group);
    group.rows.push(row);
  }

  const unitOf = (row: number): number => table.units?.[row] ?? row;
  const byUnit = (rows: readonly number[]): Map<number, number[]> => groupBy(rows, unitOf);
  const released = new Map<string, Cell[]>();
  for (const [text, { key, rows }] of groups) {
    const units = byUnit(rows);
    if (units.size < rules.minUnits) continue;
    const cells = checked.select.map((aggregate): Cell => {
      if (aggregate.op === "count_units") return BigInt(units.size);
      const { column } = aggregate;
      if (column === null) return BigInt(rows.length);
      const present = rows.filter((row) => cellAt(column, row) !== null);
      const contributing = byUnit(present);
      if (contributing.size < rules.minUnits) return null;
      const missing = byUnit(rows.filter((row) => cellAt(column, row) === null)).size;
      const tellsMissing = missing > 0 && missing < rules.minUnits;
      if (tellsMissing && (aggregate.op === "count" || aggregate.op === "avg")) return null;
      if (aggregate.op === "count") return BigInt(present.length);
      if (aggregate.op !== "sum" && aggregate.op !== "avg") throw new Error(`no model of ${aggregate.op}`);
      const { bounds } = aggregate;
      const totals = [...contributing.values()].map((own) => own.map((row) => cellAt(column, row)));
      if (column.type.kind === "float") {
        const sum = totals.reduce(
          (all, own) => all + clipFloat(floatTotal(own), bounds.lower, bounds.upper),
          0,
        );
        return aggregate.op === "sum" ? sum : sum / present.length;
      }
      const scale = column.type.kind === "decimal" ? column.type.scale : 0;
      const [lower, upper] = [
        scaledDecimal(bounds.lower, scale) ?? 0n,
        scaledDecimal(bounds.upper, scale) ?? 0n,
      ];
      const sum = totals.reduce((all, own) => all + clip(exactTotal(own), lower, upper), 0n);
      if (aggregate.op === "avg") return Number(`${sum}e-${scale}`) / present.length;
      return column.type.kind === "decimal" ? sum : clip(sum, -(2n ** 63n), 2n ** 63n - 1n);
    });
    released.set(text, [...key, ...cells]);
  }
  for (const key of alwaysListed(checked.groupBy, manifest)) {
    if (!released.has(textOf(key))) released.set(textOf(key), [...key, ...checked.select.map(() => null)]);
  }

  if (released.size > rules.maxGroups) return "GATE_GROUPS";
  const names = [...plan.groupBy, ...plan.select.map(({ as }) => as)];
  const keyOrder = plan.groupBy.map((column) => ({ column, direction: "asc" }));
  const rows = [...released.values()].sort((a, b) => {
    for (const { column, direction } of [...plan.orderBy, ...keyOrder]) {
      const [x, y] = [a[names.indexOf(column)] ?? null, b[names.indexOf(column)] ?? null];
      if (x === null && y === null) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      const order = compare(x, y);
      if (order !== 0) return direction === "asc" ? order : -order;
    }
    return 0;
  });
  return plan.limit === null ? rows : rows.slice(0, plan.limit);
}

function groupBy(rows: readonly number[], keyOf: (row: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row)) ?? [];
    groups.set(keyOf(row), group);
    group.push(row);
  }
  return groups;
}

function alwaysListed(groupBy: readonly PlanColumn[], { rules, schema }: Manifest): Cell[][] {
  let keys: Cell[][] = [[]];
  for (const { name } of groupBy) {
    const declared = rules.groupKeys[name];
    if (declared === undefined) return [];
    const type = getType(schema.find((column) => column.name === name)?.type ?? "");
    const cells = declared.map((literal) => physical(typedLiteral(literal, type)?.value ?? "", type));
    keys = keys.flatMap((key) => cells.map((cell) => [...key, cell]));
  }
  return keys;
}

/** Literals of all integer types are bigint; cells of the narrow ones are number. */
function physical(value: boolean | bigint | number | string, type: ColumnType): Cell {
  return type.kind === "date" || (type.kind === "int" && type.bits < 64) ? Number(value) : value;
}

function truthOf(predicate: TypedPredicate, cellOf: (column: PlanColumn) => Cell): boolean | null {
  if ("and" in predicate) {
    const truths = predicate.and.map((term) => truthOf(term, cellOf));
    return truths.includes(false) ? false : truths.includes(null) ? null : true;
  }
  if ("or" in predicate) {
    const truths = predicate.or.map((term) => truthOf(term, cellOf));
    return truths.includes(true) ? true : truths.includes(null) ? null : false;
  }
  if ("not" in predicate) {
    const truth = truthOf(predicate.not, cellOf);
    return truth === null ? null : !truth;
  }
  const cell = cellOf(predicate.column);
  if ("isNull" in predicate) return (cell === null) === predicate.isNull;
  if (cell === null) return null;
  const { type } = predicate.column;
  const against = ({ value }: { value: boolean | bigint | number | string }): number =>
    compare(cell, type.kind === "float" && type.bits === 32 ? Math.fround(Number(value)) : value);
  if ("in" in predicate) return predicate.in.some((literal) => against(literal) === 0);
  if ("between" in predicate) return against(predicate.between[0]) >= 0 && against(predicate.between[1]) <= 0;
  const order = against(predicate.value);
  switch (predicate.op) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function compare(a: boolean | bigint | number | string, b: boolean | bigint | number | string): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function exactTotal(cells: readonly Cell[]): bigint {
  return cells.reduce<bigint>(
    (total, cell) => clip(total + clip(BigInt(cell ?? 0), -EXACT, EXACT), -EXACT, EXACT),
    0n,
  );
}

function floatTotal(cells: readonly Cell[]): number {
  return cells.reduce<number>((total, cell) => finite(total + finite(Number(cell))), 0);
}

function finite(value: number): number {
  return clipFloat(value, -Number.MAX_VALUE, Number.MAX_VALUE);
}

function clip(value: bigint, lower: bigint, upper: bigint): bigint {
  return value < lower ? lower : value > upper ? upper : value;
}

function clipFloat(value: number, lower: number, upper: number): number {
  return value < lower ? lower : value > upper ? upper : value;
}

function textOf(key: readonly Cell[]): string {
  return JSON.stringify(key.map((cell) => [typeof cell, String(cell)]));
}
