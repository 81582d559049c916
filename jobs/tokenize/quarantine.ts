// Values that no token stands for, kept for the owner alone: a table that leaves sealed to the owner's key. What it may
// take is bounded, as the values are the data's.
import type { ArrowField } from "../../core/column/schema.ts";
import { encodeTable } from "../../core/column/table.ts";
import { BATCH_ROWS } from "../../core/column/type.ts";
import type { ColumnType } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import { dictionaryTexts } from "./cells.ts";
import { nameOfFate } from "./fate-names.ts";

/** A value of one object. */
export interface QuarantinedValue {
  readonly column: string;
  /** In the object, from 0. */
  readonly row: number;
  readonly fate: number;
  readonly value: string;
}

const MOST_BYTES: number = 16 * 1024 * 1024;
const ROW_BYTES = 32;

/** Values as they come, of one object or of all, as many as a report holds. */
export class Quarantine<Value extends QuarantinedValue = QuarantinedValue> {
  readonly values: Value[] = [];
  /** More came than are kept. */
  isOver = false;
  #bytes = 0;

  add(value: Value): void {
    this.#bytes += ROW_BYTES + value.column.length + value.value.length;
    if (this.#bytes > MOST_BYTES) this.isOver = true;
    else this.values.push(value);
  }

  /** Error: TOKEN_QUARANTINE. */
  check(): void {
    if (this.isOver) throw new SealroomError("TOKEN_QUARANTINE", { limit: MOST_BYTES });
  }
}

export type PlacedValue = QuarantinedValue & { readonly object: number };

const UINT32: ColumnType = { kind: "int", bits: 32, signed: false };
const UTF8: ColumnType = { kind: "utf8" };

/** An Arrow file: object (its place in the input's manifest) and row, both from 0, column, reason, value. */
export function encodeQuarantine(values: readonly PlacedValue[]): Uint8Array {
  const fields: ArrowField[] = [
    { name: "object", type: UINT32, dictionary: null },
    { name: "row", type: UINT32, dictionary: null },
    { name: "column", type: UTF8, dictionary: null },
    { name: "reason", type: UTF8, dictionary: null },
    { name: "value", type: UTF8, dictionary: null },
  ];
  const batches = [];
  for (let start = 0; start < values.length; start += BATCH_ROWS) {
    const part = values.slice(start, start + BATCH_ROWS);
    batches.push({
      rows: part.length,
      columns: [
        numbers(part.map(({ object }) => object)),
        numbers(part.map(({ row }) => row)),
        texts(part.map(({ column }) => column)),
        texts(part.map(({ fate }) => nameOfFate(fate))),
        texts(part.map(({ value }) => value)),
      ],
    });
  }
  return encodeTable(fields, batches);
}

function numbers(values: readonly number[]): Vector {
  return {
    type: UINT32,
    rows: values.length,
    validity: null,
    layout: "number",
    values: Uint32Array.from(values),
  };
}

export function texts(values: readonly string[]): Vector {
  const { offsets, bytes } = dictionaryTexts(values);
  return { type: UTF8, rows: values.length, validity: null, layout: "utf8", offsets, bytes };
}
