// AES-SIV over a column of texts. A token is text of: header (suite, then the key version in two big-endian bytes;
// authenticated) || vector || ciphertext.
import { BLOCK_BYTES } from "../../core/crypto.ts";
import { viewOf } from "../../core/token/block-rows.ts";
import { deriveTokenKey, SUITE } from "../../core/token/keys.ts";
import type { KeyUse, TokenMaster } from "../../core/token/keys.ts";
import { Siv, SIV_BYTES } from "../../core/token/siv.ts";
import { SivRows } from "../../core/token/siv-rows.ts";
import type { ByteText } from "./byte-text.ts";
import { groupRows, NO_GROUP } from "./row-groups.ts";
import { columnOf, FATE, lengthsOf, squeezed } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

const BATCH_BYTES = 32 * 1024;
const BATCH_ROWS = 4096;
const HEADER_BYTES = 3;
const KEY_BYTES = 64;
const BEFORE = HEADER_BYTES + SIV_BYTES;
export const MAX_SIV_TEXT = 65_536;

export class SivColumn {
  readonly #rows: SivRows;
  readonly #header: Uint8Array;
  readonly #spelling: ByteText;
  #binary: Uint8Array = new Uint8Array(0);

  /** Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(master: TokenMaster, use: Omit<KeyUse, "suite">, spelling: ByteText) {
    const suite = SUITE.siv;
    this.#header = Uint8Array.of(suite, master.version >>> 8, master.version);
    const key = deriveTokenKey(master, { ...use, suite }, KEY_BYTES);
    this.#rows = new SivRows(new Siv(key), [this.#header]);
    this.#spelling = spelling;
  }

  /** Fate: `length` above 65,536 bytes. */
  seal(column: TextColumn, fates: Uint8Array): TextColumn {
    const lengths = lengthsOf(column, fates);
    const sizes = new Int32Array(column.rows);
    const blocks = new Uint16Array(column.rows).fill(NO_GROUP);
    for (let row = 0; row < column.rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const length = lengths[row] ?? 0;
      if (length > MAX_SIV_TEXT) fates[row] = FATE.length;
      else {
        blocks[row] = blocksOf(length);
        sizes[row] = this.#spelling.charactersOf(BEFORE + length);
      }
    }
    const tokens = columnOf(sizes);
    for (const [count, rows] of groupRows(blocks)) {
      for (const batch of batches(rows, count)) this.#sealBatch(column, lengths, batch, count, tokens);
    }
    return tokens;
  }

  #sealBatch(
    column: TextColumn,
    lengths: Int32Array,
    rows: Int32Array,
    blocks: number,
    tokens: TextColumn,
  ): void {
    const places = makePlaces(rows.length);
    const stride = BEFORE + blocks * BLOCK_BYTES;
    const binary = this.#roomFor(rows.length * stride);
    const [h0 = 0, h1 = 0, h2 = 0] = this.#header;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      places.from[at] = column.offsets[row] ?? 0;
      places.lengths[at] = lengths[row] ?? 0;
      places.to[at] = at * stride + HEADER_BYTES;
      binary[at * stride] = h0;
      binary[at * stride + 1] = h1;
      binary[at * stride + 2] = h2;
    }
    this.#rows.seal(column.bytes, places, blocks, binary);
    const view = viewOf(tokens.bytes);
    for (let at = 0; at < rows.length; at++) {
      const size = BEFORE + (places.lengths[at] ?? 0);
      this.#spelling.encode(binary, at * stride, size, view, tokens.offsets[rows[at] ?? 0] ?? 0);
    }
  }

  /** Used again and again: what lies there is written over before it is read. */
  #roomFor(bytes: number): Uint8Array {
    if (this.#binary.length < bytes) this.#binary = new Uint8Array(bytes);
    return this.#binary;
  }

  /** Fates: `form` for what is no token, `version` for one of another key version, `forged`. */
  open(tokens: TextColumn, fates: Uint8Array): TextColumn {
    const sizes = lengthsOf(tokens, fates);
    const lengths = new Int32Array(tokens.rows);
    const blocks = new Uint16Array(tokens.rows).fill(NO_GROUP);
    const binary = columnOf(sizes.map((size) => this.#spelling.bytesOf(size) ?? 0));
    for (let row = 0; row < tokens.rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const length = (this.#spelling.bytesOf(sizes[row] ?? 0) ?? 0) - BEFORE;
      fates[row] = this.#decode(tokens, row, length, binary);
      if (fates[row] !== FATE.done) continue;
      lengths[row] = length;
      blocks[row] = blocksOf(length);
    }
    const texts = columnOf(lengths);
    for (const [count, rows] of groupRows(blocks)) {
      for (const batch of batches(rows, count)) this.#openBatch(binary, fates, batch, count, texts);
    }
    return squeezed(texts, fates);
  }

  #decode({ offsets, bytes }: TextColumn, row: number, length: number, binary: TextColumn): number {
    const [from, to, place] = [offsets[row] ?? 0, offsets[row + 1] ?? 0, binary.offsets[row] ?? 0];
    if (length < 0 || length > MAX_SIV_TEXT) return FATE.form;
    if (!this.#spelling.decode(bytes, from, to - from, binary.bytes, place)) return FATE.form;
    if (binary.bytes[place] !== this.#header[0]) return FATE.form;
    const isOurs = binary.bytes[place + 1] === this.#header[1] && binary.bytes[place + 2] === this.#header[2];
    return isOurs ? FATE.done : FATE.version;
  }

  #openBatch(
    binary: TextColumn,
    fates: Uint8Array,
    rows: Int32Array,
    blocks: number,
    texts: TextColumn,
  ): void {
    const places = makePlaces(rows.length);
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] ?? 0;
      places.from[at] = (binary.offsets[row] ?? 0) + HEADER_BYTES;
      places.to[at] = texts.offsets[row] ?? 0;
      places.lengths[at] = (texts.offsets[row + 1] ?? 0) - (texts.offsets[row] ?? 0);
    }
    const forged = new Uint8Array(rows.length);
    this.#rows.open(binary.bytes, places, blocks, texts.bytes, forged);
    for (let at = 0; at < rows.length; at++) if (forged[at] !== 0) fates[rows[at] ?? 0] = FATE.forged;
  }
}

function blocksOf(length: number): number {
  return Math.max(1, Math.ceil(length / BLOCK_BYTES));
}

/** So many rows at once that their blocks stay in the cache. */
export function* batches(rows: Int32Array, blocks: number): Generator<Int32Array> {
  const size = Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / (blocks * BLOCK_BYTES))));
  for (let start = 0; start < rows.length; start += size) yield rows.subarray(start, start + size);
}

function makePlaces(rows: number) {
  return { from: new Int32Array(rows), to: new Int32Array(rows), lengths: new Int32Array(rows) };
}
