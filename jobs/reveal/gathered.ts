// Rows on their way to a result, of one object or of all. What is too much is counted on and not kept, and refused when
// all has been read: sooner, the moment would tell where the rows lie.
import { BATCH_ROWS } from "../../core/column/type.ts";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import { MAX_PADDED_BYTES } from "../../core/receipt/padding.ts";
import { bytesOf, join } from "./piece.ts";
import type { Piece } from "./piece.ts";

export class Gathered {
  readonly #maxRows: number;
  #rows = 0;
  #bytes = 0;
  #pieces: Piece[] = [];

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Whether there is room for so many more: rows that have not been cut out yet, or of which the bytes are known. */
  count(rows: number, bytes = 0): boolean {
    this.#rows += rows;
    this.#bytes += bytes;
    const hasRoom = this.#rows <= this.#maxRows && this.#bytes <= MAX_PADDED_BYTES;
    if (!hasRoom) this.#pieces = [];
    return hasRoom;
  }

  /** Of rows that were counted; small pieces grow together, so that there are few however the rows lie. */
  keep(piece: Piece): void {
    let grown = piece;
    for (let last = this.#pieces.at(-1); last !== undefined; last = this.#pieces.at(-1)) {
      if (last.rows > grown.rows || last.rows + grown.rows > BATCH_ROWS) break;
      this.#pieces.pop();
      grown = join([last, grown]);
    }
    this.#pieces.push(grown);
  }

  /** As keep, of rows whose bytes were not counted. */
  cut(piece: Piece): void {
    if (this.count(0, bytesOf(piece))) this.keep(piece);
  }

  /** Errors: REVEAL_ROWS, REVEAL_SIZE. */
  check(): void {
    if (this.#rows > this.#maxRows) throw new PolicyError("REVEAL_ROWS", { limit: this.#maxRows });
    if (this.#bytes > MAX_PADDED_BYTES) throw new SealroomError("REVEAL_SIZE", { limit: MAX_PADDED_BYTES });
  }
}
