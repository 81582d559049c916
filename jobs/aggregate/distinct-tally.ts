// Per group, about how many distinct values a column has: a HyperLogLog of 2^12 registers, of which only those that are
// met take room. Of each unit the same few values count, at the most, however many it has. Registers are maxima, so that
// the same values give the same bits in any order and any split.
import { CHUNK_ROWS } from "./chunk.ts";
import { growFloat64, growInt32 } from "./grow.ts";
import { KeptHashes } from "./kept-hashes.ts";
import type { DistinctState } from "./partial.ts";
import type { DistinctRule } from "./program.ts";
import { MAX_PAIRS } from "./scattered.ts";
import type { ChunkRows } from "./unit-tally.ts";
import { WordTable } from "./word-table.ts";

const PRECISION = 12;
const REGISTERS: number = 2 ** PRECISION;
/** Of a hash's 64 bits, those behind the register's number. */
const REST_BITS: number = 64 - PRECISION;
/** 1 / (2 ln 2) */
const ALPHA = 0.7213475204444817;

export class DistinctTally {
  readonly #byPair: boolean;
  /** Of the unit that is running in each group, or, where groups are pairs, of each pair's unit. */
  readonly #kept: KeptHashes;
  #lastUnit: Int32Array = new Int32Array(0);
  /** A cell is a group and a register. */
  readonly #cells = new WordTable(2, MAX_PAIRS);
  #ranks: Float64Array = new Float64Array(0);
  /** Registers to be raised: groups and registers, then ranks. */
  readonly #words = new Uint32Array(2 * CHUNK_ROWS);
  readonly #raised = new Uint8Array(CHUNK_ROWS);
  readonly #codes = new Int32Array(CHUNK_ROWS);
  #pending = 0;
  /** By group, how many registers have each rank. */
  #counted: Map<number, number[]> | null = null;

  constructor({ perUnit, byPair }: DistinctRule) {
    this.#byPair = byPair;
    this.#kept = new KeptHashes(perUnit);
  }

  grow(groups: number): void {
    this.#kept.grow(groups);
    this.#lastUnit = growInt32(this.#lastUnit, groups);
  }

  /** Where `ordinals` is null each row is a unit, or a part of its pair's. Errors: AGGREGATE_GROUPS. */
  addAll(
    { groups, ordinals, count }: Pick<ChunkRows, "groups" | "ordinals" | "count">,
    high: Uint32Array,
    low: Uint32Array,
  ): void {
    for (let i = 0; i < count; i += 1) {
      const [group, one, other] = [groups[i] ?? 0, high[i] ?? 0, low[i] ?? 0];
      if (ordinals === null && !this.#byPair) {
        this.#raise(group, registerOf(one), rankOf(one, other));
        continue;
      }
      const unit = ordinals?.[i] ?? 0;
      if (this.#lastUnit[group] !== unit) this.#endUnit(group);
      this.#lastUnit[group] = unit;
      this.#kept.add(group, one, other);
    }
    this.#flush();
  }

  #endUnit(group: number): void {
    for (let at = 0; at < this.#kept.count(group); at += 1) {
      const high = this.#kept.high(group, at);
      this.#raise(group, registerOf(high), rankOf(high, this.#kept.low(group, at)));
    }
    this.#kept.clear(group);
  }

  #raise(group: number, register: number, rank: number): void {
    this.#words[2 * this.#pending] = group;
    this.#words[2 * this.#pending + 1] = register;
    this.#raised[this.#pending] = rank;
    this.#pending += 1;
    if (this.#pending === CHUNK_ROWS) this.#flush();
  }

