// Puts a program's computed columns behind those that a batch came with. None is made of another computed one.
import type { ColumnBatch } from "../../../core/column/vector.ts";
import type { Computed } from "../program.ts";
import { ArithmeticColumn } from "./arithmetic.ts";
import { BinColumn } from "./bin.ts";
import { CaseColumn } from "./case.ts";
import type { ComputedVector } from "./computed-vector.ts";
import { PartColumn, TruncatedColumn } from "./date-part.ts";

export class ComputedColumns {
  readonly #columns: readonly ComputedVector[];

  constructor(computed: readonly Computed[]) {
    this.#columns = computed.map(makeColumn);
  }

  /** Valid until the next call. */
  extend(batch: ColumnBatch): ColumnBatch {
    if (this.#columns.length === 0) return batch;
    return { ...batch, columns: [...batch.columns, ...this.#columns.map((column) => column.compute(batch))] };
  }
}

function makeColumn(computed: Computed): ComputedVector {
  switch (computed.kind) {
    case "arithmetic":
      return new ArithmeticColumn(computed);
    case "part":
      return new PartColumn(computed);
    case "truncate":
      return new TruncatedColumn(computed);
    case "bin":
      return new BinColumn(computed);
    case "case":
      return new CaseColumn(computed);
  }
}
