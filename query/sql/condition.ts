// WHERE, HAVING and WHEN: conditions that compare a column with constants, under AND, OR and NOT.
import type { A_Expr, Node } from "@pgsql/types";
import type { Comparison, Literal, Predicate } from "../../core/plan/plan.ts";
import { constantOf } from "./literal.ts";
import { kindOf, nameText, refuseNode } from "./node.ts";
import type { Source } from "./source.ts";

/** The name of what is compared; throws SQL_DIALECT for what may not be. */
export type NameLeaf = (node: Node | undefined) => string;

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ["=", "="],
  ["<>", "!="],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);
/** With the sides changed. */
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};
const A_CONDITION =
  "a column beside a constant (= <> < <= > >=), IN (...), BETWEEN, IS NULL, under AND, OR and NOT";

/** Errors: SQL_DIALECT. */
export function readCondition(source: Source, node: Node | undefined, nameLeaf: NameLeaf): Predicate {
  const read = (branch: Node): Predicate => readCondition(source, branch, nameLeaf);
  if (node === undefined) throw refuseNode(source, node, A_CONDITION);
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    const [first] = args;
    if (boolop === "NOT_EXPR" && first !== undefined) return { not: read(first) };
    return boolop === "AND_EXPR" ? { and: args.map(read) } : { or: args.map(read) };
  }
  if ("NullTest" in node) {
    const { arg, nulltesttype } = node.NullTest;
    return { column: nameLeaf(arg), isNull: nulltesttype === "IS_NULL" };
  }
  if ("A_Expr" in node) return comparison(source, node, nameLeaf);
  if (kindOf(node)[0] === "ColumnRef") return { column: nameLeaf(node), op: "=", value: true };
  throw refuseNode(source, node, A_CONDITION);
}

function comparison(source: Source, node: { A_Expr: A_Expr }, nameLeaf: NameLeaf): Predicate {
  const { kind, name, lexpr, rexpr } = node.A_Expr;
  const isNot = nameText(name) === "<>";
  switch (kind) {
    case "AEXPR_IN": {
      const list = { column: nameLeaf(lexpr), in: constants(source, rexpr) };
      return isNot ? { not: list } : list;
    }
    case "AEXPR_BETWEEN":
    case "AEXPR_NOT_BETWEEN": {
      const [low, high] = constants(source, rexpr);
      if (low === undefined || high === undefined) throw refuseNode(source, node, A_CONDITION);
      const between: Predicate = { column: nameLeaf(lexpr), between: [low, high] };
      return kind === "AEXPR_BETWEEN" ? between : { not: between };
    }
    case "AEXPR_OP": {
      const op = COMPARISONS.get(nameText(name));
      if (op === undefined) break;
      const [left, right] = [constantOf(lexpr), constantOf(rexpr)];
      if (right !== undefined && left === undefined) {
        return { column: nameLeaf(lexpr), op, value: value(source, rexpr, right) };
      }
      if (left !== undefined && right === undefined) {
        return { column: nameLeaf(rexpr), op: MIRRORED[op], value: value(source, lexpr, left) };
      }
      throw refuseNode(source, rexpr ?? node, "a column compared with a constant");
    }
  }
  throw refuseNode(source, node, A_CONDITION);
}

function constants(source: Source, node: Node | undefined): readonly Literal[] {
  if (node === undefined || !("List" in node)) throw refuseNode(source, node, "a list of constants");
  return (node.List.items ?? []).map((item) => value(source, item, constantOf(item)));
}

/** SQL's `= NULL` is never true: there is IS NULL. */
function value(source: Source, node: Node | undefined, constant: Literal | null | undefined): Literal {
  if (constant === null) throw refuseNode(source, node, "IS NULL, or a constant");
  if (constant === undefined) throw refuseNode(source, node, "a constant");
  return constant;
}
