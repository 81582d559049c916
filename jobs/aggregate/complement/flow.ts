// Flows of deviation through a network: how far a suppressed cell can stray while all others stay possible, and over
// which released cells a way would be cheapest. Capacities are whole units, so flows are exact.
import { MOST_UNITS } from "./freedom.ts";
import type { Freedom } from "./freedom.ts";
import type { Arcs } from "./network.ts";
import { membersOf } from "./relation.ts";
import type { Part, Relations } from "./relation.ts";
import { NodeHeap } from "./node-heap.ts";
import { Reach } from "./reach.ts";
import { WorkLimitReached } from "./work-limit.ts";
import type { WorkLimit } from "./work-limit.ts";

/** A possible table, as deviations: `cell` strays by `amount` in the direction `sign`. */
export class Circulation {
  readonly flow: Float64Array;
  readonly touched: number[] = [];
  cell = 0;
  sign: 1 | -1 = 1;
  amount = 0;

  constructor(cells: number) {
    this.flow = new Float64Array(cells);
  }

  begin(cell: number, sign: 1 | -1): void {
    for (const at of this.touched) this.flow[at] = 0;
    this.touched.length = 0;
    this.cell = cell;
    this.sign = sign;
    this.amount = 0;
  }
}

/** The arcs of one network after another, of which only the suppressed ones are open. */
export class Flow {
  readonly #arcs: Arcs;
  readonly #relations: Relations;
  readonly #freedom: Freedom;
  readonly #work: WorkLimit;
  #grounded: readonly number[] = [];
  // Open arcs by node, as linked lists: entry 2c is cell c at its tail, 2c + 1 at its head; -1 ends a list. To walk
  // along entry e is the move e; against it, e ^ 1: so even moves raise the cell, odd ones lower it.
  readonly #firstEntry: Int32Array;
  readonly #nextEntry: Int32Array;
  readonly #open: Uint8Array;
  /** What is reached from where the way must start, and what reaches where it must end. */
  readonly #forth: Reach;
  readonly #back: Reach;
  readonly #distance: Float64Array;

  constructor(arcs: Arcs, relations: Relations, freedom: Freedom, work: WorkLimit) {
    const nodes = relations.count + 1;
    const cells = freedom.up.length;
    this.#arcs = arcs;
    this.#relations = relations;
    this.#freedom = freedom;
    this.#work = work;
    this.#firstEntry = new Int32Array(nodes).fill(-1);
    this.#nextEntry = new Int32Array(2 * cells).fill(-1);
    this.#open = new Uint8Array(cells);
    this.#forth = new Reach(nodes);
    this.#back = new Reach(nodes);
    this.#distance = new Float64Array(nodes);
  }

