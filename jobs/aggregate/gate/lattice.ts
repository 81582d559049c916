// How groups of different levels add up: each group of a total is the sum of its parts in the next finer levels.
import type { Cell } from "../cell.ts";
import type { Relation } from "../complement/relation.ts";
import type { AggregateProgram } from "../program.ts";
import type { Candidate } from "./candidate.ts";

export interface Lattice {
  /** Cells are positions in the candidates, and perhaps `root` after them. */
  readonly relations: readonly Relation[];
  /** By candidate, the finest groups that it is made of. */
  readonly finest: readonly (readonly number[])[];
}

export function linkLevels({ levels }: AggregateProgram, candidates: readonly Candidate[]): Lattice {
  const byLevel = levels.map((_, level) =>
    candidates.flatMap((candidate, at) => (candidate.level === level ? [at] : [])),
  );
  const parts = (parent: number, child: number): readonly (readonly [number, readonly number[]])[] => {
    const kept = levels[parent] ?? [];
    const children = groupBy(byLevel[child] ?? [], (at) => keyText(candidates[at], kept));
    return (byLevel[parent] ?? []).map((at) => [at, children.get(keyText(candidates[at], kept)) ?? []]);
  };
  const relations = levels.flatMap((_, parent) =>
    nextFiner(levels, parent).flatMap((child) =>
      parts(parent, child).map(([cell, children]): Relation => ({ parent: cell, children })),
    ),
  );
  const finest: (readonly number[])[] = candidates.map((_, at) => [at]);
  for (let level = 1; level < levels.length; level += 1) {
    for (const [cell, children] of parts(level, 0)) finest[cell] = children;
  }
  return { relations, finest };
}

/** Levels that keep more than `level` does, with none between. The other sums follow from theirs. */
function nextFiner(levels: AggregateProgram["levels"], level: number): readonly number[] {
  const isFiner = (fine: number, coarse: number): boolean =>
    fine !== coarse && (levels[coarse] ?? []).every((dimension) => levels[fine]?.includes(dimension));
  const finer = levels.flatMap((_, at) => (isFiner(at, level) ? [at] : []));
  return finer.filter((at) => !finer.some((between) => isFiner(at, between)));
}

function groupBy(items: readonly number[], keyOf: (item: number) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** One text for equal keys only. Cells of one dimension have one type, so a number is never taken for a text. */
function keyText(candidate: Candidate | undefined, kept: readonly number[]): string {
  return JSON.stringify(kept.map((dimension) => cellText(candidate?.group.key[dimension] ?? null)));
}

function cellText(cell: Cell): string | null {
  return cell === null ? null : String(cell);
}
