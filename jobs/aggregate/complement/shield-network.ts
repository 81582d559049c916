// Complementary suppression where relations are a network: for each suppressed cell that cannot stray far enough, the
// cheapest released cells along which it could.
import type { IntervalSearch } from "./interval.ts";
import type { Part } from "./relation.ts";
import type { Suppression } from "./suppression.ts";

/** `part`: all that relations link; the search's flow is in it, with no cell open. Throws WorkLimitReached. */
export function shieldNetwork(part: Part, search: IntervalSearch, suppression: Suppression): void {
  const waiting = Array.from(part.cells).filter((cell) => suppression.pattern[cell] === 1);
  for (const cell of waiting) search.flow.open(cell);
  while (waiting.length > 0) {
    // The list grows while it is walked. A cell that is wide enough stays so: more suppressed cells leave more possible.
    for (const cell of waiting) waiting.push(...shieldCell(cell, search, suppression));
    waiting.length = 0;
    // Only cells that are known beforehand can still be alone.
    waiting.push(...suppression.joinLonely(part.relations));
    for (const cell of waiting) search.flow.open(cell);
  }
}

/** Returns the cells that were suppressed for it. */
function shieldCell(cell: number, search: IntervalSearch, suppression: Suppression): number[] {
  const added: number[] = [];
  if (search.isWide(cell)) return added;
  const { flow, rise, fall, seen } = search;
  const need = search.freedom.need[cell] ?? 0;
  rise.begin(cell, 1);
  fall.begin(cell, -1);
  for (;;) {
    search.pushApart(need);
    if (search.isWide(cell)) return added;
    const missing = need - seen.width(cell);
    // Rather one way that is wide enough than several; rather any than none.
    const way = cheaper(missing) ?? cheaper(1);
    // Not even were all released: it is as wide as can be.
    if (way === null) return added;
    for (const closed of way.cells) {
      suppression.add(closed);
      flow.open(closed);
      added.push(closed);
    }
  }

  function cheaper(least: number): ReturnType<typeof flow.cheapestWay> {
    const up = flow.cheapestWay(rise, least, suppression.weights);
    const down = flow.cheapestWay(fall, least, suppression.weights);
    if (up === null || down === null) return up ?? down;
    return down.cost < up.cost ? down : up;
  }
}
