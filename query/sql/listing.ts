// top_k and histogram: lists that SQL would put into one value. Here each item is a group, which the gate judges like
// any other: they are short for grouping by the column, or by its declared bins, and keeping the first rows.
import type { Node } from "@pgsql/types";
import type { Ordering } from "../../core/plan/plan.ts";
import type { Listing } from "./aggregate.ts";
import { refuseNode } from "./node.ts";
import { readKey } from "./scalar.ts";
import type { Scope } from "./scalar.ts";
import type { Query } from "./select.ts";

type Rows = Omit<Query, "computed" | "named">;

/** Errors: SQL_DIALECT. */
export function listRows(scope: Scope, listing: Listing, rows: Rows): Rows {
  const { column, listing: name } = listing;
  const refuse = (allowed: string): never => {
    throw refuseNode(scope.source, column, allowed);
  };
  if (rows.totals.length > 0) refuse(`${name} without totals`);
  const item = name === "histogram" ? binOf(scope, column) : readKey(scope, column);
  const { groupBy } = rows;
  if (groupBy.includes(item)) refuse("a column that is not in GROUP BY");
  const select = rows.select.length > 0 ? rows.select : [{ as: "count", op: "count" } as const];
  const listed = { ...rows, select, groupBy: [...groupBy, item] };
  if (listing.listing === "histogram") {
    return rows.orderBy.length > 0 ? listed : { ...listed, orderBy: rising([...groupBy, item]) };
  }
  const counted = select.find((figure) => figure.op === "count" && !("column" in figure));
  if (counted === undefined) return refuse("count(*) beside top_k, by which it orders");
  if (rows.orderBy.length > 0 || rows.limit !== null) refuse("top_k without ORDER BY and LIMIT");
  const orderBy: readonly Ordering[] = [...rising(groupBy), { column: counted.as, direction: "desc" }];
  if (groupBy.length === 0) return { ...listed, orderBy, limit: listing.count };
  return { ...listed, orderBy, limitBy: { count: listing.count, columns: groupBy } };
}

function binOf({ source, columns }: Scope, node: Node): string {
  const name = columns.nameOf(node);
  if (name === undefined) throw refuseNode(source, node, "histogram(COLUMN)");
  return columns.compute({ bin: name });
}

function rising(columns: readonly string[]): readonly Ordering[] {
  return columns.map((column) => ({ column, direction: "asc" }));
}
