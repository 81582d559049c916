// A column of codes: each string that a row has is tokenized once for all rows of an object, and no other string of the
// dictionary is looked at, or goes on. Tokens lie in the order in which rows first have them: in their values' order they
// would tell how those compare.
import type { DictionaryVector, Vector } from "../../core/column/vector.ts";
import { dictionaryTexts } from "./cells.ts";
import { FATE, textAt } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

/** Tokens of texts; rows whose fate is not `done` are left alone. */
export type MakeTokens = (texts: TextColumn, fates: Uint8Array) => TextColumn;

const UNSEEN = 0xff;

export class CodedColumn {
  /** The dictionary as it was read: the same array for all batches of an object. */
  readonly values: readonly string[];
  readonly #make: MakeTokens;
  /** What stands for values that have no token; null where nothing does. */
  readonly #redacted: string | null;
  /** By old code. */
  readonly #fates: Uint8Array;
  readonly #codes: Int32Array;
  /** By new code; grows until the object's end. Values with one canonical form have one token. */
  readonly #tokens: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(values: readonly string[], make: MakeTokens, redacted: string | null) {
    this.values = values;
    this.#make = make;
    this.#redacted = redacted;
    this.#fates = new Uint8Array(values.length).fill(UNSEEN);
    this.#codes = new Int32Array(values.length);
  }

  /** `nulls`: the vector's own fates, which are changed and returned. */
  fatesOf({ codes }: DictionaryVector, nulls: Uint8Array): Uint8Array {
    let isKnown = true;
    for (let row = 0; row < codes.length; row++) {
      if (nulls[row] === FATE.done && this.#fates[codes[row] ?? 0] === UNSEEN) isKnown = false;
    }
    if (!isKnown) this.#see(codes, nulls);
    for (let row = 0; row < codes.length; row++) {
      if (nulls[row] === FATE.done) nulls[row] = this.#fates[codes[row] ?? 0] ?? FATE.form;
    }
    return nulls;
  }

  #see(codes: DictionaryVector["codes"], nulls: Uint8Array): void {
    const fates = new Uint8Array(this.values.length).fill(FATE.null);
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] ?? 0;
      if (nulls[row] === FATE.done && this.#fates[code] === UNSEEN) fates[code] = FATE.done;
    }
    const given = this.#make(dictionaryTexts(this.values), fates);
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row] ?? 0;
      if (nulls[row] !== FATE.done || this.#fates[code] !== UNSEEN) continue;
      const fate = fates[code] ?? FATE.form;
      this.#fates[code] = fate;
      const token = fate === FATE.done ? tokenAt(given, code) : this.#redacted;
      if (token !== null) this.#codes[code] = this.#placeOf(token);
    }
  }

  #placeOf(token: string): number {
    const known = this.#places.get(token);
    if (known !== undefined) return known;
    const place = this.#tokens.push(token) - 1;
    this.#places.set(token, place);
    return place;
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
  return textAt(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
}
