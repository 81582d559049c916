// AES-256-CMAC over a column of texts, each behind its length: 16 bytes a row.
import { BLOCK_BYTES } from "../../core/crypto.ts";
import { viewOf } from "../../core/token/block-rows.ts";
import { Cmac } from "../../core/token/cmac.ts";
import { CmacRows, prefixedBlocks } from "../../core/token/cmac-rows.ts";
import { deriveTokenKey, SUITE } from "../../core/token/keys.ts";
import type { KeyUse, TokenMaster } from "../../core/token/keys.ts";
import type { ByteText } from "./byte-text.ts";
import { groupRows, NO_GROUP } from "./row-groups.ts";
import { batches } from "./siv-column.ts";
import { columnOf, FATE, lengthsOf } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

const KEY_BYTES = 32;
const MAC_WORDS = BLOCK_BYTES / 4;
export const MAX_HASHED_TEXT = 65_536;

export class CmacColumn {
  readonly #rows: CmacRows;

  /** Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(master: TokenMaster, use: Omit<KeyUse, "suite">) {
    this.#rows = new CmacRows(new Cmac(deriveTokenKey(master, { ...use, suite: SUITE.cmac }, KEY_BYTES)));
  }

  /** 16 bytes a row, end to end; zeros for rows that are not `done`. Fate: `length` above 65,536 bytes. */
  macs(column: TextColumn, fates: Uint8Array): Uint8Array {
    const lengths = lengthsOf(column, fates);
    const blocks = new Uint16Array(column.rows).fill(NO_GROUP);
    for (let row = 0; row < column.rows; row++) {
      if (fates[row] !== FATE.done) continue;
      const length = lengths[row] ?? 0;
      if (length > MAX_HASHED_TEXT) fates[row] = FATE.length;
      else blocks[row] = prefixedBlocks(length);
    }
    const macs = new Uint32Array(column.rows * MAC_WORDS);
    for (const [count, rows] of groupRows(blocks)) {
      for (const batch of batches(rows, count)) {
        const from = batch.map((row) => column.offsets[row] ?? 0);
        const sizes = batch.map((row) => lengths[row] ?? 0);
        const found = this.#rows.macs(column.bytes, from, sizes, count);
        for (let at = 0; at < batch.length; at++) {
          const [place, to] = [at * MAC_WORDS, (batch[at] ?? 0) * MAC_WORDS];
          for (let word = 0; word < MAC_WORDS; word++) macs[to + word] = found[place + word] ?? 0;
        }
      }
    }
    return new Uint8Array(macs.buffer);
  }

  /** The MACs as text. */
  tokens(column: TextColumn, fates: Uint8Array, spelling: ByteText): TextColumn {
    return spellMacs(this.macs(column, fates), fates, spelling);
  }
}

/** 16 bytes a row as text, for rows that are `done`. */
export function spellMacs(macs: Uint8Array, fates: Uint8Array, spelling: ByteText): TextColumn {
  const rows = macs.length / BLOCK_BYTES;
  const lengths = new Int32Array(rows);
  const size = spelling.charactersOf(BLOCK_BYTES);
  for (let row = 0; row < rows; row++) lengths[row] = fates[row] === FATE.done ? size : 0;
  const tokens = columnOf(lengths);
  const view = viewOf(tokens.bytes);
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    spelling.encode(macs, row * BLOCK_BYTES, BLOCK_BYTES, view, tokens.offsets[row] ?? 0);
  }
  return tokens;
}
