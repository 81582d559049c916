// One column of the result: what is behind the tokens of the chosen rows, or the rows as they are where it has none. A
// token that does not open gives null, and why.
import type { Vector } from "../../core/column/vector.ts";
import { daysOf, fatesOf, textsOf, validityOf, vectorOfDays } from "../tokenize/cells.ts";
import { makeKernel } from "../tokenize/copy-column.ts";
import type { CopySecrets } from "../tokenize/copy-column.ts";
import type { Kernel, TextKernel, UnitDateKernel } from "../tokenize/operator.ts";
import { randomOpener } from "../tokenize/operators/random.ts";
import type { Tokens } from "../tokenize/program.ts";
import { FATE, squeezed } from "../tokenize/text-column.ts";
import type { TextColumn } from "../tokenize/text-column.ts";
import { cut } from "./piece.ts";
import type { RevealColumn, RevealProgram } from "./program.ts";

export interface Revealed {
  readonly vector: Vector;
  /** By row, `done` also where nothing had to be revealed. */
  readonly fates: Uint8Array;
}

export class RevealedColumn {
  readonly #column: RevealColumn;
  readonly #kernel: Opener | null;
  readonly #unitKernel: TextOpener | null;

  /** Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(column: RevealColumn, program: RevealProgram, secrets: CopySecrets) {
    this.#column = column;
    const { tokens, unit } = column;
    this.#kernel = tokens === null ? null : openerOf(tokens, program, secrets);
    const unitTokens = unit?.tokens ?? null;
    const unitKernel = unitTokens === null ? null : openerOf(unitTokens, program, secrets);
    if (unitKernel?.takes === "date of unit") throw new Error("internal: units that are no texts");
    this.#unitKernel = unitKernel;
  }

  /** Of the program's columns in one batch. Error: TOKEN_SIZE. */
  of(columns: readonly Vector[], rows: Int32Array): Revealed {
    const vector = cut(vectorAt(columns, this.#column.column), rows);
    const fates = fatesOf(vector);
    const kernel = this.#kernel;
    if (kernel === null) return { vector, fates };
    if (kernel.takes === "text") {
      const { offsets, bytes } = squeezed(kernel.reveal(textsOf(vector, fates), fates), fates);
      const { type } = this.#column;
      return {
        vector: { type, rows: rows.length, validity: validityOf(fates), layout: "utf8", offsets, bytes },
        fates,
      };
    }
    const { days: moved, times } = daysOf(vector, fates);
    const days = kernel.reveal({ days: moved, units: this.#units(columns, rows) }, fates);
    for (let row = 0; row < days.length; row++) {
      if (fates[row] === FATE.done) continue;
      days[row] = 0;
      if (times !== null) times[row] = 0n;
    }
    return { vector: vectorOfDays(vector, { days, times }, validityOf(fates)), fates };
  }

  /** No bytes where a row's unit is null or does not open: its dates are then of none. */
  #units(columns: readonly Vector[], rows: Int32Array): TextColumn {
    const { unit } = this.#column;
    if (unit === null) throw new Error("internal: dates without their units");
    const vector = cut(vectorAt(columns, unit.column), rows);
    const fates = fatesOf(vector);
    const texts = textsOf(vector, fates);
    return squeezed(this.#unitKernel?.reveal(texts, fates) ?? texts, fates);
  }
}

type TextOpener = Required<Pick<TextKernel, "takes" | "reveal">>;
type Opener = TextOpener | UnitDateKernel;

function openerOf(tokens: Tokens, program: RevealProgram, secrets: CopySecrets): Opener {
  if (tokens.vault !== null) {
    const map = secrets.maps[tokens.vault];
    if (map === undefined || !("offsets" in map)) throw new Error("internal: a program without its maps");
    return { takes: "text", ...randomOpener(map) };
  }
  const kernel: Kernel = makeKernel(tokens, program, secrets);
  if (kernel.takes === "date of unit") return kernel;
  if (kernel.takes !== "text" || kernel.reveal === undefined) {
    throw new Error("internal: tokens that nothing takes back");
  }
  return { takes: "text", reveal: kernel.reveal.bind(kernel) };
}

function vectorAt(columns: readonly Vector[], at: number): Vector {
  const vector = columns[at];
  if (vector === undefined) throw new Error("internal: a batch without a column of the program");
  return vector;
}
