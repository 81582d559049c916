// Relations as a network: each relation a node, each cell an arc along which its deviation flows. That is possible
// where every cell is part of at most two relations and each relation can be given a side (a hierarchy, a two-way table
// with its margins); then intervals are maximum flows, and whole numbers stay whole.
import type { Part, Relations } from "./relation.ts";
import { relationsOf } from "./relation.ts";

/** By cell of a whole table, filled in part by part. Nodes are relation numbers; one more, the ground, is where arcs end that lack a second relation. */
export interface Arcs {
  readonly tail: Int32Array;
  readonly head: Int32Array;
}

/** Fills in the arcs of the part's cells; returns false where they are no network. */
export function orientNetwork(relations: Relations, part: Part, { tail, head }: Arcs): boolean {
  const ground = relations.count;
  const side = sideRelations(relations, part);
  if (side === null) return false;
  for (const cell of part.cells) {
    tail[cell] = ground;
    head[cell] = ground;
    const start = relations.relationStart[cell] ?? 0;
    relationsOf(relations, cell).forEach((relation, at) => {
      const into = (side.get(relation) ?? 0) * (relations.signs[start + at] ?? 0) > 0;
      (into ? head : tail)[cell] = relation;
    });
  }
  return true;
}

/** 1 or -1 for each relation, such that every cell enters one of its two relations and leaves the other; null if none fits. */
function sideRelations(
  relations: Relations,
  { cells, relations: numbers }: Part,
): Map<number, number> | null {
  const linked = new Map<number, { readonly relation: number; readonly opposite: number }[]>();
  for (const cell of cells) {
    const [one, two, three] = relationsOf(relations, cell);
    if (three !== undefined) return null;
    if (one === undefined || two === undefined) continue;
    const start = relations.relationStart[cell] ?? 0;
    const opposite = -(relations.signs[start] ?? 0) * (relations.signs[start + 1] ?? 0);
    push(linked, one, { relation: two, opposite });
    push(linked, two, { relation: one, opposite });
  }
  const side = new Map<number, number>();
  for (const first of numbers) {
    if (side.has(first)) continue;
    side.set(first, 1);
    const walk = [first];
    // The list grows while it is walked.
    for (const relation of walk) {
      const own = side.get(relation) ?? 0;
      for (const { relation: other, opposite } of linked.get(relation) ?? []) {
        const known = side.get(other);
        if (known === undefined) walk.push(other);
        else if (known !== own * opposite) return null;
        side.set(other, own * opposite);
      }
    }
  }
  return side;
}

function push<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
