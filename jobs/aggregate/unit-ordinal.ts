// The ordinal, within its object, of the unit that each row belongs to: a running count of first-row marks.
import { SealroomError } from "../../core/errors.ts";
import type { ColumnBatch } from "../../core/column/vector.ts";
import { CHUNK_ROWS } from "./chunk.ts";

export class UnitOrdinals {
  readonly #ordinals = new Int32Array(CHUNK_ROWS);
  #last = -1;

  /**
   * The ordinals of `count` rows from `start`, which must follow the rows read before. The array is reused.
   * Errors: AGGREGATE_UNITS, when an object's first row starts no unit.
   */
  read({ unitStart }: ColumnBatch, start: number, count: number): Int32Array {
    if (unitStart === null) throw new SealroomError("AGGREGATE_UNITS");
    const ordinals = this.#ordinals;
    let last = this.#last;
    for (let i = 0; i < count; i += 8) {
      let byte = unitStart[(start + i) >>> 3] ?? 0;
      const end = Math.min(i + 8, count);
      for (let j = i; j < end; j += 1) {
        last += byte & 1;
        byte >>>= 1;
        ordinals[j] = last;
      }
    }
    if (ordinals[0] === -1) throw new SealroomError("AGGREGATE_UNITS");
    this.#last = last;
    return ordinals;
  }
}
