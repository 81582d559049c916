// Complementary suppression: which cells must vanish beside the primary ones, lest a suppressed cell be the difference
// of released ones, or be pinned down to a narrow interval by them.
//
// Promised, for who knows the released cells, the relations, the bounds known beforehand and the pattern itself:
// - no relation has exactly one suppressed cell;
// - each suppressed cell has possible values that lie at least `width` apart, or as far apart as they would were nothing
//   released of all that relations link to it. Where the cells are whole numbers, the possible values are whole tables.
// Not promised: anything about how likely the values are; what several jobs tell together; what two suppressed cells
// tell of each other; and what follows from the choice itself. The cells beside the primary ones are chosen by the true
// values (cheap ones, that can move far enough), so who runs this program on each possible table may rule some out: of
// two suppressed cells in a row, the primary one is likely the smaller. An interval width above the least number of
// units, and bounds that say no more of primary cells than of others, keep that small.
import { measureFreedom } from "./complement/freedom.ts";
import { IntervalSearch } from "./complement/interval.ts";
import { connectedParts, linkRelations } from "./complement/relation.ts";
import type { Relation } from "./complement/relation.ts";
import { shieldLinked } from "./complement/shield-linked.ts";
import { shieldNetwork } from "./complement/shield-network.ts";
import { Suppression, weighCells } from "./complement/suppression.ts";
import { WorkLimit, WorkLimitReached } from "./complement/work-limit.ts";

/** Elementary steps, a few nanoseconds each. */
const STEPS = 2e8;

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

/**
 * The cells that are not released: the primary ones and those beside them, 1 each. The same for the same table; linear
 * in its size where nothing is suppressed. Parts that take more than `steps` are suppressed whole, which is always safe.
 * Throws a RangeError for a table that is none: see linkRelations and measureFreedom.
 */
export function completeSuppression(table: CellTable, steps: number = STEPS): Uint8Array {
  const { cells, suppressed, values } = table;
  if (suppressed.length !== cells) throw new RangeError("one mark a cell");
  const primaries = Array.from(suppressed.keys()).filter((cell) => suppressed[cell] !== 0);
  if (primaries.length === 0) return new Uint8Array(cells);

  const relations = linkRelations(cells, table.relations);
  const freedom = measureFreedom(table);
  const work = new WorkLimit(steps);
  const search = new IntervalSearch(relations, freedom, work);
  const suppression = new Suppression(primaries, {
    relations,
    freedom,
    weights: weighCells(values, relations),
    work,
  });
  const everything = new Uint8Array(cells).fill(1);
  const parts = connectedParts(relations, primaries, everything);
  for (const [at, part] of parts.entries()) {
    work.beginPart(parts.length - 1 - at);
    try {
      // A suppressed value that is no number has no place in an interval; nothing is proved of what touches it.
      if (part.cells.some((cell) => suppressed[cell] !== 0 && !Number.isFinite(values[cell]))) {
        suppressWhole(suppression, part.cells);
      } else if (search.enterNetwork(part)) shieldNetwork(part, search, suppression);
      else shieldLinked(part, search, suppression);
    } catch (error) {
      if (!(error instanceof WorkLimitReached)) throw error;
      suppressWhole(suppression, part.cells);
    }
  }
  return suppression.pattern;
}

function suppressWhole(suppression: Suppression, cells: Int32Array): void {
  for (const cell of cells) suppression.add(cell);
}
