// Complementary suppression: which cells must vanish beside the primary ones, lest a suppressed cell be the difference
// of released ones.
import type { Relation } from "./relation.ts";
import { linkRelations, suppressedComponents } from "./relation.ts";

/** A table of numbers and the sums that link them. */
export interface CellTable {
  readonly cells: number;
  /** Each parent is the sum of its children. A cell may be part of any number of relations. */
  readonly relations: readonly Relation[];
  /** The true value of each cell, released or not. */
  readonly values: Float64Array;
  /** What anyone knows of a cell beforehand: lower <= value <= upper; infinities are allowed, NaN is not. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** 1 = primary: the cell must not be released. */
  readonly suppressed: Uint8Array;
  /** Nobody may know a suppressed cell to an interval narrower than this: one for all cells, or one a cell. */
  readonly width: number | Float64Array;
}

/** The cells that are not released: the primary ones and those beside them, 1 each. */
export function completeSuppression(table: CellTable): Uint8Array {
  const pattern = table.suppressed.slice();
  if (!pattern.includes(1)) return pattern;
  const relations = linkRelations(table.cells, table.relations);
  for (const cells of suppressedComponents(relations, pattern)) {
    for (const cell of cells) pattern[cell] = 1;
  }
  return pattern;
}
