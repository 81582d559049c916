// The chosen rows of one object, revealed batch by batch. Nothing goes on into another object, and no more is kept than
// the grant lets out.
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import type { Kernel } from "../kernel.ts";
import type { CopySecrets } from "../tokenize/copy-column.ts";
import { nameOfFate } from "../tokenize/fate-names.ts";
import { texts } from "../tokenize/quarantine.ts";
import { FATE } from "../tokenize/text-column.ts";
import { allRows, ChosenRows } from "./chosen-rows.ts";
import { Gathered } from "./gathered.ts";
import type { Piece } from "./piece.ts";
import type { RevealProgram } from "./program.ts";
import { RevealedColumn } from "./revealed-column.ts";
import type { Revealed } from "./revealed-column.ts";

/** Without pieces where it is over what a result may have. */
export interface RevealPartial {
  readonly rows: number;
  readonly bytes: number;
  readonly pieces: readonly Piece[];
}

export class ObjectReveal implements Kernel<RevealPartial> {
  readonly #program: RevealProgram;
  readonly #columns: readonly RevealedColumn[];
  readonly #chosen: ChosenRows | null;
  readonly #gathered: Gathered;

  /** Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(program: RevealProgram, secrets: CopySecrets) {
    this.#program = program;
    this.#columns = program.outputs.map((column) => new RevealedColumn(column, program, secrets));
    this.#chosen = program.match === null ? null : new ChosenRows(program.match.tokens);
    this.#gathered = new Gathered(program.maxRows);
  }

  /** Error: TOKEN_SIZE. */
  add(batch: ColumnBatch): null {
    const rows = this.#rowsOf(batch);
    if (rows.length === 0 || !this.#gathered.count(rows.length)) return null;
    const revealed = this.#columns.map((column) => column.of(batch.columns, rows));
    const vectors = [...revealed.map(({ vector }) => vector), this.#unrevealed(revealed, rows.length)];
    this.#gathered.cut({ rows: rows.length, vectors });
    return null;
  }

  #rowsOf(batch: ColumnBatch): Int32Array {
    const { match } = this.#program;
    if (match === null || this.#chosen === null) return allRows(batch.rows);
    const vector = batch.columns[match.column];
    if (vector === undefined) throw new Error("internal: a batch without a column of the program");
    return this.#chosen.of(vector);
  }

  /** `SSN: forged; BORN: unit`; null where all was revealed. */
  #unrevealed(revealed: readonly Revealed[], rows: number): Vector {
    const reasons = Array.from({ length: rows }, (_, row) =>
      revealed
        .flatMap(({ fates }, column) => {
          const fate = fates[row] ?? FATE.form;
          if (fate === FATE.done || fate === FATE.null) return [];
          return [`${this.#program.outputs[column]?.name ?? ""}: ${nameOfFate(fate)}`];
        })
        .join("; "),
    );
    const validity = new Uint8Array((rows + 7) >> 3);
    for (const [row, reason] of reasons.entries()) {
      if (reason !== "") validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    }
    return { ...texts(reasons), validity };
  }

  finish(): RevealPartial {
    const { rows, bytes, pieces } = this.#gathered;
    return { rows, bytes, pieces };
  }
}
