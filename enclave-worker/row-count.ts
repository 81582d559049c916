// The rows of one object as they come, against its manifest's.
import { SealroomError } from "../core/errors.ts";

/** The manifest is believed over the file: not a row more or less is aggregated than the owner signed (OBJECT_ROWS). */
export class RowCount {
  readonly #rows: number;
  #left: number;

  constructor(rows: number) {
    this.#rows = rows;
    this.#left = rows;
  }

  add(rows: number): void {
    this.#left -= rows;
    if (this.#left < 0) throw new SealroomError("OBJECT_ROWS", { rows: this.#rows });
  }

  checkWhole(): void {
    if (this.#left !== 0) throw new SealroomError("OBJECT_ROWS", { rows: this.#rows });
  }
}
