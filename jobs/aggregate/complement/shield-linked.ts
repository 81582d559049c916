// Complementary suppression where relations are no network (three-way tables, say): cells that are alone in a relation
// get company; then cells whose interval is too narrow get more of it, a cell a round, until none is.
import type { IntervalSearch } from "./interval.ts";
import { connectedParts, relationsOf } from "./relation.ts";
import type { Part } from "./relation.ts";
import type { Suppression } from "./suppression.ts";

/** `part`: all that relations link. Throws WorkLimitReached. */
export function shieldLinked(part: Part, search: IntervalSearch, suppression: Suppression): void {
  for (;;) {
    suppression.joinLonely(part.relations);
    // Finding the open parts takes, beside steps, a byte a cell of the table.
    search.work.spend(part.cells.length + suppression.pattern.length / 64);
    const doubtful = part.cells.filter((cell) => suppression.pattern[cell] === 1 && !search.isWide(cell));
    if (doubtful.length === 0) return;
    for (const open of connectedParts(search.relations, doubtful, suppression.pattern)) {
      const helped = new Set<number>();
      for (const narrow of search.findNarrow(open, suppression.pattern)) {
        // A cell that one of its relations just gained may be enough.
        if (relationsOf(search.relations, narrow).some((relation) => helped.has(relation))) continue;
        const next = suppression.nextBeside(narrow);
        // Nothing is released of all that is linked to it: no more can be done for it, or for the others.
        if (next === null) return;
        suppression.add(next);
        for (const relation of relationsOf(search.relations, next)) helped.add(relation);
      }
    }
  }
}
