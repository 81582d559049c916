// Counts and sums over records in the arena, block by block: many groups, filters that keep few rows, measures that are
// computed. Columns without nulls, one level. Where it meets a block that it cannot do it pours what it has into the
// tallies, and the rest of the object goes the general way.
import { SealroomError } from "../../../core/errors.ts";
import type { ColumnBatch } from "../../../core/column/vector.ts";
import type { GroupKeys } from "../group-key.ts";
import type { LevelTally } from "../level-tally.ts";
import type { KeyColumn, PartialLevel, PartialMeasure, SumState } from "../partial.ts";
import type { AggregateProgram, Measure, TypedPredicate } from "../program.ts";
import { flipSigns, radixOrder } from "../radix-order.ts";
import type { UnitOrdinals } from "../unit-ordinal.ts";
import { REPEATS, ROWS } from "../wasm/record.ts";
import { recordAdders, RECORD_LOOPS } from "../wasm/record-kernels.ts";
import type { RecordAdders } from "../wasm/record-kernels.ts";
import { ARENA } from "./arena.ts";
import type { ArenaUser } from "./arena.ts";
import { BLOCK_ROWS, Places } from "./block.ts";
import type { Block } from "./block.ts";
import { BlockFilter } from "./block-filter.ts";
import { BlockValues } from "./block-values.ts";
import { GrowingGroups } from "./growing-groups.ts";
import { FixedGroups } from "./record-groups.ts";
import type { RecordGroups } from "./record-groups.ts";
import { RecordSums } from "./record-sums.ts";
import type { Summed } from "./record-sums.ts";

/** What the general way works with. */
export interface GeneralState {
  readonly keys: GroupKeys;
  /** Null where each row is a unit. */
  readonly ordinals: UnitOrdinals | null;
  readonly level: LevelTally;
}

/** What a pass has from the first batch on, until the arena is another's. */
interface Work {
  readonly filter: BlockFilter | null;
  readonly groups: RecordGroups;
  readonly values: BlockValues;
  readonly sums: RecordSums;
  readonly adders: RecordAdders;
}

export class RecordPass implements ArenaUser {
  readonly #program: AggregateProgram;
  readonly #state: GeneralState;
  readonly #places = new Places();
  readonly #marks: number;
  readonly #ordinals: number;
  readonly #groups: number;
  /** "not yet" before the first batch; null once the general way has taken over. */
  #work: Work | null | "not yet" = "not yet";
  #last = 0;

  constructor(program: AggregateProgram, state: GeneralState) {
    this.#program = program;
    this.#state = state;
    this.#marks = this.#places.next();
    this.#ordinals = this.#places.next();
    this.#groups = this.#places.next();
  }

  static fits({ columns, levels, measures, computed, dimensions, predicate }: AggregateProgram): boolean {
    const isRead = (column: number): boolean => column < columns.length;
    return (
      levels.length === 1 &&
      computed.every(({ kind }) => kind === "arithmetic") &&
      dimensions.every(({ column }) => isRead(column)) &&
      (predicate === null || columnsOf(predicate).every(isRead)) &&
      measures.every(isCounted)
    );
  }

