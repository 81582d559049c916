// Totals of a grouped job: which sets of group columns are put together besides all of them. One set has one spelling
// and one place, so that equal jobs have equal digests.
import type { Field } from "../text/field.ts";

/** The result's column that tells totals apart: SQL's GROUPING_ID, a bit for each group column that is totalled. */
export const GROUPING = "grouping";
/** Each total is counted by itself, over all rows. All of them, for six group columns. */
export const MAX_TOTALS = 63;

/**
 * A bit for each group column that `kept` leaves out, the first column's bit the highest; 0 keeps them all. Sets are
 * in the order of these numbers.
 */
export function groupingOf(kept: readonly string[], groupBy: readonly string[]): number {
  return groupBy.reduce((mask, name) => mask * 2 + (kept.includes(name) ? 0 : 1), 0);
}

/** The set of columns that a number of groupingOf keeps. */
export function keptBy(grouping: number, groupBy: readonly string[]): readonly string[] {
  return groupBy.filter((_, at) => (grouping & (1 << (groupBy.length - 1 - at))) === 0);
}

/** Totals as a plan has them: in canonical order, each once. Throws the field's own code. */
export function parseTotals(field: Field, groupBy: readonly string[]): readonly (readonly string[])[] {
  const totals = field.list(0, MAX_TOTALS).map((set) => parseSet(set, groupBy));
  let before = 0;
  for (const [at, kept] of totals.entries()) {
    const grouping = groupingOf(kept, groupBy);
    if (grouping <= before) throw field.fault("not in order, each once", { total: at });
    before = grouping;
  }
  return totals;
}

function parseSet(field: Field, groupBy: readonly string[]): readonly string[] {
  const kept = field.list(0, groupBy.length).map((column) => column.name());
  const canonical = keptBy(groupingOf(kept, groupBy), groupBy);
  if (kept.length === groupBy.length || kept.some((name, at) => name !== canonical[at])) {
    throw field.fault("not some of the group columns, in their order");
  }
  return kept;
}

/** As people write them: `all`, `rollup`, or the sets in any order. Throws the field's own code. */
export function readTotals(field: Field, groupBy: readonly string[]): readonly (readonly string[])[] {
  const every = 2 ** groupBy.length - 1;
  const sets =
    typeof field.value === "string" ? shorthand(field, groupBy.length) : writtenSets(field, groupBy);
  if (sets.some((set) => set < 1 || set > every)) throw field.fault("nothing is totalled");
  if (new Set(sets).size < sets.length) throw field.fault("named twice");
  if (sets.length > MAX_TOTALS) throw field.fault("too many", { most: MAX_TOTALS });
  return sets.toSorted((a, b) => a - b).map((set) => keptBy(set, groupBy));
}

function shorthand(field: Field, columns: number): readonly number[] {
  const word = field.oneOf(["all", "rollup"]);
  if (word === "rollup") return Array.from({ length: columns }, (_, at) => 2 ** (at + 1) - 1);
  const sets = 2 ** columns - 1;
  if (sets > MAX_TOTALS) throw field.fault("too many", { most: MAX_TOTALS });
  return Array.from({ length: sets }, (_, at) => at + 1);
}

function writtenSets(field: Field, groupBy: readonly string[]): readonly number[] {
  return field.list(0, MAX_TOTALS).map((set) => {
    const kept = set.list(0, groupBy.length).map((column) => column.name());
    const stranger = kept.find((name) => !groupBy.includes(name));
    if (stranger !== undefined) throw set.fault("not a group column", { column: stranger });
    if (new Set(kept).size < kept.length) throw set.fault("named twice");
    return groupingOf(kept, groupBy);
  });
}
