// Which of the released rows a job wants: SQL's HAVING, and the first so many of each kind. Both see nothing but what is
// released: a figure that is withheld is null, of which every comparison is unknown.
import { compareCells } from "../cell.ts";
import type { Cell } from "../cell.ts";
import type { CellTest } from "../cell-set.ts";
import type { AggregateProgram, ReleasedPredicate } from "../program.ts";
import { FALSE, TRUE, UNKNOWN } from "../truth.ts";
import type { ReleasedRow } from "./listing.ts";

/** The rows for which the job's condition is true. */
export function withoutUnasked({ having }: AggregateProgram, rows: readonly ReleasedRow[]): ReleasedRow[] {
  return rows.filter((row) => having === null || truthOf(having, row) === TRUE);
}

/** The first `count` rows of those with the same cells in some columns, in the order that they have. */
export function limitRowsBy(
  { limitBy }: AggregateProgram,
  rows: readonly ReleasedRow[],
): readonly ReleasedRow[] {
  if (limitBy === null) return rows;
  const seen = new Map<string, number>();
  return rows.filter((row) => {
    const key = JSON.stringify(limitBy.columns.map((column) => spelling(row[column] ?? null)));
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before < limitBy.count;
  });
}

/** Cells of one column are of one type, so that their texts tell them apart. */
function spelling(cell: Cell): string | null {
  return cell === null ? null : String(cell);
}

function truthOf(predicate: ReleasedPredicate, row: ReleasedRow): number {
  switch (predicate.kind) {
    case "and":
      return Math.min(TRUE, ...predicate.terms.map((term) => truthOf(term, row)));
    case "or":
      return Math.max(FALSE, ...predicate.terms.map((term) => truthOf(term, row)));
    case "not":
      return TRUE - truthOf(predicate.term, row);
    case "null":
      return ((row[predicate.column] ?? null) === null) === predicate.isNull ? TRUE : FALSE;
    case "test":
      return testCell(row[predicate.column] ?? null, predicate.test);
  }
}

function testCell(cell: Cell, test: CellTest): number {
  if (cell === null) return UNKNOWN;
  return holds(cell, test) ? TRUE : FALSE;
}

function holds(cell: NonNullable<Cell>, test: CellTest): boolean {
  if ("in" in test) return test.in.some((value) => compareCells(cell, value) === 0);
  if ("between" in test) {
    return compareCells(cell, test.between[0]) >= 0 && compareCells(cell, test.between[1]) <= 0;
  }
  const order = compareCells(cell, test.value);
  switch (test.op) {
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
