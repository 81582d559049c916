// The common job in one pass over each chunk (wasm/fused-loops.ts): one level, no filter, few groups known beforehand,
// counts and sums. It keeps nothing of its own: what the tallies have counted is
// lent to the kernels' memory for the time of one batch, and what this pass cannot do is left to the general way,
// chunk by chunk.
import { SealroomError } from "../../core/errors.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { CHUNK_ROWS } from "./chunk.ts";
import type { GroupKeys } from "./group-key.ts";
import type { LevelTally } from "./level-tally.ts";
import { mayBeNaN } from "./measure.ts";
import type { MeasureReader } from "./measure.ts";
import type { AggregateProgram, ClipRule, Measure } from "./program.ts";
import { UnitSums } from "./unit-sums.ts";
import type { UnitOrdinals } from "./unit-ordinal.ts";
import type { UnitTally } from "./unit-tally.ts";
import { KERNELS } from "./wasm/kernels.ts";
import type { FusedLoop, Slot } from "./wasm/kernels.ts";
import { MAX_KERNEL_GROUPS } from "./wasm/memory.ts";

/** What the general way works with. */
interface State {
  readonly keys: GroupKeys;
  /** Null where each row is a unit. */
  readonly ordinals: UnitOrdinals | null;
  readonly readers: readonly MeasureReader[];
  readonly level: LevelTally;
}

/** One measure's way through a batch. */
interface Summed {
  readonly rule: ClipRule;
  readonly reader: MeasureReader;
  readonly units: UnitTally;
  readonly sums: UnitSums;
  readonly slot: Slot;
  readonly validity: Uint8Array | null;
  /** Copies rows into the kernels' memory. */
  readonly copy: (start: number, end: number) => void;
  readonly loop: FusedLoop;
  /** Whether values must be looked at before they are added: floats may be NaN, which is null, or infinite. */
  readonly isFloat: boolean;
}

export class FusedPass {
  readonly #measures: readonly Measure[];
  readonly #state: State;
  /** Where each row is a unit, how many were added here. */
  #rows = 0;

  constructor({ measures }: AggregateProgram, state: State) {
    this.#measures = measures;
    this.#state = state;
  }

  static fits({ unitColumn, predicate, levels, measures, computed }: AggregateProgram): boolean {
    const summed = measures.filter(({ sum }) => sum !== null);
    return (
      unitColumn === null &&
      predicate === null &&
      computed.length === 0 &&
      levels.length === 1 &&
      summed.length <= KERNELS.slots.length &&
      measures.every(
        ({ moments, extremes, beside, bins, distinct }) =>
          moments === null && extremes.length === 0 && beside === null && bins === null && distinct === null,
      ) &&
      summed.every(({ sum, share }) => sum !== null && (!share || UnitSums.fits(sum)))
    );
  }

  /** Whether the groups are few, and known beforehand: the same for all batches of an object. */
  takes(batch: ColumnBatch): boolean {
    return (this.#state.keys.fixedBound(batch) ?? Infinity) <= MAX_KERNEL_GROUPS;
  }

  /** Adds a batch; chunks that it cannot do by `addChunk`. Errors: AGGREGATE_UNITS. */
  add(batch: ColumnBatch, addChunk: (start: number, count: number) => void): void {
    const bound = this.#state.keys.fixedBound(batch) ?? Infinity;
    let summed = this.#plan(batch);
    // Tallies that are lent: the kernels' memory is ahead of them.
    let lent: readonly Summed[] | null = null;
    if (batch.unitStart === null) KERNELS.marks.fill(0xff);
    // As well where a batch before this one, of whomever, ended by an error.
    KERNELS.valid.fill(0xff);
    for (let start = 0; start < batch.rows; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, batch.rows - start);
      if (summed !== null && areFinite(summed, start, count)) {
        if (lent === null) this.#lend(summed, bound);
        lent = summed;
        this.#addChunk(batch, summed, start, count);
      } else {
        if (lent !== null) this.#takeBack(lent, bound);
        lent = null;
        addChunk(start, count);
        // It may have met the first row without a value.
        summed &&= this.#plan(batch);
      }
    }
    if (lent !== null) this.#takeBack(lent, bound);
  }

