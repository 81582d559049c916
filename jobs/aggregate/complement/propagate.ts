// Bounds that follow from bounds, relation by relation: wider than the true intervals or equal to them, and cheap. What
// is too narrow here is too narrow for certain, so that no linear program has to say it.
import type { Freedom } from "./freedom.ts";
import { membersOf } from "./relation.ts";
import type { Part, Relations } from "./relation.ts";
import type { WorkLimit } from "./work-limit.ts";

const ROUNDS = 4;

/** An outer interval of the deviation of each of some cells. */
export interface OuterBounds {
  readonly up: Map<number, number>;
  readonly down: Map<number, number>;
}

/** `part`: suppressed cells, and every relation that has one of them. Other cells do not stray. */
export function propagateBounds(
  { cells, relations: numbers }: Part,
  relations: Relations,
  freedom: Freedom,
  work: WorkLimit,
): OuterBounds {
  const up = new Map(Array.from(cells, (cell) => [cell, freedom.up[cell] ?? 0]));
  const down = new Map(Array.from(cells, (cell) => [cell, freedom.down[cell] ?? 0]));
  const open = Array.from(numbers, (relation) => {
    const members = membersOf(relations, relation);
    const parent = members[0] ?? 0;
    work.spend(ROUNDS * members.length);
    return Array.from(members)
      .filter((cell) => up.has(cell))
      .map((cell) => ({ cell, isParent: cell === parent }));
  });
  for (let round = 0, changed = true; changed && round < ROUNDS; round += 1) {
    changed = false;
    for (const members of open) {
      // With the parent's sign turned, the deviations of a relation sum to 0: one goes up by what the rest goes down.
      const rise = totalOf(members, (cell, isParent) => (isParent ? down : up).get(cell) ?? 0);
      const fall = totalOf(members, (cell, isParent) => (isParent ? up : down).get(cell) ?? 0);
      for (const { cell, isParent } of members) {
        const [forth, back] = isParent ? [down, up] : [up, down];
        const [ownRise, ownFall] = [forth.get(cell) ?? 0, back.get(cell) ?? 0];
        const mostRise = rest(fall, ownFall);
        const mostFall = rest(rise, ownRise);
        if (mostRise < ownRise) forth.set(cell, mostRise);
        if (mostFall < ownFall) back.set(cell, mostFall);
        changed ||= mostRise < ownRise || mostFall < ownFall;
      }
    }
  }
  return { up, down };
}

interface Total {
  sum: number;
  infinite: number;
}

function totalOf(
  members: readonly { readonly cell: number; readonly isParent: boolean }[],
  bound: (cell: number, isParent: boolean) => number,
): Total {
  const total = { sum: 0, infinite: 0 };
  for (const { cell, isParent } of members) {
    const one = bound(cell, isParent);
    if (one === Infinity) total.infinite += 1;
    else total.sum += one;
  }
  return total;
}

/** The total without one of its summands. */
function rest({ sum, infinite }: Total, own: number): number {
  if (own === Infinity) return infinite > 1 ? Infinity : sum;
  return infinite > 0 ? Infinity : sum - own;
}
