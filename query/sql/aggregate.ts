// Aggregates of a query, by the names that SQL has for them, and the two that stand for a grouping of their own.
import type { FuncCall, Node } from "@pgsql/types";
import type { Aggregate, ColumnOp, JointOp } from "../../core/plan/plan.ts";
import { aggregatedColumns } from "../../core/plan/aggregated.ts";
import { constantOf } from "./literal.ts";
import { checkMembers, nameText, refuseNode } from "./node.ts";
import { readValue } from "./scalar.ts";
import type { Scope } from "./scalar.ts";

/** An aggregate that has no name yet. */
export type Figure =
  | { readonly op: "count"; readonly column?: string }
  | { readonly op: "count_units" }
  | { readonly op: ColumnOp; readonly column: string }
  | { readonly op: JointOp; readonly column: string; readonly with: string }
  | { readonly op: "approx_quantile"; readonly column: string; readonly at: number };

/** What a query groups by besides: the most frequent values of a column, or its bins. */
export type Listing =
  | { readonly listing: "top_k"; readonly column: Node; readonly count: number }
  | { readonly listing: "histogram"; readonly column: Node };

const OPS: ReadonlyMap<string, ColumnOp> = new Map<string, ColumnOp>([
  ["sum", "sum"],
  ["avg", "avg"],
  ["mean", "avg"],
  ["var", "var"],
  ["variance", "var"],
  ["var_samp", "var"],
  ["stddev", "stddev"],
  ["stddev_samp", "stddev"],
  ["min", "min"],
  ["max", "max"],
  ["approx_count_distinct", "approx_distinct"],
  ["approx_distinct", "approx_distinct"],
]);
const JOINT_OPS: ReadonlyMap<string, JointOp> = new Map<string, JointOp>([
  ["covar_samp", "covar"],
  ["corr", "corr"],
]);
const COUNTS: readonly string[] = ["count", "count_units"];
const QUANTILE = "approx_quantile";
const LISTINGS: readonly string[] = ["top_k", "histogram"];
/** What is asked for by another name elsewhere, and the nearest that there is. */
const NEAREST: Readonly<Record<string, string>> = {
  median: "approx_quantile(COLUMN, 0.5), or the bins of histogram(COLUMN)",
  percentile_cont: "approx_quantile(COLUMN, SHARE), or the bins of histogram(COLUMN)",
  percentile_disc: "approx_quantile(COLUMN, SHARE), or the bins of histogram(COLUMN)",
  var_pop: "var_samp(COLUMN)",
  stddev_pop: "stddev_samp(COLUMN)",
  covar_pop: "covar_samp(COLUMN, COLUMN)",
};
export const AN_AGGREGATE =
  "count(*), count(COLUMN), count_units(*), sum, avg, var_samp, stddev_samp, min, max, covar_samp(COLUMN, COLUMN), corr(COLUMN, COLUMN), approx_quantile(COLUMN, SHARE), approx_distinct(COLUMN), top_k(COLUMN, K), histogram(COLUMN)";
const MODIFIERS: Readonly<Record<string, string>> = {
  agg_filter: "FILTER",
  agg_order: "ORDER BY in an aggregate",
  over: "OVER",
  func_variadic: "VARIADIC",
  agg_within_group: "WITHIN GROUP",
};

/** Whether a node is an aggregate, or would be one. */
export function isAggregate(node: Node | undefined): node is { FuncCall: FuncCall } {
  if (node === undefined || !("FuncCall" in node)) return false;
  const name = nameText(node.FuncCall.funcname);
  const isKnown =
    OPS.has(name) ||
    JOINT_OPS.has(name) ||
    name === QUANTILE ||
    COUNTS.includes(name) ||
    LISTINGS.includes(name);
  return isKnown || Object.hasOwn(NEAREST, name);
}

/** Errors: SQL_DIALECT. */
export function readAggregate(scope: Scope, call: FuncCall): Figure | Listing {
  const { source } = scope;
  const name = nameText(call.funcname);
  const refuse = (found: string, allowed: string): never => {
    throw source.refusal(call.location, found, allowed);
  };
  const [first, second, third] = call.args ?? [];
  if (call.agg_distinct === true) {
    refuse(
      `${name}(DISTINCT ...)`,
      "count_units(*), which counts each unit once, or approx_distinct(COLUMN)",
    );
  }
  if (Object.hasOwn(NEAREST, name)) refuse(name, NEAREST[name] ?? "");
  checkMembers(call, ["funcname", "args", "agg_star", "funcformat", "location"], (member) =>
    source.refusal(
      call.location,
      MODIFIERS[member] ?? member,
      `${name}(...) without it; conditions stand in WHERE`,
    ),
  );
  if (name === "top_k") {
    const count = constantOf(second);
    if (first === undefined || third !== undefined || typeof count !== "number" || count < 1) {
      return refuse(name, "top_k(COLUMN, K)");
    }
    return { listing: "top_k", column: first, count };
  }
  if (name === "histogram") {
    if (first === undefined || second !== undefined) return refuse(name, "histogram(COLUMN)");
    return { listing: "histogram", column: first };
  }
  const joint = JOINT_OPS.get(name);
  if (joint !== undefined) {
    if (first === undefined || second === undefined || third !== undefined) {
      return refuse(name, `${name}(COLUMN, COLUMN)`);
    }
    return { op: joint, column: readValue(scope, first), with: readValue(scope, second) };
  }
  if (name === QUANTILE) {
    const at = constantOf(second);
    if (first === undefined || third !== undefined || typeof at !== "number") {
      return refuse(name, `${name}(COLUMN, SHARE), a share between 0 and 1`);
    }
    return { op: QUANTILE, column: readValue(scope, first), at };
  }
  if (second !== undefined) refuse(name, `${name} of one column`);
  if (name === "count_units") {
    return call.agg_star === true ? { op: "count_units" } : refuse(name, "count_units(*)");
  }
  if (call.agg_star === true) {
    return name === "count" ? { op: "count" } : refuse(`${name}(*)`, `${name}(COLUMN)`);
  }
  if (first === undefined) throw refuseNode(source, { FuncCall: call }, `${name}(COLUMN)`);
  const column = readValue(scope, first);
  const op = OPS.get(name);
  return op === undefined ? { op: "count", column } : { op, column };
}

/** As jobs name what has no name: OP_COLUMN, OP_COLUMN_COLUMN, or OP. */
export function nameFigure({ columns }: Scope, figure: Figure, alias: string | undefined): Aggregate {
  const named = { as: figure.op, ...figure };
  const of = aggregatedColumns(named).map((name) => columns.plainName(name));
  return { ...named, as: alias ?? [figure.op, ...of].join("_") };
}
