// What a worker is told to do to reveal what is behind tokens, as plain data that structured cloning carries.
import type { TokenKeyEntry } from "../../core/manifest/tokenization.ts";
import type { ProgramColumn, Tokens, VaultRule } from "../tokenize/program.ts";

export interface RevealProgram {
  readonly kind: "reveal";
  /** Physical columns to read, in the order in which batches must bring them. */
  readonly columns: readonly ProgramColumn[];
  /** The result's columns, in its order; behind them comes the one that says what was not revealed. */
  readonly outputs: readonly RevealColumn[];
  /** Null: all rows. */
  readonly match: RowMatch | null;
  /** The masters that the operators' keys are derived from, each once. */
  readonly keys: readonly TokenKeyEntry[];
  /** The maps of random tokens, each once. */
  readonly vaults: readonly VaultRule[];
  /** The most rows that the result may have: the grant's. */
  readonly maxRows: number;
  /** Of the data set, by its manifest. */
  readonly rows: number;
}

export interface RevealColumn extends ProgramColumn {
  /** Position in `columns`. */
  readonly column: number;
  /** Null: the column has none, and comes as it is. */
  readonly tokens: Tokens | null;
  /** What says whose row it is, for tokens that were made by unit; null of others. */
  readonly unit: RevealUnit | null;
}

export interface RevealUnit {
  /** Position in `columns`. */
  readonly column: number;
  /** Behind which the units are; null where they are plain. */
  readonly tokens: Tokens | null;
}

export interface RowMatch {
  /** Position in `columns`, of a column of text. */
  readonly column: number;
  readonly tokens: readonly string[];
}
