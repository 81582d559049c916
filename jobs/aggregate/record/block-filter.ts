// Which rows of a block pass: ranges of numbers, all of which must hold, in loops over sixteen rows; any other predicate in
// predicate.ts.
import type { ColumnBatch, NumberVector } from "../../../core/column/vector.ts";
import type { CellSet } from "../cell-set.ts";
import { Filter } from "../predicate.ts";
import type { TypedPredicate } from "../program.ts";
import { TRUE } from "../truth.ts";
import { RECORD_LOOPS } from "../wasm/record-kernels.ts";
import { ARENA } from "./arena.ts";
import { BLOCK_ROWS } from "./block.ts";
import type { Places } from "./block.ts";

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/** From `low` up to, but without, `high`; NaN of either: without that end. */
interface ColumnRange {
  readonly column: number;
  readonly low: number;
  readonly high: number;
}

export class BlockFilter {
  readonly #filter: Filter;
  /** Null where the predicate is none of ranges. */
  readonly #ranges: readonly ColumnRange[] | null;
  readonly #values: number;
  readonly #passes: number;
  readonly #picked: number;

  constructor(predicate: TypedPredicate, places: Places) {
    this.#filter = new Filter(predicate);
    this.#ranges = rangesOf(predicate);
    this.#values = places.next();
    this.#passes = places.next();
    this.#picked = places.next();
  }

  /** A byte a row, not zero of those that pass. */
  get passes(): number {
    return this.#passes;
  }

  /** The passing rows' distances from `start`, as `pick` left them. */
  picked(passing: number): Int32Array {
    return ARENA.views.int32.subarray(this.#picked / 4, this.#picked / 4 + passing);
  }

  /** How many pass. */
  pick(batch: ColumnBatch, start: number, count: number): number {
    if (this.#ranges === null || !this.#testRanges(this.#ranges, batch, start, count)) {
      const truth = this.#filter.truth(batch, start, count);
      const { bytes } = ARENA.views;
      for (let i = 0; i < count; i += 1) bytes[this.#passes + i] = truth[i] === TRUE ? 1 : 0;
    }
    return RECORD_LOOPS.pickRows(0, count, this.#picked, this.#passes);
  }

  /** False where some column is not of numbers, or has nulls. */
  #testRanges(ranges: readonly ColumnRange[], batch: ColumnBatch, start: number, count: number): boolean {
    const { bytes, int32, float64 } = ARENA.views;
    bytes.fill(0xff, this.#passes, this.#passes + BLOCK_ROWS);
    return ranges.every(({ column, low, high }) => {
      const vector = batch.columns[column];
      if (vector?.layout !== "number" || vector.validity !== null) return false;
      const part = vector.values.subarray(start, start + count);
      if (vector.type.kind === "float") {
        float64.set(part, this.#values / 8);
        const least = Number.isNaN(low) ? -Infinity : low;
        RECORD_LOOPS.inRangeFloat64(0, count, this.#passes, this.#values, least, high);
      } else {
        if (!isInt32(vector)) return false;
        int32.set(part, this.#values / 4);
        // Whole numbers from the least that is not below `low` to the greatest that is below `high`.
        const least = Number.isNaN(low) ? INT32_MIN : Math.ceil(low);
        const most = Number.isNaN(high) ? INT32_MAX : Math.ceil(high) - 1;
        if (least > INT32_MAX || most < INT32_MIN) bytes.fill(0, this.#passes, this.#passes + count);
        else RECORD_LOOPS.inRangeInt32(0, count, this.#passes, this.#values, ...confined(least, most));
      }
      return true;
    });
  }
}

function confined(least: number, most: number): readonly [number, number] {
  return [Math.max(least, INT32_MIN), Math.min(most, INT32_MAX)];
}

function isInt32({ type }: NumberVector): boolean {
  return !(type.kind === "int" && type.bits === 32 && !type.signed);
}

/** Null unless it is one range, or several that must all hold; those of one column become one. */
function rangesOf(predicate: TypedPredicate): readonly ColumnRange[] | null {
  const terms = termsOf(predicate);
  const ranges = new Map<number, ColumnRange>();
  for (const term of terms) {
    const range = term.kind === "member" ? rangeOf(term.column, term.set) : null;
    if (range === null) return null;
    const { column, low, high } = range;
    const known = ranges.get(column);
    ranges.set(column, {
      column,
      low: known === undefined ? low : pickEnd(Math.max, known.low, low),
      high: known === undefined ? high : pickEnd(Math.min, known.high, high),
    });
  }
  return [...ranges.values()];
}

function pickEnd(pick: (one: number, other: number) => number, one: number, other: number): number {
  if (Number.isNaN(one)) return other;
  return Number.isNaN(other) ? one : pick(one, other);
}

/** Of predicates all of which must be true. */
function termsOf(predicate: TypedPredicate): readonly TypedPredicate[] {
  return predicate.kind === "and" ? predicate.terms.flatMap(termsOf) : [predicate];
}

function rangeOf(column: number, set: CellSet): ColumnRange | null {
  if (set.of !== "number" || set.cuts.length === 0 || set.cuts.length > 2) return null;
  const [first = NaN, second = NaN] = set.cuts;
  if (!set.inside) return { column, low: first, high: second };
  return set.cuts.length === 1 ? { column, low: NaN, high: first } : null;
}
