// The copy of one object: batches as they were read to batches as they are sealed, row by row in the same order, and what
// became of the values.
import { UNIT_START_FIELD } from "../../core/column/type.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { Kernel, OutputBatch } from "../kernel.ts";
import { CopyColumnWork } from "./copy-column.ts";
import type { CopySecrets } from "./copy-column.ts";
import type { CopyProgram } from "./program.ts";
import { Quarantine } from "./quarantine.ts";
import type { QuarantinedValue } from "./quarantine.ts";

export interface CopyPartial {
  readonly rows: number;
  /** By column of the copy, rows by fate. */
  readonly tallies: readonly Float64Array[];
  readonly quarantined: readonly QuarantinedValue[];
  /** More values had no token than a report holds. */
  readonly isOver: boolean;
}

export class ObjectCopy implements Kernel<CopyPartial> {
  readonly #program: CopyProgram;
  readonly #columns: readonly CopyColumnWork[];
  readonly #rejects = new Quarantine();
  #rows = 0;

  /** Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(program: CopyProgram, secrets: CopySecrets) {
    this.#program = program;
    this.#columns = program.outputs.map(
      (column) => new CopyColumnWork(column, program, secrets, this.#rejects),
    );
  }

  /** Errors: TOKEN_SIZE, AGGREGATE_UNITS. */
  add(batch: ColumnBatch): OutputBatch {
    const { outputs, output } = this.#program;
    const { rows, unitStart } = batch;
    // Without its marks the copy would take every row for a unit of its own.
    if ((unitStart !== null) !== (output.unit === "column")) throw new SealroomError("AGGREGATE_UNITS");
    const fields = this.#columns.map((work, at) => work.field(vectorAt(batch, outputs[at]?.column), at));
    const vectors = this.#columns.map((work, at) => {
      const unit = outputs[at]?.unit ?? null;
      const vector = vectorAt(batch, outputs[at]?.column);
      return work.convert(vector, unit === null ? null : vectorAt(batch, unit));
    });
    this.#rows += rows;
    if (unitStart === null) return { rows, fields, vectors };
    const type = { kind: "bool" } as const;
    return {
      rows,
      fields: [...fields, { name: UNIT_START_FIELD, type, dictionary: null }],
      vectors: [...vectors, { type, rows, validity: null, layout: "bits", values: unitStart.slice() }],
    };
  }

  finish(): CopyPartial {
    return {
      rows: this.#rows,
      tallies: this.#columns.map(({ tally }) => tally),
      quarantined: this.#rejects.values,
      isOver: this.#rejects.isOver,
    };
  }
}

function vectorAt({ columns }: ColumnBatch, at: number | undefined): Vector {
  const vector = columns[at ?? -1];
  if (vector === undefined) throw new Error("internal: a batch without a column of the program");
  return vector;
}
