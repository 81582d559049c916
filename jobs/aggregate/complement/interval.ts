// The intervals in which suppressed cells can lie, for who knows all the rest: by flows where relations are a network,
// by linear programming elsewhere. Found from inside, by possible tables: never wider than they are.
import { measureFreedom } from "./freedom.ts";
import type { Freedom } from "./freedom.ts";
import { Circulation, Flow } from "./flow.ts";
import { orientNetwork } from "./network.ts";
import { nearbyPart } from "./neighbourhood.ts";
import { propagateBounds } from "./propagate.ts";
import type { OuterBounds } from "./propagate.ts";
import { connectedParts, linkRelations } from "./relation.ts";
import type { Part, Relation, Relations } from "./relation.ts";
import { Seen } from "./seen.ts";
import { Dictionary, ProgramTooLarge } from "./simplex.ts";
import { WorkLimit } from "./work-limit.ts";

/** Programs about so many cells are tried first. */
const NEIGHBOURHOODS = [30, 100];

/** What has been found of a table's intervals, and the means to find more. */
export class IntervalSearch {
  readonly relations: Relations;
  readonly freedom: Freedom;
  readonly work: WorkLimit;
  readonly seen: Seen;
  readonly flow: Flow;
  /** Of the cell that was stretched last: the tables in which it is largest and least. */
  readonly rise: Circulation;
  readonly fall: Circulation;
  readonly #outer: OuterBounds;
  readonly #arcs: { readonly tail: Int32Array; readonly head: Int32Array };

  constructor(relations: Relations, freedom: Freedom, work: WorkLimit) {
    const cells = freedom.up.length;
    this.relations = relations;
    this.freedom = freedom;
    this.work = work;
    this.seen = new Seen(cells);
    this.#outer = { up: new Float64Array(cells), down: new Float64Array(cells) };
    this.#arcs = { tail: new Int32Array(cells), head: new Int32Array(cells) };
    this.flow = new Flow(this.#arcs, relations, freedom, work);
    this.rise = new Circulation(cells);
    this.fall = new Circulation(cells);
  }

  /** True if the part is a network: then `flow` is in it, with no cell open. */
  enterNetwork(part: Part): boolean {
    if (!orientNetwork(this.relations, part, this.#arcs)) return false;
    this.flow.enter(part);
    return true;
  }

  isWide(cell: number): boolean {
    return this.seen.width(cell) >= (this.freedom.need[cell] ?? 0);
  }

  /** Pushes `rise` and `fall`, which began with the cell, until they are `wanted` apart or can go no further. */
  pushApart(wanted: number): void {
    this.flow.push(this.rise, wanted);
    this.#note(this.rise);
    if (this.rise.amount >= wanted) return;
    this.flow.push(this.fall, wanted - this.rise.amount);
    this.#note(this.fall);
  }

  /**
   * `part`: suppressed cells, and every relation that has one. Returns cells whose intervals are too narrow: those for
   * which bounds alone say so, if there are any; else all.
   */
  findNarrow(part: Part, pattern: Uint8Array): number[] {
    const doubtful = Array.from(part.cells).filter((cell) => !this.isWide(cell));
    if (doubtful.length === 0) return [];
    propagateBounds(part, pattern, this.#outer, this);
    const narrow = doubtful.filter(
      (cell) => (this.#outer.up[cell] ?? 0) + (this.#outer.down[cell] ?? 0) < (this.freedom.need[cell] ?? 0),
    );
    if (narrow.length > 0) return narrow;
    if (this.#openNetwork(part)) {
      return doubtful.filter((cell) => {
        this.#stretchFlow(cell, this.freedom.need[cell] ?? 0);
        return !this.isWide(cell);
      });
    }
    let remaining = doubtful;
    for (const size of NEIGHBOURHOODS) {
      if (size >= part.cells.length) break;
      remaining = remaining.filter((cell) => {
        if (this.isWide(cell)) return false;
        const nearby = nearbyPart(cell, size, pattern, this);
        if (nearby.cells.includes(cell)) this.#tryProgram(nearby, [cell]);
        return !this.isWide(cell);
      });
    }
    this.#tryProgram(part, remaining);
    return remaining.filter((cell) => !this.isWide(cell));
  }

  /** Finds the whole interval of each of the part's cells. */
  measure(part: Part): void {
    if (this.#openNetwork(part)) {
      for (const cell of part.cells) this.#stretchFlow(cell, Infinity);
    } else {
      const dictionary = new Dictionary(part, this);
      for (const cell of part.cells) {
        dictionary.stretch(cell, 1, Infinity);
        dictionary.stretch(cell, -1, Infinity);
      }
    }
  }

  #openNetwork(part: Part): boolean {
    if (!this.enterNetwork(part)) return false;
    for (const cell of part.cells) this.flow.open(cell);
    return true;
  }

  #stretchFlow(cell: number, wanted: number): void {
    if (this.seen.width(cell) >= wanted && wanted < Infinity) return;
    this.rise.begin(cell, 1);
    this.fall.begin(cell, -1);
    if (wanted < Infinity) {
      this.pushApart(wanted);
      return;
    }
    for (const circulation of [this.rise, this.fall]) {
      this.flow.push(circulation, Infinity);
      this.#note(circulation);
    }
  }

  /** Where it is too large, nothing is proved beyond what was noted on the way. */
  #tryProgram(part: Part, cells: readonly number[]): void {
    if (cells.length === 0) return;
    try {
      const dictionary = new Dictionary(part, this);
      for (const cell of cells) {
        const need = this.freedom.need[cell] ?? 0;
        dictionary.stretch(cell, 1, need - (this.seen.down[cell] ?? 0));
        dictionary.stretch(cell, -1, need - (this.seen.up[cell] ?? 0));
      }
    } catch (error) {
      if (!(error instanceof ProgramTooLarge)) throw error;
    }
  }

  #note({ flow, touched }: Circulation): void {
    for (const cell of touched) this.seen.note(cell, flow[cell] ?? 0);
  }
}

/** Least and greatest possible value by cell; both are the value where the cell is released. */
export interface Intervals {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * What who knows the pattern, the released cells, the relations and the bounds can tell of each cell. Exact where all
 * numbers are whole and relations form a network; elsewhere within the interval by a 2^-29th of the widest width, or,
 * for whole numbers, by those ends that no whole table reaches on the way. Throws WorkLimitReached or ProgramTooLarge.
 */
export function feasibleIntervals(
  table: {
    readonly cells: number;
    readonly relations: readonly Relation[];
    readonly values: Float64Array;
    readonly lower: Float64Array;
    readonly upper: Float64Array;
    readonly width: number | Float64Array;
  },
  pattern: Uint8Array,
  steps: number,
): Intervals {
  const relations = linkRelations(table.cells, table.relations);
  const freedom = measureFreedom(table);
  const search = new IntervalSearch(relations, freedom, new WorkLimit(steps));
  const from = Array.from(pattern.keys()).filter((cell) => pattern[cell] === 1);
  for (const part of connectedParts(relations, from, pattern)) search.measure(part);
  const ends = (sign: 1 | -1, { up, down }: Seen): Float64Array =>
    table.values.map((value, cell) => value + sign * ((sign > 0 ? up : down)[cell] ?? 0) * freedom.unit);
  return { low: ends(-1, search.seen), high: ends(1, search.seen) };
}