  /** Goes on to another part of the table, with no cell open; its arcs have been filled in. */
  enter({ cells, relations }: Part): void {
    this.#work.spend(cells.length + relations.length);
    const ground = this.#relations.count;
    for (const cell of cells) this.#open[cell] = 0;
    for (const node of relations) this.#firstEntry[node] = -1;
    this.#firstEntry[ground] = -1;
    this.#grounded = Array.from(cells).filter(
      (cell) => this.#arcs.tail[cell] === ground || this.#arcs.head[cell] === ground,
    );
  }

  /** From now on deviation may flow through the cell. */
  open(cell: number): void {
    if (this.#open[cell] === 1) return;
    this.#open[cell] = 1;
    for (const [entry, node] of [
      [2 * cell, this.#arcs.tail[cell] ?? 0],
      [2 * cell + 1, this.#arcs.head[cell] ?? 0],
    ] as const) {
      this.#nextEntry[entry] = this.#firstEntry[node] ?? -1;
      this.#firstEntry[node] = entry;
    }
  }

  /** Raises the amount to `target`, or to the most that is possible. */
  push(circulation: Circulation, target: number): void {
    const { cell, sign } = circulation;
    const goal = Math.min(target, this.#own(cell, sign));
    if (this.#arcs.tail[cell] === this.#arcs.head[cell]) {
      // In no relation: nothing holds it.
      this.#add(circulation, cell, sign, goal - circulation.amount);
      circulation.amount = goal;
      return;
    }
    // Wide ways first: with each way at least half as wide as the last, few are needed.
    let least = goal - circulation.amount;
    while (circulation.amount < goal && least >= 1) {
      const way = this.#findOpenWay(circulation, least);
      if (way === null) {
        least = least === Infinity ? MOST_UNITS : Math.floor(least / 2);
        continue;
      }
      const width = way.reduce(
        (narrowest, move) => Math.min(narrowest, this.#room(circulation, move)),
        goal - circulation.amount,
      );
      for (const move of way) this.#add(circulation, move >> 1, (move & 1) === 0 ? 1 : -1, width);
      this.#add(circulation, cell, sign, width);
      circulation.amount += width;
      if (circulation.amount !== Infinity && circulation.amount > Number.MAX_SAFE_INTEGER) {
        throw new WorkLimitReached();
      }
    }
  }

  /**
   * The cheapest closed cells whose opening lets the amount grow by `least`, with what they cost; null if no cells do.
   * Of ways that cost the same, the one through lower numbers.
   */
  cheapestWay(
    circulation: Circulation,
    least: number,
    weights: Float64Array,
  ): { readonly cost: number; readonly cells: readonly number[] } | null {
    const { cell, sign } = circulation;
    if (this.#own(cell, sign) - circulation.amount < least) return null;
    const [from, to] = this.#ends(circulation);
    if (from === to) return null;
    // Never starting from the ground, which may have very many arcs.
    const against = from === this.#relations.count;
    const [start, goal, reach] = against ? [to, from, this.#back] : [from, to, this.#forth];
    reach.begin(start);
    const heap = new NodeHeap();
    heap.push(0, start);
    this.#distance[start] = 0;
    for (let top = heap.pop(); top !== null; top = heap.pop()) {
      const { cost, node } = top;
      if (cost > (this.#distance[node] ?? 0)) continue;
      if (node === goal) {
        const cells = this.#trace(reach, goal).map((entry) => entry >> 1);
        return { cost, cells: cells.filter((at) => this.#open[at] !== 1) };
      }
      const arcs = node === this.#relations.count ? this.#grounded : membersOf(this.#relations, node);
      this.#work.spend(arcs.length);
      for (const arc of arcs) {
        if (arc === cell) continue;
        const entry = this.#arcs.tail[arc] === node ? 2 * arc : 2 * arc + 1;
        if (this.#room(circulation, against ? entry ^ 1 : entry) < least) continue;
        const next = this.#across(entry);
        const total = cost + (this.#open[arc] === 1 ? 0 : (weights[arc] ?? 0));
        if (reach.has(next) && (this.#distance[next] ?? 0) <= total) continue;
        reach.add(next, entry);
        this.#distance[next] = total;
        heap.push(total, next);
      }
    }
    return null;
  }

  /**
   * The moves of a way over open arcs that can take `least` more, back from where the cell's flow goes to where it comes
   * from; null if there is none. Searched from both ends in turn, arc by arc: what has few arcs decides how long it takes.
   */
  #findOpenWay(circulation: Circulation, least: number): number[] | null {
    const [from, to] = this.#ends(circulation);
    const [forth, back] = [this.#forth, this.#back];
    forth.begin(from);
    back.begin(to);
    forth.cursor = this.#firstEntry[from] ?? -1;
    back.cursor = this.#firstEntry[to] ?? -1;
    for (let turn = 0; ; turn ^= 1) {
      const [near, far] = turn === 0 ? [forth, back] : [back, forth];
      while (near.cursor < 0) {
        const node = near.next();
        if (node === null) return null;
        near.cursor = this.#firstEntry[node] ?? -1;
      }
      const entry = near.cursor;
      near.cursor = this.#nextEntry[entry] ?? -1;
      this.#work.spend(1);
      const next = this.#across(entry);
      if (entry >> 1 === circulation.cell || near.has(next)) continue;
      if (this.#room(circulation, turn === 0 ? entry : entry ^ 1) < least) continue;
      near.add(next, entry);
      if (far.has(next)) {
        return [...this.#trace(forth, next), ...this.#trace(back, next).map((move) => move ^ 1)];
      }
    }
  }

  /** What flows along the cell must come back from its end to its beginning. */
  #ends({ cell, sign }: Circulation): readonly [number, number] {
    const [tail, head] = [this.#arcs.tail[cell] ?? 0, this.#arcs.head[cell] ?? 0];
    return sign > 0 ? [head, tail] : [tail, head];
  }

  /** The entries by which a node was reached. */
  #trace(reach: Reach, end: number): number[] {
    const way: number[] = [];
    for (let node = end; node !== reach.start;) {
      const entry = reach.via(node);
      way.push(entry);
      node = this.#across(entry ^ 1);
    }
    return way;
  }

  /** The node at the other end of the entry's cell. */
  #across(entry: number): number {
    return ((entry & 1) === 0 ? this.#arcs.head : this.#arcs.tail)[entry >> 1] ?? 0;
  }

  #room({ flow }: Circulation, move: number): number {
    const cell = move >> 1;
    return (move & 1) === 0
      ? (this.#freedom.up[cell] ?? 0) - (flow[cell] ?? 0)
      : (this.#freedom.down[cell] ?? 0) + (flow[cell] ?? 0);
  }

  #own(cell: number, sign: 1 | -1): number {
    return (sign > 0 ? this.#freedom.up : this.#freedom.down)[cell] ?? 0;
  }

  #add(circulation: Circulation, cell: number, sign: 1 | -1, amount: number): void {
    circulation.flow[cell] = (circulation.flow[cell] ?? 0) + sign * amount;
    circulation.touched.push(cell);
    this.#work.spend(1);
  }
}
