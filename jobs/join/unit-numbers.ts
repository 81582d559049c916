// Whose each row of an object is, as a number that the object gives him: of marked units in the order of their marks, of
// rows that are units their place.
import type { ColumnBatch } from "../../core/column/vector.ts";
import { isSet } from "../../core/column/validity.ts";
import { SealroomError } from "../../core/errors.ts";
import type { InputShape } from "./program.ts";

export class UnitNumbers {
  readonly #unit: InputShape["unit"];
  #last = 0;

  constructor(unit: InputShape["unit"]) {
    this.#unit = unit;
  }

  /** How many there have been. */
  get last(): number {
    return this.#last;
  }

  /** From 1, of all rows of the next batch. Errors: AGGREGATE_UNITS. */
  read({ rows, unitStart }: ColumnBatch): Int32Array {
    // Without marks every row would pass for a unit of its own, and k rows of one person for k people.
    if ((unitStart === null) !== (this.#unit !== "column")) throw new SealroomError("AGGREGATE_UNITS");
    const numbers = new Int32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      if (unitStart === null || isSet(unitStart, row)) this.#last += 1;
      numbers[row] = this.#last;
    }
    if (numbers[0] === 0) throw new SealroomError("AGGREGATE_UNITS");
    return numbers;
  }
}
