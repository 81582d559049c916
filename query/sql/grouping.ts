// GROUP BY: columns, and the sets of them that ROLLUP, CUBE and GROUPING SETS stand for, as SQL multiplies them out.
import type { Node } from "@pgsql/types";
import { groupingOf, keptBy, MAX_TOTALS } from "../../core/plan/totals.ts";
import { refuseNode } from "./node.ts";
import type { Source } from "./source.ts";

export interface Grouping {
  readonly groupBy: readonly string[];
  /** In canonical order. */
  readonly totals: readonly (readonly string[])[];
}

type Sets = readonly (readonly string[])[];

/** `readKey` gives the name of the column that an item is. Errors: SQL_DIALECT. */
export function readGrouping(
  source: Source,
  items: readonly Node[],
  readKey: (node: Node) => readonly string[],
): Grouping {
  const sets = items.reduce<Sets>(
    (before, item) => multiply(source, item, before, setsOf(source, item, readKey)),
    [[]],
  );
  const groupBy = [...new Set(sets.flat())];
  const groupings = sets.map((kept) => groupingOf(kept, groupBy));
  const [first] = items;
  if (!groupings.includes(0)) {
    throw refuseNode(source, first, "one grouping set of all the columns, ROLLUP(...) or CUBE(...)");
  }
  if (new Set(groupings).size < groupings.length) throw refuseNode(source, first, "each grouping set once");
  const totals = groupings.filter((grouping) => grouping > 0).sort((a, b) => a - b);
  return { groupBy, totals: totals.map((grouping) => keptBy(grouping, groupBy)) };
}

function multiply(source: Source, item: Node, before: Sets, sets: Sets): Sets {
  if (before.length * sets.length > MAX_TOTALS + 1) {
    throw refuseNode(source, item, `at most ${MAX_TOTALS} totals`);
  }
  return before.flatMap((one) => sets.map((other) => [...new Set([...one, ...other])]));
}

function setsOf(source: Source, item: Node, readKey: (node: Node) => readonly string[]): Sets {
  if (!("GroupingSet" in item)) return [readKey(item)];
  const { kind, content = [] } = item.GroupingSet;
  const keys = (): Sets => content.map(readKey);
  switch (kind) {
    case "GROUPING_SET_EMPTY":
      return [[]];
    case "GROUPING_SET_ROLLUP": {
      const parts = keys();
      return Array.from({ length: parts.length + 1 }, (_, less) =>
        parts.slice(0, parts.length - less).flat(),
      );
    }
    case "GROUPING_SET_CUBE":
      return keys().reduce<Sets>((before, part) => multiply(source, item, before, [part, []]), [[]]);
    case "GROUPING_SET_SETS":
      return content.flatMap((part) => setsOf(source, part, readKey));
    default:
      throw refuseNode(source, item, "columns, ROLLUP, CUBE or GROUPING SETS");
  }
}
