// What a query computes of one row: parts of dates, bins, CASE over dimensions, and arithmetic.
import type { FuncCall, Node } from "@pgsql/types";
import type { Arithmetic, ArithmeticOp } from "../../core/plan/arithmetic.ts";
import { DATE_PARTS, DATE_UNITS } from "../../core/plan/computed.ts";
import type { CaseBranch, Computation } from "../../core/plan/computed.ts";
import type { Literal } from "../../core/plan/plan.ts";
import type { Columns } from "./columns.ts";
import { readCondition } from "./condition.ts";
import { constantOf } from "./literal.ts";
import { nameText, refuseNode } from "./node.ts";
import type { Source } from "./source.ts";

export interface Scope {
  readonly source: Source;
  readonly columns: Columns;
}

const OPERATORS: readonly ArithmeticOp[] = ["+", "-", "*", "/"];
const PARTS: readonly string[] = DATE_PARTS;
const A_KEY =
  "a column, EXTRACT(year FROM COLUMN), date_trunc('month', COLUMN), width_bucket(COLUMN), or CASE over dimensions";
const A_NUMBER = "columns and numbers under + - * /";

/** The name of the column that a node is, or is computed as. Errors: SQL_DIALECT. */
export function readKey(scope: Scope, node: Node | undefined, alias?: string): string {
  const name = node && scope.columns.keyOf(node, alias);
  if (name !== undefined) return name;
  const computation = node && computationOf(scope, node);
  if (computation === undefined) throw refuseNode(scope.source, node, A_KEY);
  return scope.columns.compute(computation, alias);
}

/** As readKey, or arithmetic: what is aggregated. Errors: SQL_DIALECT. */
export function readValue(scope: Scope, node: Node | undefined): string {
  const name = scope.columns.nameOf(node);
  if (name !== undefined) return name;
  const computation = node && computationOf(scope, node);
  if (computation !== undefined) return scope.columns.compute(computation);
  const arithmetic = readArithmetic(scope, node);
  if (typeof arithmetic === "number") throw refuseNode(scope.source, node, A_NUMBER);
  return typeof arithmetic === "string" ? arithmetic : scope.columns.compute({ arithmetic });
}

/** Errors: SQL_DIALECT. */
export function readArithmetic(scope: Scope, node: Node | undefined): Arithmetic {
  const name = scope.columns.nameOf(node);
  if (name !== undefined) return name;
  const constant = constantOf(node);
  if (typeof constant === "number") return constant;
  if (node !== undefined && "A_Expr" in node && node.A_Expr.kind === "AEXPR_OP") {
    const { lexpr, rexpr, name: parts } = node.A_Expr;
    const op = OPERATORS.find((known) => known === nameText(parts));
    if (op === "-" && lexpr === undefined) return { op, of: [0, readArithmetic(scope, rexpr)] };
    if (op !== undefined && lexpr !== undefined) {
      return { op, of: [readArithmetic(scope, lexpr), readArithmetic(scope, rexpr)] };
    }
  }
  throw refuseNode(scope.source, node, A_NUMBER);
}

/** Undefined where it is none that a key can be. */
function computationOf(scope: Scope, node: Node): Computation | undefined {
  if ("GroupingFunc" in node) {
    throw refuseNode(scope.source, node, "the column grouping, which results with totals have");
  }
  if ("FuncCall" in node) return functionOf(scope, node.FuncCall);
  return "CaseExpr" in node ? caseOf(scope, node) : undefined;
}

function functionOf(scope: Scope, call: FuncCall): Computation | undefined {
  const { args = [] } = call;
  const name = nameText(call.funcname);
  if (name === "extract" || name === "date_part") return datePart(scope, call);
  if (PARTS.includes(name) && args.length === 1) return partOf(scope, call, name, args[0]);
  if (name === "date_trunc") return truncation(scope, call);
  if (name !== "width_bucket") return undefined;
  if (args.length !== 1) {
    throw scope.source.refusal(call.location, name, "width_bucket(COLUMN): the bins are the owner's");
  }
  return { bin: columnOf(scope, args[0], "width_bucket(COLUMN)") };
}

function datePart(scope: Scope, call: FuncCall): Computation {
  const [part, of] = call.args ?? [];
  return partOf(scope, call, String(constantOf(part)).toLowerCase(), of);
}

function partOf(scope: Scope, call: FuncCall, name: string, of: Node | undefined): Computation {
  const part = DATE_PARTS.find((known) => known === name);
  if (part === undefined) throw scope.source.refusal(call.location, name, DATE_PARTS.join(", "));
  return { part, of: columnOf(scope, of, `EXTRACT(${part} FROM COLUMN)`) };
}

function truncation(scope: Scope, call: FuncCall): Computation {
  const [unit, of] = call.args ?? [];
  const name = String(constantOf(unit)).toLowerCase();
  const truncate = DATE_UNITS.find((known) => known === name);
  if (truncate === undefined) throw scope.source.refusal(call.location, name, DATE_UNITS.join(", "));
  return { truncate, of: columnOf(scope, of, `date_trunc('${truncate}', COLUMN)`) };
}

function columnOf(scope: Scope, node: Node | undefined, allowed: string): string {
  const name = scope.columns.nameOf(node);
  if (name === undefined) throw refuseNode(scope.source, node, allowed);
  return name;
}

function caseOf(scope: Scope, node: Extract<Node, { CaseExpr: unknown }>): Computation {
  const { arg, args = [], defresult } = node.CaseExpr;
  const cases = args.map((branch): CaseBranch => {
    if (!("CaseWhen" in branch)) throw refuseNode(scope.source, branch, "WHEN condition THEN value");
    const { expr, result } = branch.CaseWhen;
    return { when: condition(scope, arg, expr), then: caseValue(scope, result) };
  });
  return { cases, otherwise: defresult === undefined ? null : caseValue(scope, defresult) };
}

/** CASE x WHEN v is CASE WHEN x = v. */
function condition(scope: Scope, arg: Node | undefined, expr: Node | undefined): CaseBranch["when"] {
  const read = (node: Node | undefined): CaseBranch["when"] =>
    readCondition(scope.source, node, (leaf) => columnOf(scope, leaf, "a column of role dimension"));
  if (arg === undefined) return read(expr);
  const equality = { kind: "AEXPR_OP", name: [{ String: { sval: "=" } }], lexpr: arg, rexpr: expr } as const;
  return read({ A_Expr: { ...equality, name: [...equality.name], rexpr: expr ?? ({} as Node) } });
}

function caseValue(scope: Scope, node: Node | undefined): Literal | null {
  const value = constantOf(node);
  if (value === undefined) {
    throw refuseNode(scope.source, node, "a text, a whole number, true, false or NULL");
  }
  return value;
}