  /**
   * Adds a batch without its computed columns. Returns the row from which on the general way has to go on with this batch and
   * all after it; the batch's rows where there is none. Errors: AGGREGATE_UNITS, AGGREGATE_GROUPS.
   */
  add(batch: ColumnBatch): number {
    if (this.#work === "not yet") this.#work = this.#begin(batch);
    for (let start = 0; start < batch.rows; start += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, batch.rows - start);
      if (this.#work === null) return start;
      if (this.#addBlock(this.#work, batch, start, count)) continue;
      this.leaveArena();
      return start;
    }
    return batch.rows;
  }

  /** Null where the general way has what there is. Errors: AGGREGATE_GROUPS. */
  finish(): PartialLevel | null {
    if (this.#work === null || this.#work === "not yet") return null;
    const { groups, sums } = this.#work;
    const words = groups instanceof GrowingGroups ? this.#sortableKeys(groups) : null;
    const formed = words === null ? this.#formed(groups, sums.stride) : radixOrder(words);
    if (formed.length > this.#program.maxFormed) throw new SealroomError("AGGREGATE_GROUPS");
    const rows = this.#counts(groups, sums.stride, formed, ROWS);
    const repeats = this.#counts(groups, sums.stride, formed, REPEATS);
    const units = rows.map((count, at) => count - (repeats[at] ?? 0));
    const states = sums.finish(groups.records, formed, this.#program.measures);
    const level: PartialLevel = {
      groups: formed.length,
      keys: words === null ? this.#state.level.keyColumns(formed) : [this.#keyColumn(words, formed)],
      passing: rows,
      units,
      measures: this.#program.measures.map((measure, at) =>
        partialMeasure(measure, states[at] ?? null, rows, units),
      ),
    };
    ARENA.release(this);
    this.#work = null;
    return level;
  }

  leaveArena(): void {
    if (this.#work === null || this.#work === "not yet") return;
    const { groups, sums } = this.#work;
    const { level, keys, ordinals } = this.#state;
    // Keys of a growing table have numbers from 1 there: 0 is null's.
    const first = groups instanceof GrowingGroups ? 1 : 0;
    if (groups instanceof GrowingGroups) keys.adopt(groups.keys());
    const formed = Int32Array.from({ length: groups.size }, (_, group) => group);
    const counts = new Int32Array((groups.size + first) * 4);
    const { int32 } = ARENA.views;
    for (const group of formed) {
      const record = (groups.records + group * sums.stride) / 4;
      counts.set(int32.subarray(record, record + 3), (group + first) * 4);
    }
    level.tallies.units.restore(counts);
    this.#program.measures.forEach(({ sum }, at) => {
      if (sum === null) return;
      level.tallies.measures[at]?.unitSums?.restore(sums.pour(groups.records, formed, at, first));
    });
    ordinals?.skipTo(this.#last);
    ARENA.release(this);
    this.#work = null;
  }

  /** Null where its groups are not for records. */
  #begin(batch: ColumnBatch): Work | null {
    const { measures, predicate, dimensions, columns, computed, maxFormed } = this.#program;
    const places = this.#places;
    const values = new BlockValues(places);
    const summed = measures.flatMap(({ column, exact, sum }, measure): Summed[] => {
      const arithmetic = computed[column - columns.length];
      const value =
        arithmetic?.kind === "arithmetic"
          ? values.addComputed(arithmetic, batch)
          : values.addColumn(column, exact, batch);
      return sum === null ? [] : [{ measure, rule: sum, value }];
    });
    const filter = predicate && new BlockFilter(predicate, places);
    const sums = new RecordSums(summed);
    const bound = this.#state.keys.fixedBound(batch);
    const [dimension, ...others] = dimensions;
    const vector = batch.columns[dimension?.column ?? -1];
    const isInteger = vector?.layout === "number" && vector.values.BYTES_PER_ELEMENT > 1;
    let groups: RecordGroups;
    if (bound !== null) groups = new FixedGroups(this.#state.keys, batch, this.#groups, places, sums.stride);
    else if (dimension !== undefined && others.length === 0 && isInteger) {
      groups = new GrowingGroups(dimension.column, maxFormed, this.#groups, places, sums.stride);
    } else return null;
    ARENA.claim(this);
    ARENA.reserve(places.end);
    groups.start();
    values.start();
    const adders = recordAdders({
      stride: sums.stride,
      codes: groups.codes,
      groups: this.#groups,
      marks: this.#marks,
      ordinals: this.#ordinals,
      parts: sums.parts(),
    });
    return { filter, groups, values, sums, adders };
  }

  /** False where the general way has to. Errors: AGGREGATE_UNITS, when an object's first row starts no unit. */
  #addBlock(
    { filter, groups, values, adders }: Work,
    batch: ColumnBatch,
    start: number,
    count: number,
  ): boolean {
    const passing = filter === null ? count : filter.pick(batch, start, count);
    // Where most rows pass, moving them costs more than counting the others where they do not matter.
    const isRouted = groups.elsewhere !== null && passing * 2 > count;
    const isPicked = filter !== null && passing < count && !isRouted;
    const block: Block = {
      ...{ start, count },
      passing: isPicked ? passing : count,
      picked: isPicked ? filter.picked(passing) : null,
    };
    if (!values.read(batch, block)) return false;
    const addCodes = passing === count && groups.copyCodes(batch, block) ? adders.addCodes : null;
    if (addCodes === null && !groups.assign(batch, block)) return false;
    this.#readMarks(batch, block);
    const { records } = groups;
    if (addCodes !== null) this.#last = addCodes(0, count, records, this.#last);
    else if (block.picked !== null) {
      const last = this.#readOrdinals(block.picked, block);
      adders.addPicked(0, passing, records, this.#last);
      this.#last = last;
    } else {
      if (filter !== null && groups.elsewhere !== null && passing < count) {
        RECORD_LOOPS.routeRows(0, count, this.#groups, filter.passes, groups.elsewhere);
      }
      this.#last = adders.addRouted(0, count, records, this.#last);
    }
    return true;
  }

  #readMarks({ unitStart }: ColumnBatch, { start, count }: Block): void {
    const { bytes } = ARENA.views;
    const length = (count + 7) >>> 3;
    if (unitStart === null) bytes.fill(0xff, this.#marks, this.#marks + length);
    else bytes.set(unitStart.subarray(start >>> 3, (start >>> 3) + length), this.#marks);
    if (this.#last === 0 && ((bytes[this.#marks] ?? 0) & 1) === 0) throw new SealroomError("AGGREGATE_UNITS");
  }

  /** Of every row, whether it passes or not; then those of the picked ones. Returns the last row's. */
  #readOrdinals(picked: Int32Array, { count, passing }: Block): number {
    const last = RECORD_LOOPS.readOrdinals(0, count, this.#marks, this.#ordinals, this.#last);
    const { int32 } = ARENA.views;
    const at = this.#ordinals / 4;
    // They rise, so that nothing is overwritten before it is read.
    for (let i = 0; i < passing; i += 1) int32[at + i] = int32[at + (picked[i] ?? 0)] ?? 0;
    return last;
  }

  /** Numbers of the groups that have rows, rising. */
  #formed({ size, records }: RecordGroups, stride: number): Int32Array {
    const { int32 } = ARENA.views;
    const formed = new Int32Array(size);
    let count = 0;
    for (let group = 0; group < size; group += 1) {
      formed[count] = group;
      count += int32[(records + group * stride + ROWS) / 4] === 0 ? 0 : 1;
    }
    return formed.subarray(0, count);
  }

  #counts({ records }: RecordGroups, stride: number, formed: Int32Array, part: number): Float64Array {
    const { int32 } = ARENA.views;
    const counts = new Float64Array(formed.length);
    for (let at = 0; at < formed.length; at += 1) {
      counts[at] = int32[(records + (formed[at] ?? 0) * stride + part) / 4] ?? 0;
    }
    return counts;
  }

  get #isUnsigned(): boolean {
    const type = this.#program.dimensions[0]?.type;
    return type?.kind === "int" && !type.signed;
  }

  /** Keys rise as unsigned words do: then all that comes after goes through groups in the order of the result. */
  #sortableKeys(groups: GrowingGroups): Uint32Array {
    return this.#isUnsigned ? groups.keys() : flipSigns(groups.keys());
  }

  #keyColumn(sortable: Uint32Array, formed: Int32Array): KeyColumn {
    const cells = new Uint32Array(formed.length);
    const codes = new Int32Array(formed.length);
    const sign = this.#isUnsigned ? 0 : 0x8000_0000;
    for (let code = 0; code < codes.length; code += 1) {
      codes[code] = code;
      cells[code] = (sortable[formed[code] ?? 0] ?? 0) ^ sign;
    }
    return { codes, cells: this.#isUnsigned ? cells : new Int32Array(cells.buffer) };
  }
}

function isCounted({ moments, extremes, beside, bins, distinct, share }: Measure): boolean {
  const isPlain = moments === null && extremes.length === 0 && beside === null;
  return isPlain && bins === null && distinct === null && !share;
}

function columnsOf(predicate: TypedPredicate): readonly number[] {
  if (predicate.kind === "not") return columnsOf(predicate.term);
  return "terms" in predicate ? predicate.terms.flatMap(columnsOf) : [predicate.column];
}

/** Of a measure that has a value in each row. */
function partialMeasure(
  { missing }: Measure,
  sum: SumState | null,
  rows: Float64Array,
  units: Float64Array,
): PartialMeasure {
  return {
    nonNull: rows,
    units,
    missing: missing ? new Float64Array(rows.length) : null,
    sum,
    share: null,
    moments: null,
    joint: null,
    min: null,
    max: null,
    bins: null,
    distinct: null,
  };
}
