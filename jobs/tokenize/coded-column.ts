// A column of codes whose dictionary is tokenized once for all rows of an object. The tokens' order is their own: in
// their values' order they would tell how those compare.
import type { DictionaryVector, Vector } from "../../core/column/vector.ts";
import { FATE } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

export class CodedColumn {
  /** The dictionary as it was read: the same array for all batches of an object. */
  readonly values: readonly string[];
  readonly #fates: Uint8Array;
  /** By old code; 0 where there is no token. */
  readonly #codes: Int32Array;
  readonly #tokens: readonly string[];

  /** `redacted`: what stands for values that have no token; null where nothing does. */
  constructor(values: readonly string[], given: TextColumn, fates: Uint8Array, redacted: string | null) {
    this.values = values;
    this.#fates = fates;
    const tokens = values.map((_, code) => (fates[code] === FATE.done ? tokenAt(given, code) : redacted));
    // Values with one canonical form have one token.
    this.#tokens = [...new Set(tokens.flatMap((token) => token ?? []))].sort(byCodeUnits);
    const codes = new Map(this.#tokens.map((token, code) => [token, code]));
    this.#codes = Int32Array.from(tokens, (token) => (token === null ? 0 : (codes.get(token) ?? 0)));
  }

  /** `nulls`: the vector's own fates, which are changed and returned. */
  fatesOf({ codes }: DictionaryVector, nulls: Uint8Array): Uint8Array {
    for (let row = 0; row < codes.length; row++) {
      if (nulls[row] === FATE.done) nulls[row] = this.#fates[codes[row] ?? 0] ?? FATE.form;
    }
    return nulls;
  }

  /** `validity`: null where it is the vector's own. */
  convert(vector: DictionaryVector, validity: Uint8Array | null): Vector {
    const codes = vector.codes.slice();
    for (let row = 0; row < codes.length; row++) codes[row] = this.#codes[codes[row] ?? 0] ?? 0;
    return {
      type: vector.type,
      rows: vector.rows,
      validity: validity ?? vector.validity,
      layout: "dictionary",
      codes,
      values: this.#tokens,
    };
  }
}

function tokenAt({ offsets, bytes }: TextColumn, row: number): string {
  return new TextDecoder().decode(bytes.subarray(offsets[row], offsets[row + 1]));
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
