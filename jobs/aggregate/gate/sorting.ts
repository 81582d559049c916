// Released rows in the order of their keys. With one key of whole numbers of 32 bits they are sorted as numbers.
import { compareKeys } from "../cell.ts";
import type { Cell } from "../cell.ts";
import { radixOrder } from "../radix-order.ts";

/** Below so many rows there is nothing to gain. */
const FEW = 4096;
const TWO_31 = 2_147_483_648;

/** Rows by their first so many cells. Stable. */
export function sortByKeys<Row extends readonly Cell[]>(rows: readonly Row[], keys: number): readonly Row[] {
  if (rows.every((row, at) => at === 0 || compareKeys(rows[at - 1] ?? [], row, keys) <= 0)) return rows;
  const words = keys === 1 && rows.length > FEW ? wordsOf(rows) : null;
  if (words === null) return rows.toSorted((a, b) => compareKeys(a, b, keys));
  const sorted: Row[] = [];
  for (const place of radixOrder(words)) {
    const row = rows[place];
    if (row !== undefined) sorted.push(row);
  }
  return sorted;
}

/** Keys less the least there may be; null where some key is no number between -2^31 and 2^31 - 1. */
function wordsOf(rows: readonly (readonly Cell[])[]): Uint32Array | null {
  const words = new Uint32Array(rows.length);
  for (let at = 0; at < words.length; at += 1) {
    const key = rows[at]?.[0];
    if (typeof key !== "number" || (key | 0) !== key) return null;
    words[at] = key + TWO_31;
  }
  return words;
}
