// Computed columns as kernels take them: names resolved to positions, numbers to smallest units.
import { literalScale } from "../../core/plan/arithmetic.ts";
import type { Arithmetic } from "../../core/plan/arithmetic.ts";
import type { CheckedColumn, CheckedComputation, PlanColumn } from "../../core/plan/check.ts";
import type { TypedPredicate as PlanPredicate } from "../../core/plan/check.ts";
import { scaledDecimal } from "../../core/plan/literal.ts";
import type { Literal } from "../../core/plan/plan.ts";
import type { ColumnType } from "../../core/column/type.ts";
import { cellOf } from "./cell.ts";
import type { Cell } from "./cell.ts";
import type { ArithmeticNode, Computed, Edge, Operand, TypedPredicate } from "./program.ts";

export function compileComputed(
  { column, computation }: CheckedColumn,
  columns: readonly PlanColumn[],
  compilePredicate: (predicate: PlanPredicate) => TypedPredicate,
): Computed {
  const { type } = column;
  const slotOf = (name: string): number => columnOf(name, columns).slot;
  switch (computation.kind) {
    case "arithmetic":
      return { kind: "arithmetic", type, root: compileArithmetic(computation.arithmetic, columns).node };
    case "part":
      return { kind: "part", part: computation.part, of: slotOf(computation.of) };
    case "truncate":
      return { kind: "truncate", unit: computation.unit, type, of: slotOf(computation.of) };
    case "bin":
      return { kind: "bin", of: slotOf(computation.of), edges: edgesOf(computation, columns) };
    case "case":
      return {
        kind: "case",
        type,
        when: computation.cases.map(({ when }) => compilePredicate(when)),
        then: [...computation.cases.map(({ then }) => then), computation.otherwise].map((literal) =>
          caseCell(literal, type),
        ),
      };
  }
}

function columnOf(name: string, columns: readonly PlanColumn[]): PlanColumn {
  const column = columns.find((known) => known.name === name);
  if (column === undefined) throw new Error("internal: a computed column of one that is not read");
  return column;
}

/** As the column holds them: a literal beside a float32 column means the float32 nearest to it. */
function edgesOf(
  { of, edges }: Extract<CheckedComputation, { kind: "bin" }>,
  columns: readonly PlanColumn[],
): readonly Edge[] {
  const { type } = columnOf(of, columns);
  const isSingle = type.kind === "float" && type.bits === 32;
  return edges.map(({ value }) => {
    if (typeof value === "bigint") return value;
    return isSingle ? Math.fround(Number(value)) : Number(value);
  });
}

function caseCell(literal: Literal | null, type: ColumnType): Cell {
  if (literal === null) return null;
  return typeof literal === "number" ? cellOf(BigInt(literal), type) : literal;
}

/** `scale` is null for float64. */
interface Compiled {
  readonly node: ArithmeticNode;
  readonly scale: number | null;
}

function compileArithmetic(arithmetic: Arithmetic, columns: readonly PlanColumn[]): Compiled {
  if (typeof arithmetic === "number") {
    const scale = literalScale(arithmetic) ?? 0;
    return { node: { kind: "constant", value: Number(scaledDecimal(arithmetic, scale)) }, scale };
  }
  if (typeof arithmetic === "string") {
    const { slot, type } = columnOf(arithmetic, columns);
    const exact = type.kind !== "float";
    const scale = type.kind === "decimal" ? type.scale : 0;
    return { node: { kind: "column", column: slot, exact }, scale: exact ? scale : null };
  }
  const { op, of } = arithmetic;
  const [left, right] = [compileArithmetic(of[0], columns), compileArithmetic(of[1], columns)];
  if (left.scale === null || right.scale === null || op === "/") {
    const operands = [floatOperand(left), floatOperand(right)] as const;
    return { node: { kind: "operation", op, exact: false, operands }, scale: null };
  }
  const scale = op === "*" ? left.scale + right.scale : Math.max(left.scale, right.scale);
  const exactOperand = ({ node, scale: own }: Compiled): Operand => ({
    node,
    times: op === "*" ? 1 : 10 ** (scale - (own ?? 0)),
    over: 1,
  });
  const operands = [exactOperand(left), exactOperand(right)] as const;
  return { node: { kind: "operation", op, exact: true, operands }, scale };
}

/** One division of two exact numbers: the nearest double there is. */
function floatOperand({ node, scale }: Compiled): Operand {
  return { node, times: 1, over: scale === null ? 1 : 10 ** scale };
}
