// Some suppressed cells around one of them, and their relations. A table that is possible with all other cells at their
// true values is possible: so a small program about these often answers for the cell, and never too much.
import type { Freedom } from "./freedom.ts";
import { membersOf, relationsOf } from "./relation.ts";
import type { Part, Relations } from "./relation.ts";
import type { WorkLimit } from "./work-limit.ts";

/** Freedoms are told apart up to this. */
const FAR = 2 ** 40;

interface Context {
  readonly relations: Relations;
  readonly freedom: Freedom;
  readonly work: WorkLimit;
}

/**
 * About `size` cells or fewer, of which `pattern` is 1: the first one, then company for whatever is alone in a
 * relation, until none is, then more of what is beside the first. Without those that cannot stray, which may be the
 * first one itself.
 */
export function nearbyPart(first: number, size: number, pattern: Uint8Array, context: Context): Part {
  const { relations, work } = context;
  const cells = new Set<number>();
  const counts = new Map<number, number>();
  let lonely: number[] = [];
  const add = (cell: number): void => {
    cells.add(cell);
    for (const relation of relationsOf(relations, cell)) {
      const count = (counts.get(relation) ?? 0) + 1;
      counts.set(relation, count);
      if (count === 1) lonely.push(relation);
    }
  };
  const addOneOf = (relation: number): void => {
    const best = bestMember(relation, cells, counts, pattern, context);
    if (best !== null) add(best);
  };
  add(first);
  while (cells.size < size) {
    const before = cells.size;
    while (lonely.length > 0 && cells.size < size) {
      const waiting = lonely;
      lonely = [];
      for (const relation of waiting) if (counts.get(relation) === 1) addOneOf(relation);
    }
    for (const relation of relationsOf(relations, first)) addOneOf(relation);
    if (cells.size === before) break;
  }
  return withoutLonely(cells, relations, work);
}

/** The one that leaves the fewest cells alone, then the one with the most freedom, then the first; null if none is left. */
function bestMember(
  relation: number,
  cells: ReadonlySet<number>,
  counts: ReadonlyMap<number, number>,
  pattern: Uint8Array,
  { relations, freedom, work }: Context,
): number | null {
  const members = membersOf(relations, relation);
  work.spend(4 * members.length);
  let best: number | null = null;
  let [fewest, most] = [Infinity, 0];
  for (const member of members) {
    if (pattern[member] !== 1 || cells.has(member)) continue;
    let alone = 0;
    for (const other of relationsOf(relations, member)) {
      const count = counts.get(other) ?? 0;
      if (count === 0) alone += 1;
      else if (count === 1) alone -= 1;
    }
    const room = Math.min(freedom.up[member] ?? 0, FAR) + Math.min(freedom.down[member] ?? 0, FAR);
    if (alone > fewest || (alone === fewest && best !== null && room <= most)) continue;
    [best, fewest, most] = [member, alone, room];
  }
  return best;
}

/** A cell alone in a relation cannot stray; without it another may be alone, and so on. */
function withoutLonely(cells: Set<number>, relations: Relations, work: WorkLimit): Part {
  const counts = new Map<number, number>();
  for (const cell of cells) {
    for (const relation of relationsOf(relations, cell)) {
      counts.set(relation, (counts.get(relation) ?? 0) + 1);
    }
  }
  const lonely = Array.from(counts.keys()).filter((relation) => counts.get(relation) === 1);
  for (const relation of lonely) {
    if (counts.get(relation) !== 1) continue;
    const members = membersOf(relations, relation);
    work.spend(4 * members.length);
    const alone = members.find((member) => cells.has(member)) ?? 0;
    cells.delete(alone);
    for (const other of relationsOf(relations, alone)) {
      const count = (counts.get(other) ?? 0) - 1;
      counts.set(other, count);
      if (count === 1) lonely.push(other);
    }
  }
  const left = Array.from(counts.keys()).filter((relation) => (counts.get(relation) ?? 0) > 0);
  return { cells: Int32Array.from(cells).sort(), relations: Int32Array.from(left).sort() };
}
