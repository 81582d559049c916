// What a worker is told to do for a join, as plain data: which input it streams and which it is given whole, the keys, and
// for each owner the program that counts and clips by his units.
import type { ColumnType } from "../../core/column/type.ts";
import type { JoinKind } from "../../core/plan/join.ts";
import type { AggregateProgram, ProgramColumn } from "../aggregate/program.ts";

/** One input's columns, as positions in what is read of it. */
export interface InputShape {
  /** Those that the job reads, in the order in which batches bring them: used ones first. */
  readonly columns: readonly ProgramColumn[];
  /** How many of them, from the first, the joined batches have. */
  readonly used: number;
  /** The keys, in the join's order. */
  readonly keys: readonly number[];
  readonly unit: "column" | "row" | "scattered";
  /** The column that names the units, where they are scattered; else null. */
  readonly unitColumn: number | null;
}

/** Which rows a pass is of, by a hash of their keys: all of them where there is one pass. */
export interface Share {
  readonly pass: number;
  readonly passes: number;
}

/** Reads the side that is held in memory. No plan is of its kind. */
export interface BuildProgram extends InputShape {
  readonly kind: "build";
  readonly keyTypes: readonly KeyType[];
  readonly share: Share;
}

export interface JoinProgram extends InputShape {
  readonly kind: "join";
  readonly join: JoinKind;
  /** The input that is streamed; the other one is held. */
  readonly streamed: 0 | 1;
  readonly held: InputShape;
  readonly keyTypes: readonly KeyType[];
  readonly share: Share;
  /** By input. Batches have the used columns of the first input, those of the second, then a column of either's units. */
  readonly sides: readonly [AggregateProgram, AggregateProgram];
  /** By measure, the input whose column it is: his units' clipped totals are what is released. */
  readonly owners: readonly (0 | 1)[];
}

/** How values of both key columns are made the same words. */
export interface KeyType {
  readonly kind: "integer" | "decimal" | "text";
  /** By input. */
  readonly types: readonly [ColumnType, ColumnType];
}
