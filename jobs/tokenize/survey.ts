// The pass before a copy with random tokens: which values each map has to have. Nothing of it leaves the enclave.
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { SealroomError } from "../../core/errors.ts";
import type { Kernel, Merge } from "../kernel.ts";
import { canonicalize } from "./canonical.ts";
import type { CmacColumn } from "./cmac-column.ts";
import { dictionaryTexts, fatesOf, textsOf } from "./cells.ts";
import { masterOf } from "./copy-column.ts";
import { MacTable } from "./mac-table.ts";
import { placeKey, TOKEN_WORDS, wordsOf } from "./operators/random.ts";
import type { CopyProgram, VaultRule } from "./program.ts";
import { FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

export interface SurveyProgram {
  readonly kind: "survey";
  readonly columns: CopyProgram["columns"];
  readonly vaults: readonly VaultRule[];
  readonly keys: CopyProgram["keys"];
}

/** Distinct canonical values, by map. */
export interface SurveyPartial {
  readonly values: readonly ValueList[];
}

/** Texts end to end, and the MACs by which a map finds them, four words each. */
export interface ValueList {
  readonly lengths: Int32Array;
  readonly bytes: Uint8Array;
  readonly macs: Uint32Array;
}

/** Of one map: an enclave has to hold it. */
export const MOST_VALUES = 1_000_000;
const MOST_BYTES: number = 128 * 1024 * 1024;

export class ObjectSurvey implements Kernel<SurveyPartial> {
  readonly #finders: readonly { readonly places: CmacColumn; readonly found: FoundValues }[];
  readonly #program: SurveyProgram;

  constructor(program: SurveyProgram, masters: readonly Uint8Array[]) {
    this.#program = program;
    this.#finders = program.vaults.map(({ key, audience }) => {
      const master = masterOf(key, program.keys, masters, audience);
      if (master === null) throw new Error("internal: a map without a key");
      return { places: placeKey(master), found: new FoundValues() };
    });
  }

  /** Error: TOKEN_VAULT_SIZE. */
  add({ columns }: ColumnBatch): null {
    for (const [at, { columns: surveyed }] of this.#program.vaults.entries()) {
      for (const { column, canonical } of surveyed) {
        const vector = columns[column];
        if (vector === undefined) throw new Error("internal: a batch without a column of the program");
        const { texts, fates } = usedTexts(vector);
        const spelt = canonicalize(canonical, texts, fates);
        const finder = this.#finders[at];
        finder?.found.addRows(spelt, fates, wordsOf(finder.places.macs(spelt, fates)));
      }
    }
    return null;
  }

  finish(): SurveyPartial {
    return { values: this.#finders.map(({ found }) => found.list()) };
  }
}

/** A row each, or, of a vector of codes, a string each, those that no row has with the fate `null`. */
function usedTexts(vector: Vector): { readonly texts: TextColumn; readonly fates: Uint8Array } {
  const rows = fatesOf(vector);
  if (vector.layout !== "dictionary") return { texts: textsOf(vector, rows), fates: rows };
  const fates = new Uint8Array(vector.values.length).fill(FATE.null);
  for (let row = 0; row < rows.length; row++) {
    if (rows[row] === FATE.done) fates[vector.codes[row] ?? 0] = FATE.done;
  }
  return { texts: dictionaryTexts(vector.values), fates };
}

/** Distinct values, each found by its MAC. */
export class FoundValues {
  readonly #table = new MacTable();
  readonly #values: Uint8Array[] = [];
  #bytes = 0;

  get macs(): Uint32Array {
    return this.#table.shared.macs.slice(0, this.#table.size * TOKEN_WORDS);
  }

  get values(): readonly Uint8Array[] {
    return this.#values;
  }

  /** `macs`: four words a row. Error: TOKEN_VAULT_SIZE. */
  addRows({ rows, offsets, bytes }: TextColumn, fates: Uint8Array, macs: Uint32Array): void {
    for (let row = 0; row < rows; row++) {
      if (fates[row] === FATE.done) this.#add(macs, row, bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
    }
  }

  /** Error: TOKEN_VAULT_SIZE. */
  addList({ lengths, bytes, macs }: ValueList): void {
    let from = 0;
    for (const [at, length] of lengths.entries()) this.#add(macs, at, bytes, from, (from += length));
  }

  #add(macs: Uint32Array, at: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#table.add(macs, at * TOKEN_WORDS) < this.#values.length) return;
    this.#bytes += to - from;
    checkSize(this.#table.size, this.#bytes);
    this.#values.push(bytes.slice(from, to));
  }

  list(): ValueList {
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const value of this.#values) {
      bytes.set(value, at);
      at += value.length;
    }
    return { lengths: Int32Array.from(this.#values, ({ length }) => length), bytes, macs: this.macs };
  }
}

/** Error: TOKEN_VAULT_SIZE. */
export function checkSize(values: number, bytes: number): void {
  if (values > MOST_VALUES || bytes > MOST_BYTES) {
    throw new SealroomError("TOKEN_VAULT_SIZE", { values: MOST_VALUES, bytes: MOST_BYTES });
  }
}

/** What all objects have, each value once, for the maps to take in. */
export class SurveyMerge implements Merge<SurveyPartial> {
  /** By map, in the order in which the manifest's objects have them first. */
  readonly found: readonly FoundValues[];

  constructor({ vaults }: SurveyProgram) {
    this.found = vaults.map(() => new FoundValues());
  }

  /** Error: TOKEN_VAULT_SIZE. */
  add({ values }: SurveyPartial): void {
    for (const [at, list] of values.entries()) this.found[at]?.addList(list);
  }
}
