// What a job does with the batches of one object: what it computes of them, and what of them goes on into an object that
// the job makes.
import type { ArrowField } from "../core/column/schema.ts";
import type { ColumnBatch, Vector } from "../core/column/vector.ts";

/** Takes the batches of one object in order, then gives its partial, once. */
export interface Kernel<Partial> {
  /** What goes on; null where the job makes no objects. Valid until the next call. */
  add(batch: ColumnBatch): OutputBatch | null;
  finish(): Partial;
}

/** A batch of an object that is made: one vector a field. The fields, and their dictionaries, are those of all batches. */
export interface OutputBatch {
  readonly rows: number;
  readonly fields: readonly ArrowField[];
  readonly vectors: readonly Vector[];
}

/** Partials are added in the manifest's order of objects. */
export interface Merge<Partial> {
  add(partial: Partial): void;
}
