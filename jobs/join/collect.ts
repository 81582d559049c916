// Reads what a join holds of one object: its columns, keys and units, of the rows that are of this pass and have a key.
import type { ColumnBatch } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { Kernel } from "../kernel.ts";
import { checkUnits } from "../aggregate/scattered.ts";
import { ColumnStore } from "./column-store.ts";
import type { StoredColumn } from "./column-store.ts";
import { sharedRows } from "./key-share.ts";
import { markNulls } from "./key-words.ts";
import type { BuildProgram, KeyType } from "./program.ts";
import { UnitNumbers } from "./unit-numbers.ts";

/** What a join may hold: rows of one pass, and bytes of their values. */
export const MOST_HELD_ROWS: number = 2 ** 21;
export const MOST_HELD_BYTES: number = 64 * 2 ** 20;

export interface BuildPartial {
  readonly rows: number;
  readonly columns: readonly StoredColumn[];
  /** By row, the object's number for its unit, from 1; and how many there are, other passes' rows included. */
  readonly units: Int32Array;
  readonly lastUnit: number;
}

export class ObjectCollection implements Kernel<BuildPartial> {
  readonly #program: BuildProgram;
  readonly #stores: readonly ColumnStore[];
  readonly #numbers: UnitNumbers;
  readonly #units: Int32Array[] = [];
  #rows = 0;

  constructor(program: BuildProgram) {
    this.#program = program;
    this.#stores = program.columns.map(() => new ColumnStore());
    this.#numbers = new UnitNumbers(program.unit);
  }

  /** Errors: AGGREGATE_UNITS, JOIN_SIZE. */
  add(batch: ColumnBatch): null {
    const { keys, keyTypes, share, unitColumn } = this.#program;
    if (unitColumn !== null) checkUnits(batch, unitColumn);
    const numbers = this.#numbers.read(batch);
    const marks = sharedRows(batch, keys, keyTypes, share);
    for (const key of keys) {
      const vector = batch.columns[key];
      if (vector !== undefined) markNulls(vector, marks);
    }
    const picked = pick(marks);
    this.#rows += picked.length;
    this.#stores.forEach((store, at) => {
      const vector = batch.columns[at];
      if (vector === undefined) throw new Error("internal: a batch lacks a column of the program");
      store.add(vector, picked);
    });
    this.#units.push(Int32Array.from(picked, (row) => numbers[row] ?? 0));
    checkHeld(
      this.#rows,
      this.#stores.reduce((sum, { bytes }) => sum + bytes, 0) + this.#rows * keyBytes(keyTypes),
    );
    return null;
  }

  finish(): BuildPartial {
    return {
      rows: this.#rows,
      columns: this.#stores.flatMap((store) => store.finish() ?? []),
      units: joined(this.#units, this.#rows),
      lastUnit: this.#numbers.last,
    };
  }
}

/** Errors: JOIN_SIZE, which says no more than the bounds: how many there are is data. */
export function checkHeld(rows: number, bytes: number): void {
  if (rows > MOST_HELD_ROWS || bytes > MOST_HELD_BYTES) {
    throw new SealroomError("JOIN_SIZE", { rows: MOST_HELD_ROWS, bytes: MOST_HELD_BYTES });
  }
}

/** What a row takes besides: its keys as words, once as they are read and once in the table, and its unit. */
export function keyBytes(types: readonly KeyType[]): number {
  return types.reduce((sum, { kind }) => sum + 2 * KEY_BYTES[kind], 16);
}

const KEY_BYTES: Readonly<Record<KeyType["kind"], number>> = { integer: 8, decimal: 16, text: 4 };

function pick(marks: Int32Array): Int32Array {
  const rows = new Int32Array(marks.length);
  let count = 0;
  for (let row = 0; row < marks.length; row += 1) if (marks[row] === 0) rows[count++] = row;
  return rows.subarray(0, count);
}

function joined(parts: readonly Int32Array[], length: number): Int32Array {
  const whole = new Int32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
