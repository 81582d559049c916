// Puts a program's computed columns behind those that a batch came with. None is made of another computed one.
import type { ColumnBatch } from "../../../core/column/vector.ts";
import type { Computed } from "../program.ts";
import { ArithmeticColumn } from "./arithmetic.ts";
import { BinColumn } from "./bin.ts";
import { CaseColumn } from "./case.ts";
import type { ComputedVector } from "./computed-vector.ts";
import { PartColumn, TruncatedColumn } from "./date-part.ts";

export class ComputedColumns {
  readonly #computed: readonly Computed[];
  /** Made when they are needed: they have buffers of their own. */
  #columns: readonly ComputedVector[] | null = null;

  constructor(computed: readonly Computed[]) {
    this.#computed = computed;
  }

  /** Valid until the next call. */
  extend(batch: ColumnBatch): ColumnBatch {
    if (this.#computed.length === 0) return batch;
    this.#columns ??= this.#computed.map(makeColumn);
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
