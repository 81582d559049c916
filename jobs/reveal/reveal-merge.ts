// The rows of a whole data set that a plan asks for, in the manifest's order of objects and rows.
import type { Merge } from "../kernel.ts";
import { Gathered } from "./gathered.ts";
import type { RevealPartial } from "./object-reveal.ts";
import type { Piece } from "./piece.ts";
import type { RevealProgram } from "./program.ts";

export class RevealMerge implements Merge<RevealPartial> {
  readonly #gathered: Gathered;

  constructor({ maxRows }: RevealProgram) {
    this.#gathered = new Gathered(maxRows);
  }

  add({ rows, bytes, pieces }: RevealPartial): void {
    if (this.#gathered.count(rows, bytes)) for (const piece of pieces) this.#gathered.keep(piece);
  }

  /** Errors: REVEAL_ROWS, REVEAL_SIZE. */
  pieces(): readonly Piece[] {
    this.#gathered.check();
    return this.#gathered.pieces;
  }
}
