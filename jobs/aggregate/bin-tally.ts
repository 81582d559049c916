// Per group, how many rows have a value in each of a column's declared bins, and in how many units' least, and
// greatest, of their bins it is. All are whole numbers, so that they add up the same in any order: a histogram on edges
// that the owner chose is a sketch of the values that loses nothing by merging. Only bins with a value take room.
import { CHUNK_ROWS } from "./chunk.ts";
import { edgesUpTo } from "./computed/bin.ts";
import { growFloat64, growInt32 } from "./grow.ts";
import type { BinState } from "./partial.ts";
import { MAX_PAIRS } from "./scattered.ts";
import type { ChunkRows } from "./unit-tally.ts";
import { WordTable } from "./word-table.ts";

/** Of one group, by rising bins. */
export interface MergedBin {
  readonly bin: number;
  readonly rows: number;
  /** Distinct units of which no value lies in a lower bin, and some in this one. */
  readonly least: number;
  /** Distinct units of which no value lies in a higher bin, and some in this one. */
  readonly greatest: number;
}

const WIDTH = 3;
/** By group: the last unit seen, and the cells of its least and its greatest bin. */
const LAST_UNIT = 0;
const LEAST = 1;
const GREATEST = 2;

export class BinTally {
  readonly #edges: Float64Array;
  /** A cell is a group and a bin. As many as pairs of group and unit: memory's bound. */
  readonly #cells = new WordTable(2, MAX_PAIRS);
  #rows: Float64Array = new Float64Array(0);
  #least: Float64Array = new Float64Array(0);
  #greatest: Float64Array = new Float64Array(0);
  #running: Int32Array = new Int32Array(0);
  readonly #words = new Uint32Array(2 * CHUNK_ROWS);
  readonly #codes = new Int32Array(CHUNK_ROWS);
  /** The cells by group and bin, once there are no more to come. */
  #sorted: Int32Array | null = null;

  constructor(edges: readonly number[]) {
    this.#edges = Float64Array.from(edges);
  }

  grow(groups: number): void {
    this.#running = growInt32(this.#running, groups * WIDTH);
  }

  /** Where `ordinals` is null each row is a unit. At most a chunk. Errors: AGGREGATE_GROUPS. */
  addAll(
    { groups, ordinals, count }: Pick<ChunkRows, "groups" | "ordinals" | "count">,
    values: Float64Array,
  ): void {
    const [words, codes] = [this.#words, this.#codes];
    for (let i = 0; i < count; i += 1) {
      words[2 * i] = groups[i] ?? 0;
      words[2 * i + 1] = edgesUpTo(this.#edges, values[i] ?? 0);
    }
    this.#encode(words, codes, count);
    for (let i = 0; i < count; i += 1) {
      const cell = codes[i] ?? 0;
      this.#rows[cell] = (this.#rows[cell] ?? 0) + 1;
      if (ordinals !== null) this.#see(groups[i] ?? 0, ordinals[i] ?? 0, cell);
      else this.#endUnit(cell, cell);
    }
  }

  #encode(words: Uint32Array, codes: Int32Array, count: number): void {
    codes.fill(0, 0, count);
    this.#cells.encode(words, count, codes);
    this.#rows = growFloat64(this.#rows, this.#cells.size);
    this.#least = growFloat64(this.#least, this.#cells.size);
    this.#greatest = growFloat64(this.#greatest, this.#cells.size);
  }

  /** A value of a unit. Units come one after another; a next one ends the last. */
  #see(group: number, unit: number, cell: number): void {
    const [running, at] = [this.#running, group * WIDTH];
    const last = running[at + LAST_UNIT] ?? 0;
    const [least, greatest] = [running[at + LEAST] ?? 0, running[at + GREATEST] ?? 0];
    if (last === unit) {
      if (this.#bin(cell) < this.#bin(least)) running[at + LEAST] = cell;
      if (this.#bin(cell) > this.#bin(greatest)) running[at + GREATEST] = cell;
      return;
    }
    if (last !== 0) this.#endUnit(least, greatest);
    running[at + LAST_UNIT] = unit;
    running[at + LEAST] = cell;
    running[at + GREATEST] = cell;
  }

  #endUnit(least: number, greatest: number): void {
    this.#least[least] = (this.#least[least] ?? 0) + 1;
    this.#greatest[greatest] = (this.#greatest[greatest] ?? 0) + 1;
  }

  #group(cell: number): number {
    return this.#cells.word(cell, 0);
  }

  #bin(cell: number): number {
    return this.#cells.word(cell, 1);
  }

