// Aggregates the batches of one object, in order, into a partial. Scattered units are in scattered.ts; else:
//
// Rows of a unit lie together, so a unit is known by its ordinal in the object, and each group remembers the last
// ordinal it saw: distinct units are exact, and memory grows with groups only. Every row's bit is read before any
// filter. Per group and unit the values of a measure are added, saturating; when the next unit comes, or at the end,
// that total is clipped to the rules' bounds and added to the group's sum.
import { SealroomError } from "../../core/errors.ts";
import type { ColumnBatch } from "../../core/column/vector.ts";
import type { Kernel } from "../kernel.ts";
import { CHUNK_ROWS, compact } from "./chunk.ts";
import { ComputedColumns } from "./computed/columns.ts";
import type { Passing } from "./dimension-coder.ts";
import { GroupKeys } from "./group-key.ts";
import { FusedPass } from "./fused-pass.ts";
import { ValueHasher } from "./hash.ts";
import { LevelTally } from "./level-tally.ts";
import { MeasureReader } from "./measure.ts";
import type { Partial } from "./partial.ts";
import { Filter } from "./predicate.ts";
import { RecordPass } from "./record/record-pass.ts";
import type { AggregateProgram } from "./program.ts";
import { checkUnits, pairProgram } from "./scattered.ts";
import { UnitOrdinals } from "./unit-ordinal.ts";

/** Unit ordinals and row counts of one object are 32-bit. */
export const MAX_OBJECT_ROWS: number = 2 ** 31 - 1;

export class ObjectAggregation implements Kernel<Partial> {
  readonly #unitColumn: number | null;
  readonly #computed: ComputedColumns;
  readonly #filter: Filter | null;
  readonly #keys: GroupKeys;
  readonly #ordinals: UnitOrdinals | null;
  readonly #readers: readonly MeasureReader[];
  /** Those of which rows count where both have a value. */
  readonly #besides: readonly (readonly [MeasureReader, MeasureReader])[];
  readonly #levels: readonly LevelTally[];
  /** Null where the program asks for more than one pass can do. */
  readonly #fused: FusedPass | null;
  /** The same of records. */
  readonly #records: RecordPass | null;
  readonly #picked = new Int32Array(CHUNK_ROWS);
  readonly #groups = new Int32Array(CHUNK_ROWS);
  #rows = 0;

  constructor(asked: AggregateProgram) {
    const program = asked.unit === "scattered" ? pairProgram(asked) : asked;
    this.#unitColumn = asked.unitColumn;
    this.#computed = new ComputedColumns(program.computed);
    this.#filter = program.predicate === null ? null : new Filter(program.predicate);
    this.#keys = new GroupKeys(program.dimensions, program.maxFormed);
    this.#ordinals = program.unit === "row" ? null : new UnitOrdinals();
    this.#readers = program.measures.map(
      ({ column, distinct }) => new MeasureReader(column, distinct && new ValueHasher()),
    );
    this.#besides = this.#readers.flatMap((reader, at) => {
      const beside = this.#readers[program.measures[at]?.beside ?? -1];
      return beside === undefined || program.measures[at]?.joint === null ? [] : [[reader, beside] as const];
    });
    this.#levels = program.levels.map(
      (kept, at) => new LevelTally(program, this.#keys, at === 0 ? null : kept),
    );
    const [keys, ordinals, readers, [level]] = [this.#keys, this.#ordinals, this.#readers, this.#levels];
    const isFused = level !== undefined && FusedPass.fits(program);
    this.#fused = isFused ? new FusedPass(program, { keys, ordinals, readers, level }) : null;
    const hasRecords = level !== undefined && RecordPass.fits(program);
    this.#records = hasRecords ? new RecordPass(program, { keys, ordinals, level }) : null;
  }

  /** Errors: AGGREGATE_UNITS, AGGREGATE_ROWS, AGGREGATE_GROUPS. */
  add(read: ColumnBatch): null {
    // Without the bit every row would pass for a unit of its own, and k rows of one person for k people.
    if ((read.unitStart === null) !== (this.#ordinals === null)) throw new SealroomError("AGGREGATE_UNITS");
    if (this.#unitColumn !== null) checkUnits(read, this.#unitColumn);
    this.#rows += read.rows;
    if (this.#rows > MAX_OBJECT_ROWS) throw new SealroomError("AGGREGATE_ROWS", { limit: MAX_OBJECT_ROWS });
    const done = this.#records?.add(read) ?? 0;
    if (done === read.rows) return null;
    const batch = this.#computed.extend(read);
    const addChunk = (start: number, count: number): void => {
      this.#addChunk(batch, start, count);
    };
    if (done === 0 && this.#fused?.takes(read) === true) {
      this.#fused.add(batch, addChunk);
      return null;
    }
    for (let start = done; start < batch.rows; start += CHUNK_ROWS) {
      addChunk(start, Math.min(CHUNK_ROWS, batch.rows - start));
    }
    return null;
  }

  #addChunk(batch: ColumnBatch, start: number, count: number): void {
    const ordinals = batch.unitStart && (this.#ordinals?.read(batch.unitStart, start, count) ?? null);
    const picked = this.#filter === null ? null : this.#picked;
    const passing = picked === null ? count : (this.#filter?.pick(batch, start, count, picked) ?? 0);
    const where: Passing = { start, count, picked, passing };
    if (ordinals !== null && picked !== null) compact(ordinals, picked, passing);
    this.#keys.assign(batch, where, this.#groups);
    for (const reader of this.#readers) reader.read(batch, where);
    for (const [reader, beside] of this.#besides) reader.meet(beside);
    const isDistinct = this.#ordinals?.isDistinct ?? true;
    for (const level of this.#levels) {
      level.add(this.#groups, { ordinals, isDistinct, count: passing }, this.#readers);
    }
  }

  /** Once, after the last batch. Errors: AGGREGATE_GROUPS. */
  finish(): Partial {
    const level = this.#records?.finish() ?? null;
    return {
      levels: level === null ? this.#levels.map((each) => each.finish()) : [level],
      badRows: this.#readers.map(({ badRows }) => badRows),
    };
  }
}
