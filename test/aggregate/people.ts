// Small hand-made tables for rule tests: one row a line, [unit, group, value].
import type { Cell } from "../../jobs/aggregate/cell.ts";
import type { TestColumn, TestTable } from "./table.ts";

export type Row = readonly [unit: number, group: Cell, value: Cell];

/** Columns `g` (a dimension) and `x` (a measure) of the named types. Rows of a unit must be neighbours. */
export function peopleOf(rows: readonly Row[], types: { g?: string; x?: string } = {}): TestTable {
  const columns: TestColumn[] = [
    { name: "g", type: types.g ?? "utf8", role: "dimension", cells: rows.map(([, group]) => group) },
    { name: "x", type: types.x ?? "int32", role: "measure", cells: rows.map(([, , value]) => value) },
  ];
  return { rows: rows.length, units: rows.map(([unit]) => unit), columns };
}

/** `count` units, numbered from `from`, each with one row. */
export function unitsIn(group: Cell, count: number, from: number, value: Cell = 1): Row[] {
  return Array.from({ length: count }, (_, at) => [from + at, group, value] as const);
}
