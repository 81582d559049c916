// What makes one column of a batch's others.
import type { ColumnBatch, Vector } from "../../../core/column/vector.ts";

export interface ComputedVector {
  /** Valid until the next call. */
  compute(batch: ColumnBatch): Vector;
}
