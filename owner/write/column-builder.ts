// The columns of the batch that is being filled: typed arrays of BATCH_ROWS rows, allocated once and used again for
// every batch. Each column is gathered from the records by one loop; records of a few thousand rows at a time, so that
// all columns find them in the cache.
import { BATCH_ROWS, type ColumnType } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import type { ColumnDictionary } from "./dictionaries.ts";
import type { RecordField } from "../order/record-layout.ts";
import type { RecordPart } from "./row-stream.ts";

/** What a batch's column is made from. */
export interface BuilderColumn {
  readonly type: ColumnType;
  readonly field: RecordField;
  readonly hasNulls: boolean;
  /** Of a column whose records hold codes. */
  readonly dictionary: ColumnDictionary | null;
}

/** What every vector has. */
export type VectorBase = Pick<Vector, "type" | "rows" | "validity">;

export abstract class ColumnBuilder {
  protected readonly field: RecordField;
  protected rows = 0;
  readonly #type: ColumnType;
  readonly #validity: Uint8Array | null;
  #nulls = 0;

  constructor({ type, field, hasNulls }: BuilderColumn) {
    this.#type = type;
    this.field = field;
    this.#validity = hasNulls ? new Uint8Array(BATCH_ROWS / 8) : null;
  }

  append(part: RecordPart): void {
    if (this.#validity !== null) this.#appendValidity(this.#validity, part);
    this.copy(part);
    this.rows += part.rows;
  }

  /** The rows so far; shares the arrays, so it is valid until the next append. */
  vector(): Vector {
    return this.view({
      type: this.#type,
      rows: this.rows,
      validity: this.#nulls === 0 ? null : this.#validity,
    });
  }

  clear(): void {
    this.rows = 0;
    this.#nulls = 0;
    this.#validity?.fill(0);
  }

  #appendValidity(validity: Uint8Array, { memory: { words }, at, rows }: RecordPart): void {
    const { nullWord, nullMask } = this.field;
    for (let row = 0, bit = this.rows; row < rows; row += 1, bit += 1) {
      if (((words[(at[row] ?? 0) + nullWord] ?? 0) & nullMask) === 0) {
        validity[bit >> 3] = (validity[bit >> 3] ?? 0) | (1 << (bit & 7));
      } else {
        this.#nulls += 1;
      }
    }
  }

  protected abstract copy(part: RecordPart): void;
  protected abstract view(base: VectorBase): Vector;
}
