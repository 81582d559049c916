// Joins the batches of one streamed object to the held side, and aggregates what comes of it twice: by the units of the
// one owner, and by those of the other. The filter is over joined rows, and each unit's rows are clipped after the join.
import { isSet } from "../../core/column/validity.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { ObjectAggregation } from "../aggregate/accumulate.ts";
import type { Partial as AggregatePartial } from "../aggregate/partial.ts";
import { checkUnits } from "../aggregate/scattered.ts";
import { TextTable } from "../aggregate/text-table.ts";
import type { Kernel } from "../kernel.ts";
import { gather } from "./gather.ts";
import type { HeldSide } from "./held-side.ts";
import { KeyIndex } from "./key-index.ts";
import { sharedRows } from "./key-share.ts";
import type { JoinProgram } from "./program.ts";
import { metPairs, RowPairs } from "./row-pairs.ts";
import type { Pairs } from "./row-pairs.ts";
import { talliedSides } from "./tallied-sides.ts";
import { UnitNumbers } from "./unit-numbers.ts";

export interface JoinPartial {
  /** By input, whose units are counted. */
  readonly sides: readonly [AggregatePartial, AggregatePartial];
}

export class ObjectJoin implements Kernel<JoinPartial> {
  readonly #program: JoinProgram;
  readonly #held: HeldSide;
  readonly #heldColumns: readonly Vector[];
  readonly #object: number;
  readonly #index: KeyIndex;
  readonly #numbers: UnitNumbers;
  readonly #sides: readonly [ObjectAggregation, ObjectAggregation];
  readonly #unitStarts: UnitStarts | null;

  /** `object`: its number, which tells its units from those of others. Errors: JOIN_SIZE. */
  constructor(program: JoinProgram, held: HeldSide, object: number) {
    this.#program = program;
    this.#held = held;
    this.#object = object;
    this.#heldColumns = held.columns.slice(0, program.held.used).map(codedText);
    this.#index = new KeyIndex(program, held);
    this.#numbers = new UnitNumbers(program.unit);
    const [left, right] = talliedSides(program);
    this.#sides = [new ObjectAggregation(left), new ObjectAggregation(right)];
    this.#unitStarts = program.sides[program.streamed].unit === "column" ? new UnitStarts() : null;
  }

  /** Errors: AGGREGATE_UNITS, AGGREGATE_ROWS, AGGREGATE_GROUPS. */
  add(batch: ColumnBatch): null {
    const { unitColumn, streamed } = this.#program;
    if (unitColumn !== null) checkUnits(batch, unitColumn);
    const numbers = this.#numbers.read(batch);
    const own = this.#sides[streamed];
    const other = this.#sides[streamed === 0 ? 1 : 0];
    const released = new RowPairs((pairs) => {
      const joined = this.#join(batch, numbers, pairs);
      const unitStart = this.#unitStarts?.mark(numbers, pairs.streamed) ?? null;
      own.add({ ...joined, unitStart });
      if (this.#program.join === "inner") other.add(joined);
      // Rows that have met nobody are nobody's on the held side.
      if (this.#program.join === "left") {
        const met = metPairs(pairs);
        if (met.held.length > 0) other.add(met === pairs ? joined : this.#join(batch, numbers, met));
      }
    });
    // Of a semi join each row is released once, and is of all whom it has met.
    const met = new RowPairs((pairs) => {
      other.add(this.#join(batch, numbers, pairs));
    });
    this.#pair(batch, released, met);
    released.flush();
    met.flush();
    return null;
  }

  finish(): JoinPartial {
    const [left, right] = this.#sides;
    return { sides: [left.finish(), right.finish()] };
  }

  #pair(batch: ColumnBatch, released: RowPairs, met: RowPairs): void {
    const { join, keys, keyTypes, share } = this.#program;
    const { starts, rows } = this.#index;
    const numbers = this.#index.find(batch, keys);
    const marks = sharedRows(batch, keys, keyTypes, share);
    for (let row = 0; row < batch.rows; row += 1) {
      if (marks[row] === -1) continue;
      const number = numbers[row] ?? -1;
      const [from, to] = number < 0 ? [0, 0] : [starts[number] ?? 0, starts[number + 1] ?? 0];
      if (join === "left" && number < 0) released.add(row, -1);
      if (join === "semi" && number >= 0) released.add(row, -1);
      const partners = join === "semi" ? met : released;
      for (let at = from; at < to; at += 1) partners.add(row, rows[at] ?? 0);
    }
  }

  /** The columns of the first input, of the second, then of both's units. */
  #join(batch: ColumnBatch, numbers: Int32Array, pairs: Pairs): ColumnBatch {
    const { used, streamed, unitColumn } = this.#program;
    const own = batch.columns.slice(0, used).map((vector) => gather(vector, pairs.streamed));
    const others = this.#heldColumns.map((vector) => gather(vector, pairs.held));
    const named = unitColumn === null ? undefined : batch.columns[unitColumn];
    const units = [
      named === undefined ? this.#unitIds(numbers, pairs.streamed) : gather(named, pairs.streamed),
      gather(this.#held.units, pairs.held),
    ];
    const columns =
      streamed === 0 ? [...own, ...others, ...units] : [...others, ...own, ...units.toReversed()];
    return { rows: pairs.streamed.length, unitStart: null, columns };
  }

  /** The object's number for a unit, and the object's own. Where marks serve, nobody reads it. */
  #unitIds(numbers: Int32Array, rows: Int32Array): Vector {
    const words = new Uint32Array(2 * rows.length);
    if (this.#unitStarts === null) {
      rows.forEach((row, at) => {
        words[2 * at] = numbers[row] ?? 0;
        words[2 * at + 1] = this.#object;
      });
    }
    const type = { kind: "int", bits: 64, signed: true } as const;
    return { type, rows: rows.length, validity: null, layout: "words", words, wordsPerValue: 2 };
  }
}

/** Marks the first joined row of each unit. Rows of a unit lie together, joined ones too. */
class UnitStarts {
  #last = 0;

  mark(numbers: Int32Array, rows: Int32Array): Uint8Array {
    const bits = new Uint8Array((rows.length + 7) >>> 3);
    rows.forEach((row, at) => {
      const number = numbers[row] ?? 0;
      if (number !== this.#last) bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
      this.#last = number;
    });
    return bits;
  }
}

/** Text as codes, which are cheap to pick, to filter and to group by. */
function codedText(vector: Vector): Vector {
  if (vector.layout !== "utf8") return vector;
  const { type, rows, validity, offsets, bytes } = vector;
  const table = new TextTable(rows);
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    if (isSet(validity, row)) codes[row] = table.encode(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
  }
  const values = Array.from({ length: table.size }, (_, code) => table.text(code));
  return { type, rows, validity, layout: "dictionary", codes, values };
}
