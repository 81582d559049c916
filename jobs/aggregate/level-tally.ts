// All tallies of one level of one object: its group numbers, units, and measures.
import { SealroomError } from "../../core/errors.ts";
import type { Cell } from "./cell.ts";
import { CHUNK_ROWS } from "./chunk.ts";
import type { GroupKeys } from "./group-key.ts";
import type { MeasureReader } from "./measure.ts";
import { MeasureTally } from "./measure-tally.ts";
import type { KeyColumn, PartialLevel } from "./partial.ts";
import type { AggregateProgram } from "./program.ts";
import { TotalKeys } from "./total-keys.ts";
import { UnitTally } from "./unit-tally.ts";
import type { ChunkRows } from "./unit-tally.ts";

export class LevelTally {
  readonly #maxFormed: number;
  readonly #keys: GroupKeys;
  readonly #kept: readonly number[];
  /** Null for the first level, whose groups are the finest. */
  readonly #totals: TotalKeys | null;
  readonly #groups: Int32Array = new Int32Array(CHUNK_ROWS);
  readonly #units: UnitTally;
  readonly #measures: readonly MeasureTally[];
  /** By measure, the one beside which it stands. */
  readonly #besides: readonly (number | null)[];

  /** `kept` are the dimensions that a total keeps; null for the first level. */
  constructor(
    { dimensions, maxFormed, measures }: AggregateProgram,
    keys: GroupKeys,
    kept: readonly number[] | null,
  ) {
    this.#maxFormed = maxFormed;
    this.#keys = keys;
    this.#kept = kept ?? dimensions.map((_, at) => at);
    this.#totals = kept && new TotalKeys(keys, kept, maxFormed);
    this.#units = new UnitTally();
    this.#measures = measures.map((measure) => new MeasureTally(measure, this.#units));
    this.#besides = measures.map(({ beside }) => beside);
  }

  /** The passing rows' groups of the first level, their units, and readers that have read them. Errors: AGGREGATE_GROUPS. */
  add(
    finest: Int32Array,
    { ordinals, isDistinct, count }: Omit<ChunkRows, "groups" | "bound">,
    readers: readonly MeasureReader[],
  ): void {
    this.#totals?.assign(finest, count, this.#groups);
    const { bound } = this.#totals ?? this.#keys;
    const groups = this.#totals === null ? finest : this.#groups;
    const rows: ChunkRows = { groups, bound, ordinals, isDistinct, count };
    readers.forEach((reader, at) => this.#measures[at]?.prepare(reader));
    const firsts = this.#units.add(rows);
    readers.forEach((reader, at) => {
      const beside = readers[this.#besides[at] ?? -1] ?? null;
      this.#measures[at]?.add(reader, rows, firsts, beside);
    });
  }

  /** What a fused pass adds to. */
  get tallies(): { readonly units: UnitTally; readonly measures: readonly MeasureTally[] } {
    return { units: this.#units, measures: this.#measures };
  }

  /** Errors: AGGREGATE_GROUPS. */
  finish(): PartialLevel {
    const formed = this.#units.formedGroups();
    if (formed.length > this.#maxFormed) throw new SealroomError("AGGREGATE_GROUPS");
    return {
      groups: formed.length,
      keys: this.keyColumns(formed),
      passing: this.#units.rows(formed),
      units: this.#units.units(formed),
      measures: this.#measures.map((measure) => measure.finish(formed)),
    };
  }

  /** The keys of some groups. */
  keyColumns(formed: Int32Array): readonly KeyColumn[] {
    return this.#kept.map((dimension, at) => this.#keyColumn(formed, dimension, at));
  }

  /** Only cells that some formed group has: a dictionary's other strings may be of rows that were filtered out. */
  #keyColumn(formed: Int32Array, dimension: number, at: number): KeyColumn {
    const cells: Cell[] = [];
    // One more than the position of a code's cell in `cells`; 0 where it has none yet.
    const positions = new Int32Array(this.#keys.codeBound(dimension));
    const codes = formed.map((group) => {
      const code = this.#totals === null ? this.#keys.code(group, dimension) : this.#totals.code(group, at);
      if (positions[code] === 0) positions[code] = cells.push(this.#keys.cell(dimension, code));
      return (positions[code] ?? 0) - 1;
    });
    return { codes, cells };
  }
}
