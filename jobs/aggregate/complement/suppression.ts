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

  /** A released cell to suppress for the sake of a suppressed one: of its relations, else of those a step on; null if none is left. */
  nextBeside(cell: number): number | null {
    const seen = new Set<number>();
    let ring = Array.from(relationsOf(this.#relations, cell));
    while (ring.length > 0) {
      const best = this.#bestOf(ring, this.#freedom.need[cell] ?? 0);
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

/**
 * What it costs to lose a cell: a step more for each doubling of its size, and never nothing. So one large cell costs
 * more than one small one, and less than many. Piecewise linear between powers of two: the exponent and the first bits
 * of 1 + |value|, as they stand in memory.
 */
export function weighCells(values: Float64Array): Float64Array {
  const bits = new DataView(new ArrayBuffer(8));
  return Float64Array.from(values, (value) => {
    bits.setFloat64(0, 1 + Math.abs(value));
    return bits.getInt32(0) - 0x3ff00000 + 0x100000;
  });
}