  #flush(): void {
    const [codes, count] = [this.#codes.fill(0), this.#pending];
    this.#pending = 0;
    this.#cells.encode(this.#words, count, codes);
    this.#ranks = growFloat64(this.#ranks, this.#cells.size);
    for (let i = 0; i < count; i += 1) {
      const [cell, rank] = [codes[i] ?? 0, this.#raised[i] ?? 0];
      if (rank > (this.#ranks[cell] ?? 0)) this.#ranks[cell] = rank;
    }
  }

  /** Once: it ends the units that are running. */
  finish(formed: Int32Array): DistinctState {
    if (this.#byPair) return this.#keptState(formed);
    for (const group of formed) this.#endUnit(group);
    this.#flush();
    const places = new Map(Array.from(formed, (group, place) => [group, place]));
    const state = new StateParts();
    for (let cell = 0; cell < this.#cells.size; cell += 1) {
      const place = places.get(this.#cells.word(cell, 0));
      if (place !== undefined) state.push(place, this.#cells.word(cell, 1), this.#ranks[cell] ?? 0);
    }
    return state.finish();
  }

  #keptState(groups: Int32Array): DistinctState {
    const state = new StateParts();
    groups.forEach((group, place) => {
      for (let at = 0; at < this.#kept.count(group); at += 1) {
        state.push(place, this.#kept.high(group, at), this.#kept.low(group, at));
      }
    });
    return state.finish();
  }

  /** Where groups are pairs of a group and a unit: the registers of each pair's values. */
  finishPairs(pairs: Int32Array): DistinctState {
    const state = new StateParts();
    pairs.forEach((pair, place) => {
      for (let at = 0; at < this.#kept.count(pair); at += 1) {
        const high = this.#kept.high(pair, at);
        state.push(place, registerOf(high), rankOf(high, this.#kept.low(pair, at)));
      }
    });
    return state.finish();
  }

  /** The state of another tally of the same rule, whose groups have these numbers here. Errors: AGGREGATE_GROUPS. */
  merge(groups: Int32Array, { places, first, second }: DistinctState): void {
    this.#counted = null;
    places.forEach((place, at) => {
      const group = groups[place] ?? 0;
      if (this.#byPair) this.#kept.add(group, first[at] ?? 0, second[at] ?? 0);
      else this.#raise(group, first[at] ?? 0, second[at] ?? 0);
    });
    this.#flush();
  }

  /** About how many distinct values, with a standard error of 1.6%. */
  read(group: number): number {
    this.#counted ??= this.#countRanks();
    return estimate(this.#counted.get(group) ?? []);
  }

  #countRanks(): Map<number, number[]> {
    const counted = new Map<number, number[]>();
    for (let cell = 0; cell < this.#cells.size; cell += 1) {
      const group = this.#cells.word(cell, 0);
      const ranks = counted.get(group) ?? new Array<number>(REST_BITS + 2).fill(0);
      counted.set(group, ranks);
      const rank = this.#ranks[cell] ?? 0;
      ranks[rank] = (ranks[rank] ?? 0) + 1;
    }
    return counted;
  }
}

/** A state as it grows. */
class StateParts {
  readonly #places: number[] = [];
  readonly #first: number[] = [];
  readonly #second: number[] = [];

  push(place: number, first: number, second: number): void {
    this.#places.push(place);
    this.#first.push(first);
    this.#second.push(second);
  }

  finish(): DistinctState {
    return {
      places: Int32Array.from(this.#places),
      first: Uint32Array.from(this.#first),
      second: Uint32Array.from(this.#second),
    };
  }
}

function registerOf(high: number): number {
  return high >>> (32 - PRECISION);
}

/** One more than how many zeros the rest of the hash begins with. */
function rankOf(high: number, low: number): number {
  const top = (high << PRECISION) >>> 0;
  if (top !== 0) return Math.clz32(top) + 1;
  return 32 - PRECISION + Math.clz32(low) + 1;
}

/** Ertl's improved estimator (2017, algorithm 6): of any number of values without correction by tables. */
export function estimate(met: readonly number[]): number {
  const zero = REGISTERS - met.reduce((sum, count) => sum + count, 0);
  let sum = REGISTERS * tau(1 - (met[REST_BITS + 1] ?? 0) / REGISTERS);
  for (let rank = REST_BITS; rank >= 1; rank -= 1) sum = (sum + (met[rank] ?? 0)) / 2;
  sum += REGISTERS * sigma(zero / REGISTERS);
  return (ALPHA * REGISTERS * REGISTERS) / sum;
}

function sigma(share: number): number {
  if (share === 1) return Infinity;
  let [x, y, sum, before] = [share, 1, share, NaN];
  while (sum !== before) {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  }
  return sum;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, sum, before] = [share, 1, 1 - share, NaN];
  while (sum !== before) {
    x = Math.sqrt(x);
    before = sum;
    y /= 2;
    sum -= (1 - x) ** 2 * y;
  }
  return sum / 3;
}
