// A growing pattern of suppressed cells, and how many of them each relation has: where it is one, that cell is the
// difference of the others.
import type { Freedom } from "./freedom.ts";
import { membersOf, relationsOf } from "./relation.ts";
import type { Relations } from "./relation.ts";
import type { WorkLimit } from "./work-limit.ts";

export class Suppression {
  readonly pattern: Uint8Array;
  readonly #relations: Relations;
  readonly #freedom: Freedom;
  /** What it costs to lose each cell. */
  readonly weights: Float64Array;
  readonly #work: WorkLimit;
  /** Suppressed cells by relation. */
  readonly #counts: Int32Array;

  constructor(
    primaries: readonly number[],
    context: {
      readonly relations: Relations;
      readonly freedom: Freedom;
      readonly weights: Float64Array;
      readonly work: WorkLimit;
    },
  ) {
    this.pattern = new Uint8Array(context.weights.length);
    this.#relations = context.relations;
    this.#freedom = context.freedom;
    this.weights = context.weights;
    this.#work = context.work;
    this.#counts = new Int32Array(context.relations.count);
    for (const cell of primaries) this.add(cell);
  }

  add(cell: number): void {
    if (this.pattern[cell] === 1) return;
    this.pattern[cell] = 1;
    for (const relation of relationsOf(this.#relations, cell)) {
      this.#counts[relation] = (this.#counts[relation] ?? 0) + 1;
    }
  }

  /** Gives company to cells that are alone in one of some relations, until none is; returns the cells added. */
  joinLonely(numbers: Int32Array): number[] {
    const added: number[] = [];
    for (let before = -1; before < added.length;) {
      before = added.length;
      this.#work.spend(numbers.length);
      for (const relation of numbers) {
        if (this.#counts[relation] !== 1) continue;
        const alone = membersOf(this.#relations, relation).find((cell) => this.pattern[cell] === 1) ?? 0;
        const best = this.#bestOf([relation], this.#freedom.need[alone] ?? 0);
        if (best === null) continue;
        this.add(best);
        added.push(best);
      }
    }
    return added;
  }

  /**
   * A released cell to suppress for the sake of a suppressed one: of those of its relations in which the others cannot
   * make up for it, else of all its relations, else of those a step on; null if none is left.
   */
  nextBeside(cell: number): number | null {
    const need = this.#freedom.need[cell] ?? 0;
    const seen = new Set<number>();
    let ring = Array.from(relationsOf(this.#relations, cell));
    const tight = ring.filter((relation) => this.#freedomBeside(relation, cell) < need);
    const pressing = this.#bestOf(tight, need);
    if (pressing !== null) return pressing;
    while (ring.length > 0) {
      const best = this.#bestOf(ring, need);
      if (best !== null) return best;
      for (const relation of ring) seen.add(relation);
      const next = new Set<number>();
      for (const relation of ring) {
        for (const member of membersOf(this.#relations, relation)) {
          for (const other of relationsOf(this.#relations, member)) if (!seen.has(other)) next.add(other);
        }
      }
      ring = [...next].toSorted((a, b) => a - b);
    }
    return null;
  }

  #freedomBeside(relation: number, cell: number): number {
    const members = membersOf(this.#relations, relation);
    this.#work.spend(members.length);
    let sum = 0;
    for (const other of members) {
      if (other === cell || this.pattern[other] !== 1) continue;
      sum += (this.#freedom.up[other] ?? 0) + (this.#freedom.down[other] ?? 0);
    }
    return sum;
  }

  /**
   * Of the released cells of some relations: those free enough to hide `need`, then those that leave the fewest cells
   * alone, then the least weight, then the lowest number.
   */
  #bestOf(ring: readonly number[], need: number): number | null {
    let best: readonly [number, number, number, number] | null = null;
    for (const relation of ring) {
      const members = membersOf(this.#relations, relation);
      this.#work.spend(members.length);
      for (const cell of members) {
        if (this.pattern[cell] === 1) continue;
        const freedom = (this.#freedom.up[cell] ?? 0) + (this.#freedom.down[cell] ?? 0);
        const rank = [
          freedom < need ? 1 : 0,
          this.#lonelinessBy(cell),
          this.weights[cell] ?? 0,
          cell,
        ] as const;
        if (best === null || isBefore(rank, best)) best = rank;
      }
    }
    return best === null ? null : best[3];
  }

  /** How many cells more (or fewer, if negative) would be alone in a relation. */
  #lonelinessBy(cell: number): number {
    let change = 0;
    const around = relationsOf(this.#relations, cell);
    this.#work.spend(around.length);
    for (const relation of around) {
      const count = this.#counts[relation] ?? 0;
      if (count === 0) change += 1;
      else if (count === 1) change -= 1;
    }
    return change;
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((x, i) => x !== b[i]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** Levels of totals past this count as this one. */
const HIGHEST = 8;

/**
 * What it costs to lose a cell: a step more for each doubling of its size, and never nothing, so that one large cell
 * costs more than one small one and less than many; twice that for a total, four times for a total of totals, and so on.
 * Piecewise linear between powers of two: the exponent and the first bits of 1 + |value|, as they stand in memory.
 */
export function weighCells(values: Float64Array, relations: Relations): Float64Array {
  const heights = heightsOf(values.length, relations);
  const bits = new DataView(new ArrayBuffer(8));
  return Float64Array.from(values, (value, cell) => {
    bits.setFloat64(0, 1 + Math.abs(value));
    return (bits.getInt32(0) - 0x3ff00000 + 0x100000) * 2 ** (heights[cell] ?? 0);
  });
}

function heightsOf(cells: number, relations: Relations): Uint8Array {
  const heights = new Uint8Array(cells);
  for (let round = 0, changed = true; changed && round < HIGHEST; round += 1) {
    changed = false;
    for (let relation = 0; relation < relations.count; relation += 1) {
      const [parent, ...children] = membersOf(relations, relation);
      const above = children.reduce((most, child) => Math.max(most, heights[child] ?? 0), 0) + 1;
      if (above > HIGHEST || above <= (heights[parent ?? 0] ?? 0)) continue;
      heights[parent ?? 0] = above;
      changed = true;
    }
  }
  return heights;
}
