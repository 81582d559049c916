// What a worker is told to do to make a copy with tokens, as plain data that structured cloning carries.
import type { ColumnType } from "../../core/column/type.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ColumnEntry, UnitKind } from "../../core/manifest/manifest.ts";
import type { InvalidRule, TokenFacts, TokenKeyEntry, VaultMap } from "../../core/manifest/tokenization.ts";
import type { CanonicalForm } from "./canonical.ts";

export interface CopyProgram {
  readonly kind: "tokenize";
  /** Physical columns to read, in the order in which batches must bring them. */
  readonly columns: readonly ProgramColumn[];
  /** The copy's columns, in its order. */
  readonly outputs: readonly CopyColumn[];
  /** Columns of the input that the copy does not have. */
  readonly dropped: readonly string[];
  /** The masters that the operators' keys are derived from, each once. */
  readonly keys: readonly TokenKeyEntry[];
  /** The maps of random tokens, each once. */
  readonly vaults: readonly VaultRule[];
  readonly minUnits: number;
  readonly output: CopyShape;
}

/** A map of random tokens, and which columns' values it has. */
export interface VaultRule {
  readonly domain: string;
  readonly audience: string;
  /** Of the domain's key, under which the map is sealed from now on, and its position in `keys`. */
  readonly version: number;
  readonly key: number;
  /** The map from which it goes on, its place in the rules, and the position of its key; null where it begins. */
  readonly from: { readonly map: VaultMap; readonly place: number; readonly key: number } | null;
  readonly columns: readonly { readonly column: number; readonly canonical: CanonicalForm }[];
}

/** What the copy's manifest says of it. */
export interface CopyShape {
  readonly dataset: string;
  readonly keyArn: string;
  readonly unit: UnitKind;
  readonly schema: readonly ColumnEntry[];
  readonly tokens: Readonly<Record<string, TokenFacts>>;
}

export interface ProgramColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface CopyColumn extends ProgramColumn {
  /** The type that it has in the copy. */
  readonly given: ColumnType;
  /** Position in `columns`. */
  readonly column: number;
  /** Position in `columns` of what says whose row it is; null where no operator asks. */
  readonly unit: number | null;
  /** Null: the column is kept. */
  readonly tokens: Tokens | null;
  /** What the column's own tokens are opened by first; null where it has none, or they stay as they are. */
  readonly opened: Tokens | null;
  readonly invalid: InvalidRule;
}

/** An operator with its parameters, and whose tokens it makes. */
export interface Tokens {
  readonly operator: string;
  readonly parameters: JsonObject;
  readonly audience: string;
  /** Position in `keys`; null of operators without keys. */
  readonly key: number | null;
  /** Position in `vaults`, of random tokens; null of all others. */
  readonly vault: number | null;
}