  /** Once: it ends the units that are running. */
  finish(formed: Int32Array): BinState {
    for (const group of formed) {
      const at = group * WIDTH;
      if ((this.#running[at + LAST_UNIT] ?? 0) === 0) continue;
      this.#endUnit(this.#running[at + LEAST] ?? 0, this.#running[at + GREATEST] ?? 0);
    }
    const [cells, places] = this.#cellsOf(formed);
    return {
      places,
      bins: cells.map((cell) => this.#bin(cell)),
      rows: Float64Array.from(cells, (cell) => this.#rows[cell] ?? 0),
      least: Float64Array.from(cells, (cell) => this.#least[cell] ?? 0),
      greatest: Float64Array.from(cells, (cell) => this.#greatest[cell] ?? 0),
    };
  }

  /** Where groups are pairs of a group and a unit: that unit has one least and one greatest bin. */
  finishPairs(pairs: Int32Array): BinState {
    const [cells, places] = this.#cellsOf(pairs);
    return {
      places,
      bins: cells.map((cell) => this.#bin(cell)),
      rows: Float64Array.from(cells, (cell) => this.#rows[cell] ?? 0),
      least: Float64Array.from(places, (place, at) => (places[at - 1] === place ? 0 : 1)),
      greatest: Float64Array.from(places, (place, at) => (places[at + 1] === place ? 0 : 1)),
    };
  }

  /** The state of another tally of the same edges, whose groups have these numbers here. Errors: AGGREGATE_GROUPS. */
  merge(groups: Int32Array, { places, bins, rows, least, greatest }: BinState): void {
    const words = new Uint32Array(2 * bins.length);
    bins.forEach((bin, at) => {
      words[2 * at] = groups[places[at] ?? 0] ?? 0;
      words[2 * at + 1] = bin;
    });
    const cells = new Int32Array(bins.length);
    this.#encode(words, cells, bins.length);
    cells.forEach((cell, at) => {
      this.#rows[cell] = (this.#rows[cell] ?? 0) + (rows[at] ?? 0);
      this.#least[cell] = (this.#least[cell] ?? 0) + (least[at] ?? 0);
      this.#greatest[cell] = (this.#greatest[cell] ?? 0) + (greatest[at] ?? 0);
    });
    this.#sorted = null;
  }

  read(group: number): readonly MergedBin[] {
    const [cells] = this.#cellsOf(Int32Array.of(group));
    return Array.from(cells, (cell) => ({
      bin: this.#bin(cell),
      rows: this.#rows[cell] ?? 0,
      least: this.#least[cell] ?? 0,
      greatest: this.#greatest[cell] ?? 0,
    }));
  }

  /** The cells of some groups, in these groups' order and by rising bins; and beside each its group's place. */
  #cellsOf(groups: Int32Array): readonly [cells: Int32Array, places: Int32Array] {
    const sorted = this.#sort();
    const [cells, places]: [number[], number[]] = [[], []];
    groups.forEach((group, place) => {
      for (let at = this.#firstOf(sorted, group); at < sorted.length; at += 1) {
        const cell = sorted[at] ?? 0;
        if (this.#group(cell) !== group) break;
        cells.push(cell);
        places.push(place);
      }
    });
    return [Int32Array.from(cells), Int32Array.from(places)];
  }

  #sort(): Int32Array {
    this.#sorted ??= Int32Array.from({ length: this.#cells.size }, (_, cell) => cell).sort(
      (a, b) => this.#group(a) - this.#group(b) || this.#bin(a) - this.#bin(b),
    );
    return this.#sorted;
  }

  #firstOf(sorted: Int32Array, group: number): number {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#group(sorted[middle] ?? 0) < group) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