  /** Null where some column's nulls, or its kind, are not for these loops. */
  #plan({ columns }: ColumnBatch): readonly Summed[] | null {
    const { readers, level } = this.#state;
    const summed: Summed[] = [];
    for (const [at, { column, sum, share, missing }] of this.#measures.entries()) {
      const [vector, reader, tally] = [columns[column], readers[at], level.tallies.measures[at]];
      if (vector === undefined || reader === undefined || tally === undefined) return null;
      const { type, validity } = vector;
      if (validity !== null && missing) return null;
      if (sum === null && (validity !== null || tally.units !== level.tallies.units || mayBeBad(vector))) {
        return null;
      }
      if (sum === null) continue;
      if (validity !== null) tally.separate();
      const [sums, slot, loop] = [tally.unitSums, KERNELS.slots[summed.length], loopOf(vector, share)];
      if (sums === null || slot === undefined || loop === null) return null;
      const { units } = tally;
      const isFloat = type.kind === "float";
      summed.push({ rule: sum, reader, units, sums, slot, validity, loop, copy: copyOf(vector), isFloat });
    }
    // All rows are counted by some measure that has a value in each, or by themselves.
    return summed.length < KERNELS.slots.length || this.#countsAll(summed) ? summed : null;
  }

  #countsAll(summed: readonly Summed[]): boolean {
    return summed.some(({ units }) => units === this.#state.level.tallies.units);
  }

  #lend(summed: readonly Summed[], bound: number): void {
    this.#state.level.tallies.units.enter(LAST, bound);
    for (const { units, sums, slot } of summed) {
      units.enter(slot, bound);
      sums.enter(slot, bound);
    }
  }

  #takeBack(summed: readonly Summed[], bound: number): void {
    if (!this.#countsAll(summed)) this.#state.level.tallies.units.leave(LAST, bound);
    for (const { units, sums, slot } of summed) {
      // More than one may have counted all rows: alike.
      units.leave(slot, bound);
      sums.leave(slot, bound);
    }
  }

  #addChunk(batch: ColumnBatch, summed: readonly Summed[], start: number, count: number): void {
    const { keys, ordinals } = this.#state;
    keys.assign(batch, { start, count, picked: null, passing: count }, KERNELS.groups);
    if (batch.unitStart !== null) KERNELS.marks.set(bytesOf(batch.unitStart, start, count));
    const before = ordinals === null ? this.#rows : ordinals.last;
    if (before === 0 && ((KERNELS.marks[0] ?? 0) & 1) === 0) throw new SealroomError("AGGREGATE_UNITS");
    if (!this.#countsAll(summed)) fuse(KERNELS.fuseCount, before, count, ANY_BOUNDS, LAST);
    for (const { rule, reader, slot, validity, copy, loop, isFloat } of summed) {
      // A lone float column lies there since it was looked at.
      if (!isFloat || summed.length > 1) copy(start, start + count);
      if (validity !== null) KERNELS.valid.set(bytesOf(validity, start, count));
      fuse(loop, before, count, rule, slot);
      if (validity !== null) KERNELS.valid.fill(0xff);
      reader.addBadRows(KERNELS.badRows[0] ?? 0);
    }
    const last = KERNELS.ordinal[0] ?? 0;
    if (ordinals === null) this.#rows = last;
    else ordinals.skipTo(last);
  }
}

/** Where all rows are counted, if no measure does. */
const LAST: Slot = KERNELS.slots.at(-1) ?? { offset: 0, sums: KERNELS.sums, units: KERNELS.units };
const ANY_BOUNDS = { lower: 0, upper: 0 };

/** Of a bitmap, those of a chunk. */
function bytesOf(bits: Uint8Array, start: number, count: number): Uint8Array {
  return bits.subarray(start >>> 3, (start + count + 7) >>> 3);
}

function fuse(
  loop: FusedLoop,
  ordinal: number,
  count: number,
  { lower, upper }: Pick<ClipRule, "lower" | "upper">,
  { offset }: Slot,
): void {
  KERNELS.ordinal[0] = ordinal;
  loop(0, count, lower, upper, offset);
}

/** Leaves the values of the last float column in the kernels' memory. */
function areFinite(summed: readonly Summed[], start: number, count: number): boolean {
  return summed.every(({ isFloat, copy }) => {
    if (!isFloat) return true;
    copy(start, start + count);
    return KERNELS.areWithin(0, count, Number.MAX_VALUE) === 1;
  });
}

/** Whether a value may be NaN, or need to be saturated, which is counted even where nothing is added. */
function mayBeBad(vector: Vector): boolean {
  return mayBeNaN(vector) || vector.layout === "words";
}

/** Null where none reads such values: of 128 bits, computed, and unsigned ones that a signed word does not hold. */
function loopOf(given: Vector, share: boolean): FusedLoop | null {
  const { type, layout, ...vector } = given;
  if (type.kind === "float") return share ? KERNELS.fuseFloat64Share : KERNELS.fuseFloat64;
  if (mayBeNaN(given)) return null;
  const isUnsigned = type.kind === "int" && !type.signed;
  if (layout === "number") {
    if (isUnsigned && type.bits === 32) return null;
    return share ? KERNELS.fuseInt32Share : KERNELS.fuseInt32;
  }
  if (layout !== "words" || isUnsigned || !("words" in vector) || vector.wordsPerValue !== 2) return null;
  return share ? KERNELS.fuseInt64Share : KERNELS.fuseInt64;
}

function copyOf(vector: Vector): (start: number, end: number) => void {
  if (vector.layout === "words") {
    const { words } = vector;
    return (start, end) => {
      KERNELS.words.set(words.subarray(2 * start, 2 * end));
    };
  }
  if (vector.layout !== "number") return () => undefined;
  const { values } = vector;
  const target = vector.type.kind === "float" ? KERNELS.values : KERNELS.integers;
  return (start, end) => {
    target.set(values.subarray(start, end));
  };
}
