// The groups of a join, each as either owner's rules are to judge it: the figures that would be released, which are the same
// for both, and of whose units they are, which is not.
import type { Cell } from "../aggregate/cell.ts";
import { EVERY_FIGURE } from "../aggregate/gate/candidate.ts";
import type { Candidate } from "../aggregate/gate/candidate.ts";
import type { MergedLevels } from "../aggregate/gate/small.ts";
import type { MergedGroup } from "../aggregate/merge.ts";
import type { MergedExtreme, MergedMeasure } from "../aggregate/merged-measure.ts";
import type { JoinProgram } from "./program.ts";

export interface MergedJoin {
  /** By input, whose units are counted. */
  readonly sides: readonly [MergedLevels, MergedLevels];
  badRows(): readonly number[];
}

export class JudgedGroup {
  readonly #program: JoinProgram;
  readonly #level: number;
  readonly #groups: readonly [MergedGroup, MergedGroup | undefined];

  /** The second input has no such group where none of its units is in it. */
  constructor(program: JoinProgram, level: number, groups: readonly [MergedGroup, MergedGroup | undefined]) {
    this.#program = program;
    this.#level = level;
    this.#groups = groups;
  }

  /** Distinct units of an input. */
  units(input: number): number {
    return this.#groups[input]?.units ?? 0;
  }

  /** By the minimum of distinct units of this input: of the group, and of those in it who have a value in a column. */
  candidate(input: number): Candidate {
    const { minUnits } = this.#program.sides[input === 0 ? 0 : 1];
    const [{ key, passing }] = this.#groups;
    const units = this.units(input);
    const measures = this.#program.owners.map((owner, at) => this.#measure(input, owner, at));
    return {
      level: this.#level,
      group: { key, passing, units, measures },
      isShown: units >= minUnits,
      withheld: Uint8Array.from(measures, (measure) => (measure.units < minUnits ? EVERY_FIGURE : 0)),
    };
  }

  #measure(input: number, owner: 0 | 1, at: number): MergedMeasure {
    const released = (this.#groups[owner] ?? this.#groups[0]).measures[at];
    const judged = this.#groups[input]?.measures[at];
    if (released === undefined) throw new Error("internal: a group of another program");
    if (judged === undefined) return { ...released, units: 0 };
    const { units, missing, share, joint } = judged;
    return {
      ...released,
      units,
      missing,
      share,
      joint: released.joint && { ...released.joint, atEnd: joint?.atEnd ?? units },
      min: heldBy(released.min, judged.min),
      max: heldBy(released.max, judged.max),
    };
  }
}

/** The value that would be released, and how many of these units hold it: of another value it tells nothing. */
function heldBy(released: MergedExtreme | null, judged: MergedExtreme | null): MergedExtreme | null {
  if (released === null) return null;
  return { value: released.value, units: judged?.value === released.value ? judged.units : 0 };
}

/**
 * Small ones only where there are totals, from which they might be worked out. A unit of either input is one whichever
 * figure is looked at.
 */
export function judgedGroups(program: JoinProgram, { sides }: MergedJoin): readonly JudgedGroup[] {
  const [left, right] = program.sides;
  const hasTotals = left.levels.length > 1;
  return left.levels.flatMap((_, level) => {
    const others = new Map<string, MergedGroup>();
    for (const group of sides[1].groups(level)) {
      if (hasTotals || group.units >= right.minUnits) others.set(keyText(group.key), group);
    }
    const groups: JudgedGroup[] = [];
    for (const group of sides[0].groups(level)) {
      const other = others.get(keyText(group.key));
      const isSmall = group.units < left.minUnits || (other?.units ?? 0) < right.minUnits;
      if (hasTotals || !isSmall) groups.push(new JudgedGroup(program, level, [group, other]));
    }
    return groups;
  });
}

/** One text for equal keys only: cells of one dimension are of one type. */
function keyText(key: readonly Cell[]): string {
  return JSON.stringify(key.map((cell) => (cell === null ? null : String(cell))));
}
