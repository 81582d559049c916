// The condition on released rows, typed by the result's columns.
import type { ColumnType } from "../../core/column/type.ts";
import { literalOf, unfit } from "../../core/plan/check-column.ts";
import type { Literal, Predicate } from "../../core/plan/plan.ts";
import { cellOf } from "./cell.ts";
import type { Cell } from "./cell.ts";
import type { ReleasedPredicate } from "./program.ts";

export interface ResultColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Errors: PLAN_TYPE, PLAN_LITERAL. */
export function compileHaving(predicate: Predicate, columns: readonly ResultColumn[]): ReleasedPredicate {
  const compile = (branch: Predicate): ReleasedPredicate => compileHaving(branch, columns);
  if ("and" in predicate) return { kind: "and", terms: predicate.and.map(compile) };
  if ("or" in predicate) return { kind: "or", terms: predicate.or.map(compile) };
  if ("not" in predicate) return { kind: "not", term: compile(predicate.not) };
  const at = columns.findIndex(({ name }) => name === predicate.column);
  const column = columns[at];
  if (column === undefined) {
    throw new Error("internal: a condition on a column that the result does not have");
  }
  if ("isNull" in predicate) return { kind: "null", column: at, isNull: predicate.isNull };
  const cell = (literal: Literal): NonNullable<Cell> => cellOf(literalOf(literal, column).value, column.type);
  if ("in" in predicate) return { kind: "test", column: at, test: { in: predicate.in.map(cell) } };
  const isOrdered = column.type.kind !== "bool";
  if ("between" in predicate) {
    if (!isOrdered) throw unfit(column, "between");
    const [low, high] = predicate.between;
    return { kind: "test", column: at, test: { between: [cell(low), cell(high)] } };
  }
  const { op, value } = predicate;
  if (!isOrdered && op !== "=" && op !== "!=") throw unfit(column, op);
  return { kind: "test", column: at, test: { op, value: cell(value) } };
}
