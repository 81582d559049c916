// The map of a domain's random tokens: what was assigned before stays, what is new is assigned at random. It is sealed
// before any of its tokens is used, so that no copy has a token that no map explains.
import { randomBytes } from "../../core/crypto.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ArrowField } from "../../core/column/schema.ts";
import type { ColumnBatch, Vector } from "../../core/column/vector.ts";
import { BATCH_ROWS } from "../../core/column/type.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import type { OutputBatch } from "../kernel.ts";
import { BASE32 } from "./byte-text.ts";
import { spellMacs } from "./cmac-column.ts";
import type { CmacColumn } from "./cmac-column.ts";
import { fatesOf, textsOf } from "./cells.ts";
import { MacTable } from "./mac-table.ts";
import { placeKey, TOKEN_WORDS, wordsOf } from "./operators/random.ts";
import type { SharedTokens, SharedValues } from "./operators/random.ts";
import { checkSize } from "./survey.ts";
import type { FoundValues } from "./survey.ts";
import { columnOf, FATE } from "./text-column.ts";

/** Of the sealed map. */
export const VAULT_SCHEMA = [
  { name: "value", type: "utf8" },
  { name: "token", type: "utf8" },
] as const;
const UTF8 = { kind: "utf8" } as const;
const FIELDS: readonly ArrowField[] = VAULT_SCHEMA.map(({ name }) => ({
  name,
  type: UTF8,
  dictionary: null,
}));
const TOKEN_BYTES = 4 * TOKEN_WORDS;

export class Vault {
  readonly #places: CmacColumn;
  readonly #table = new MacTable();
  readonly #values: Uint8Array[] = [];
  #bytes = 0;
  #tokens: Uint32Array = new Uint32Array(new SharedArrayBuffer(4096));

  /** Empty. Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(master: TokenMaster) {
    this.#places = placeKey(master);
  }

  get size(): number {
    return this.#table.size;
  }

  /** What a sealed map has, batch by batch. Errors: TOKEN_VAULT where a value stands twice, or a token is none. */
  restore({ columns }: ColumnBatch): void {
    const [values, tokens] = columns;
    if (values === undefined || tokens === undefined) throw new Error("internal: a map without its columns");
    const fates = fatesOf(values);
    const texts = textsOf(values, fates);
    const spelt = textsOf(tokens, fatesOf(tokens));
    const macs = wordsOf(this.#places.macs(texts, fates));
    const token = new Uint8Array(TOKEN_BYTES);
    for (let row = 0; row < texts.rows; row++) {
      const [from, to] = [spelt.offsets[row] ?? 0, spelt.offsets[row + 1] ?? 0];
      const isToken =
        BASE32.bytesOf(to - from) === TOKEN_BYTES && BASE32.decode(spelt.bytes, from, to - from, token, 0);
      const place = this.#table.add(macs, row * TOKEN_WORDS);
      if (fates[row] !== FATE.done || !isToken || place < this.#values.length) {
        throw new SealroomError("TOKEN_VAULT", { fault: "malformed" });
      }
      this.#keep(texts.bytes.slice(texts.offsets[row], texts.offsets[row + 1]), place, token);
    }
  }

  /** Assigns tokens to what has none. Error: TOKEN_VAULT_SIZE. */
  assign({ values, macs }: Pick<FoundValues, "values" | "macs">): void {
    for (const [index, value] of values.entries()) {
      const place = this.#table.add(macs, index * TOKEN_WORDS);
      if (place === this.#values.length) this.#keep(value, place, randomBytes(TOKEN_BYTES));
    }
  }

  #keep(value: Uint8Array, place: number, token: Uint8Array): void {
    this.#bytes += value.length;
    checkSize(this.#table.size, this.#bytes);
    this.#values.push(value);
    if ((place + 1) * TOKEN_WORDS > this.#tokens.length) {
      const longer = new Uint32Array(new SharedArrayBuffer(2 * this.#tokens.byteLength));
      longer.set(this.#tokens);
      this.#tokens = longer;
    }
    new Uint8Array(this.#tokens.buffer).set(token, place * TOKEN_BYTES);
  }

  /** For threads to look tokens up. */
  get shared(): SharedTokens {
    return { ...this.#table.shared, tokens: this.#tokens };
  }

  /** For threads to look values up. */
  get values(): SharedValues {
    const byToken = new MacTable();
    const offsets = new Int32Array(new SharedArrayBuffer(4 * (this.size + 1)));
    const bytes = new Uint8Array(new SharedArrayBuffer(this.#bytes));
    for (const [place, value] of this.#values.entries()) {
      // A token that two values have would reveal to either.
      if (byToken.add(this.#tokens, place * TOKEN_WORDS) !== place) {
        throw new SealroomError("TOKEN_VAULT", { fault: "malformed" });
      }
      const at = offsets[place] ?? 0;
      bytes.set(value, at);
      offsets[place + 1] = at + value.length;
    }
    return { ...byToken.shared, offsets, bytes };
  }

  /** The whole map, as it is sealed. */
  *batches(): Generator<OutputBatch, void> {
    for (let start = 0; start < this.size; start += BATCH_ROWS) {
      const values = this.#values.slice(start, start + BATCH_ROWS);
      const rows = values.length;
      const texts = columnOf(Int32Array.from(values, ({ length }) => length));
      for (const [row, value] of values.entries()) texts.bytes.set(value, texts.offsets[row]);
      const from = start * TOKEN_WORDS;
      const words = this.#tokens.slice(from, from + rows * TOKEN_WORDS);
      const fates = new Uint8Array(rows);
      const tokens = spellMacs(
        new Uint8Array(words.buffer, words.byteOffset, words.byteLength),
        fates,
        BASE32,
      );
      const vectors = [texts, tokens].map(({ offsets, bytes }): Vector => ({
        type: UTF8,
        rows,
        validity: null,
        layout: "utf8",
        offsets,
        bytes,
      }));
      yield { rows, fields: FIELDS, vectors };
    }
  }
}
