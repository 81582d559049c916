// One SELECT to what a job asks for. A clause, or a member of one, that is not known here is refused by its place, with
// the nearest that there is. Which columns there are and what the rules allow is decided later, against the manifest.
import type { Node, SelectStmt } from "@pgsql/types";
import type { AggregateJob } from "../../core/plan/job-text.ts";
import type { Aggregate } from "../../core/plan/plan.ts";
import { isAggregate, nameFigure, readAggregate } from "./aggregate.ts";
import type { Listing } from "./aggregate.ts";
import { readCondition } from "./condition.ts";
import { readGrouping } from "./grouping.ts";
import type { Grouping } from "./grouping.ts";
import { listRows } from "./listing.ts";
import { constantOf } from "./literal.ts";
import { checkMembers, locationOf, refuseNode } from "./node.ts";
import { readHaving, readOrdering } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { readKey, readValue } from "./scalar.ts";
import type { Scope } from "./scalar.ts";
import { parseSelect } from "./syntax.ts";
import { readTables } from "./tables.ts";

/** What a query says of a job: all but where the data lie and who receives the result. */
export interface Query extends Omit<AggregateJob, "kind" | "datasets" | "recipient" | "release"> {
  /** The data sets that it is over, the left one of a join first. */
  readonly named: readonly string[];
}

const KNOWN = [
  "targetList",
  "fromClause",
  "whereClause",
  "groupClause",
  "havingClause",
  "sortClause",
  "limitCount",
  "limitOption",
  "op",
] as const;
const ONE_SELECT = "SELECT ... FROM dataset WHERE ... GROUP BY ... HAVING ... ORDER BY ... LIMIT n";
const TWO_QUERIES = "a job for each query, or GROUP BY ROLLUP(...) for totals";
/** By what the parser calls them, clauses that jobs do not have: their keywords, and the nearest that there is. */
const REFUSED: Readonly<Record<string, readonly [readonly string[], string]>> = {
  distinctClause: [["DISTINCT"], "GROUP BY the columns, and count(*)"],
  intoClause: [["INTO"], ONE_SELECT],
  groupDistinct: [["DISTINCT"], "GROUP BY without DISTINCT"],
  windowClause: [["WINDOW"], ONE_SELECT],
  valuesLists: [["VALUES"], ONE_SELECT],
  limitOffset: [["OFFSET"], "LIMIT n"],
  lockingClause: [["FOR"], ONE_SELECT],
  withClause: [["WITH"], "one SELECT over the data set itself"],
  larg: [["UNION", "INTERSECT", "EXCEPT"], TWO_QUERIES],
  rarg: [["UNION", "INTERSECT", "EXCEPT"], TWO_QUERIES],
  all: [["UNION", "INTERSECT", "EXCEPT"], TWO_QUERIES],
};

interface Item {
  readonly value: Node;
  readonly alias: string | undefined;
}

/** `datasets`: those that the job names. Errors: SQL_SYNTAX, SQL_DIALECT. */
export async function readQuery(text: string, datasets: readonly string[]): Promise<Query> {
  const { select, source } = await parseSelect(text);
  checkMembers(select, KNOWN, (member) => {
    const [keywords, allowed] = REFUSED[member] ?? [[], ONE_SELECT];
    const location = source.find(...keywords);
    return source.refusal(location, location === undefined ? member : source.tokenAt(location), allowed);
  });
  const tables = readTables(source, select, datasets);
  const scope: Scope = { source, columns: tables.columns };
  const items = readItems(scope, select);
  const keys = new Map<Item, string>();
  for (const item of items) if (!isAggregate(item.value)) keys.set(item, itemKey(scope, item));
  const grouping = readGroups(scope, select, items, keys);
  for (const [{ value }, name] of keys) {
    if (grouping.groupBy.includes(name)) continue;
    throw refuseNode(source, value, "an aggregate, or a column of GROUP BY");
  }
  const { figures, listing } = readFigures(scope, items);
  const where =
    tables.where === undefined ? null : readCondition(source, tables.where, (leaf) => readValue(scope, leaf));
  const outcome: Outcome = { ...grouping, select: figures, keys: items.map((item) => keys.get(item)) };
  const ordered = {
    join: tables.join,
    ...grouping,
    where,
    select: figures,
    having: readHaving(scope, select.havingClause, outcome),
    orderBy: readOrdering(scope, select.sortClause ?? [], outcome),
    limitBy: null,
    limit: readLimit(scope, select),
  };
  const whole = listing === null ? ordered : listRows(scope, listing, ordered);
  return { ...whole, named: tables.datasets, computed: scope.columns.computed };
}

/** The items of the list, each with the name that AS gives it, as written. */
function readItems({ source }: Scope, { targetList = [] }: SelectStmt): readonly Item[] {
  return targetList.map((target, at) => {
    if (!("ResTarget" in target) || target.ResTarget.val === undefined) {
      throw refuseNode(source, target, "columns of GROUP BY, and aggregates");
    }
    const { val: value, name, location = 0 } = target.ResTarget;
    const next = locationOf(targetList[at + 1]);
    return { value, alias: name === undefined ? undefined : source.alias(location, next) };
  });
}

/** A column has the name that it has; what is computed has the one that the query gives it. */
function itemKey(scope: Scope, { value, alias }: Item): string {
  const name = readKey(scope, value, alias);
  if (alias !== undefined && alias !== name) {
    throw scope.source.refusal(locationOf(value), `AS ${alias}`, `${name}, as it is named before`);
  }
  return name;
}

function readGroups(
  scope: Scope,
  select: SelectStmt,
  items: readonly Item[],
  keys: ReadonlyMap<Item, string>,
): Grouping {
  const read = (node: Node): readonly string[] => {
    if ("RowExpr" in node) return (node.RowExpr.args ?? []).flatMap(read);
    const position = constantOf(node);
    if (position === undefined) return [readKey(scope, node)];
    const item = typeof position === "number" ? items[position - 1] : undefined;
    const name = item && keys.get(item);
    if (name === undefined) throw refuseNode(scope.source, node, "a column, or the place of one in the list");
    return [name];
  };
  return readGrouping(scope.source, select.groupClause ?? [], read);
}

interface Figures {
  readonly figures: readonly Aggregate[];
  readonly listing: Listing | null;
}

function readFigures(scope: Scope, items: readonly Item[]): Figures {
  const figures: Aggregate[] = [];
  let listing: Listing | null = null;
  for (const { value, alias } of items) {
    if (!isAggregate(value)) continue;
    const figure = readAggregate(scope, value.FuncCall);
    if (!("listing" in figure)) figures.push(nameFigure(scope, figure, alias));
    else if (listing === null && alias === undefined) listing = figure;
    else throw refuseNode(scope.source, value, `one ${figure.listing}, without AS`);
  }
  if (listing === null && figures.length === 0) {
    throw scope.source.refusal(0, "no aggregate", "count(*), or another aggregate, beside the columns");
  }
  return { figures, listing };
}

function readLimit({ source }: Scope, { limitCount, limitOption }: SelectStmt): number | null {
  if (limitCount === undefined) return null;
  if (limitOption === "LIMIT_OPTION_WITH_TIES") {
    throw source.refusal(locationOf(limitCount), "WITH TIES", "ONLY");
  }
  const limit = constantOf(limitCount);
  if (limit === null) return null;
  if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 1) {
    throw refuseNode(source, limitCount, "a whole number from 1");
  }
  return limit;
}
