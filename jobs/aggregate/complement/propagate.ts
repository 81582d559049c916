// Bounds that follow from bounds, relation by relation: wider than the true intervals or equal to them, and cheap. What
// is too narrow here is too narrow for certain, so that no linear program has to say it.
import type { Freedom } from "./freedom.ts";
import { membersOf } from "./relation.ts";
import type { Part, Relations } from "./relation.ts";
import type { WorkLimit } from "./work-limit.ts";

const ROUNDS = 4;
const STEPS_A_MEMBER = 4;

/** An outer interval of each cell's deviation: -down to up. */
export interface OuterBounds {
  readonly up: Float64Array;
  readonly down: Float64Array;
}

/**
 * Fills in the bounds of the part's cells. `part`: suppressed cells, and every relation that has one of them. Cells for
 * which `pattern` is 0 do not stray.
 */
export function propagateBounds(
  { cells, relations: numbers }: Part,
  pattern: Uint8Array,
  { up, down }: OuterBounds,
  context: { readonly relations: Relations; readonly freedom: Freedom; readonly work: WorkLimit },
): void {
  const { relations, freedom, work } = context;
  for (const cell of cells) {
    up[cell] = freedom.up[cell] ?? 0;
    down[cell] = freedom.down[cell] ?? 0;
  }
  const open = Array.from(numbers, (relation) => {
    const members = membersOf(relations, relation);
    work.spend(members.length);
    // A parent counts the other way round: with its sign turned, the deviations of a relation sum to 0.
    return { parent: members[0] ?? 0, members: members.filter((cell) => pattern[cell] === 1) };
  });
  for (let round = 0, changed = true; changed && round < ROUNDS; round += 1) {
    changed = false;
    for (const { parent, members } of open) {
      work.spend(STEPS_A_MEMBER * members.length);
      const rise = newTotal();
      const fall = newTotal();
      for (const cell of members) {
        addTo(rise, (cell === parent ? down : up)[cell] ?? 0);
        addTo(fall, (cell === parent ? up : down)[cell] ?? 0);
      }
      // One goes up by no more than what the rest go down.
      for (const cell of members) {
        const [forth, back] = cell === parent ? [down, up] : [up, down];
        const [ownRise, ownFall] = [forth[cell] ?? 0, back[cell] ?? 0];
        const mostRise = rest(fall, ownFall);
        const mostFall = rest(rise, ownRise);
        if (mostRise < ownRise) forth[cell] = mostRise;
        if (mostFall < ownFall) back[cell] = mostFall;
        changed ||= mostRise < ownRise || mostFall < ownFall;
      }
    }
  }
}

interface Total {
  sum: number;
  infinite: number;
}

function newTotal(): Total {
  return { sum: 0, infinite: 0 };
}

function addTo(total: Total, one: number): void {
  if (one === Infinity) total.infinite += 1;
  else total.sum += one;
}

/** The total without one of its summands. */
function rest({ sum, infinite }: Total, own: number): number {
  if (own === Infinity) return infinite > 1 ? Infinity : sum;
  return infinite > 0 ? Infinity : sum - own;
}
