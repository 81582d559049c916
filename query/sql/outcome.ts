// HAVING and ORDER BY: over the released rows, by the columns that they have.
import type { Node } from "@pgsql/types";
import { canonicalText } from "../../core/json.ts";
import type { Aggregate, Ordering, Predicate } from "../../core/plan/plan.ts";
import { GROUPING } from "../../core/plan/totals.ts";
import { foldName } from "../../core/text/name.ts";
import { isAggregate, nameFigure, readAggregate } from "./aggregate.ts";
import { readCondition } from "./condition.ts";
import { constantOf } from "./literal.ts";
import { refuseNode } from "./node.ts";
import { readKey } from "./scalar.ts";
import type { Scope } from "./scalar.ts";

/** What the released rows have, and what the list of the query says of it. */
export interface Outcome {
  readonly groupBy: readonly string[];
  readonly totals: readonly (readonly string[])[];
  readonly select: readonly Aggregate[];
  /** Item by item of the list, the column; undefined for aggregates, which follow each other in `select`. */
  readonly keys: readonly (string | undefined)[];
}

/** Errors: SQL_DIALECT. */
export function readHaving(scope: Scope, node: Node | undefined, outcome: Outcome): Predicate | null {
  if (node === undefined) return null;
  return readCondition(scope.source, node, (leaf) => outputOf(scope, leaf, outcome));
}

/** Nulls come last, whichever way. Errors: SQL_DIALECT. */
export function readOrdering(scope: Scope, items: readonly Node[], outcome: Outcome): readonly Ordering[] {
  return items.map((item) => {
    if (!("SortBy" in item)) throw refuseNode(scope.source, item, "a column of the list");
    const { node, sortby_dir: direction, sortby_nulls: nulls } = item.SortBy;
    if (nulls === "SORTBY_NULLS_FIRST") throw refuseNode(scope.source, node, "NULLS LAST");
    if (direction === "SORTBY_USING") throw refuseNode(scope.source, node, "ASC or DESC");
    const column = outputAt(scope, node, outcome) ?? outputOf(scope, node, outcome);
    return { column, direction: direction === "SORTBY_DESC" ? "desc" : "asc" };
  });
}

/** By place in the list, from 1. Undefined where it is no place. */
function outputAt(scope: Scope, node: Node | undefined, { keys, select }: Outcome): string | undefined {
  const place = constantOf(node);
  if (place === undefined) return undefined;
  const at = typeof place === "number" ? place - 1 : -1;
  const before = keys.slice(0, Math.max(0, at)).filter((key) => key === undefined).length;
  const name = at in keys ? (keys[at] ?? select[before]?.as) : undefined;
  if (name === undefined) throw refuseNode(scope.source, node, `a place from 1 to ${keys.length}`);
  return name;
}

/** By name, or as the list has it. */
function outputOf(scope: Scope, node: Node | undefined, { groupBy, totals, select }: Outcome): string {
  const names = [...groupBy, ...(totals.length > 0 ? [GROUPING] : []), ...select.map(({ as }) => as)];
  const written = isAggregate(node) ? figureName(scope, node, select) : readKey(scope, node);
  const name = names.find((known) => written !== undefined && foldName(known) === foldName(written));
  if (name !== undefined) return name;
  throw refuseNode(scope.source, node, names.join(", "));
}

function figureName(
  scope: Scope,
  node: Extract<Node, { FuncCall: unknown }>,
  select: readonly Aggregate[],
): string | undefined {
  const wanted = readAggregate(scope, node.FuncCall);
  if ("listing" in wanted) return undefined;
  const identity = canonicalText(nameFigure(scope, wanted, ""));
  return select.find((figure) => canonicalText({ ...figure, as: "" }) === identity)?.as;
}
