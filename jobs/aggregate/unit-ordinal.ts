// The ordinal, within its object, of the unit that each row belongs to: a running count of first-row marks, from 1,
// so that 0 is no unit.
import { SealroomError } from "../../core/errors.ts";
import { CHUNK_ROWS } from "./chunk.ts";

export class UnitOrdinals {
  readonly #ordinals = new Int32Array(CHUNK_ROWS);
  #last = 0;
  #isDistinct = false;

  /** Whether, in the rows read last, each began a unit. */
  get isDistinct(): boolean {
    return this.#isDistinct;
  }

  /** The ordinal of the last row's unit so far. */
  get last(): number {
    return this.#last;
  }

  /** For who reads the marks of rows by himself. */
  skipTo(last: number): void {
    this.#last = last;
  }

  /**
   * The ordinals, by the bitmap, of `count` rows from `start`, which must follow the rows read before. The array is reused.
   * Errors: AGGREGATE_UNITS, when an object's first row starts no unit.
   */
  read(unitStart: Uint8Array, start: number, count: number): Int32Array {
    const ordinals = this.#ordinals;
    let last = this.#last;
    const whole = count & ~7;
    for (let i = 0; i < whole; i += 8) {
      const byte = unitStart[(start + i) >>> 3] ?? 0;
      ordinals[i] = last += byte & 1;
      ordinals[i + 1] = last += (byte >>> 1) & 1;
      ordinals[i + 2] = last += (byte >>> 2) & 1;
      ordinals[i + 3] = last += (byte >>> 3) & 1;
      ordinals[i + 4] = last += (byte >>> 4) & 1;
      ordinals[i + 5] = last += (byte >>> 5) & 1;
      ordinals[i + 6] = last += (byte >>> 6) & 1;
      ordinals[i + 7] = last += byte >>> 7;
    }
    for (let i = whole; i < count; i += 1) {
      ordinals[i] = last += ((unitStart[(start + i) >>> 3] ?? 0) >>> (i & 7)) & 1;
    }
    this.#isDistinct = last - this.#last === count;
    if (ordinals[0] === 0) throw new SealroomError("AGGREGATE_UNITS");
    this.#last = last;
    return ordinals;
  }
}
