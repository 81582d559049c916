// Messages side by side, all of equally many blocks: the first block of every row, then the second of every row, and so
// on, so that each step of a chain is one call of the cipher for all rows.
import { BLOCK_BYTES } from "../crypto.ts";
import type { BlockCipher } from "../crypto.ts";

const WORDS = BLOCK_BYTES / 4;

export interface BlockRows {
  readonly rows: number;
  readonly blocks: number;
  /** Over the same memory. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

export function blockRows(rows: number, blocks: number): BlockRows {
  const words = new Uint32Array(rows * blocks * WORDS);
  return { rows, blocks, words, bytes: new Uint8Array(words.buffer) };
}

/** Puts a row's text down from byte `lead` of its message on, with zeros behind it. */
export function loadRow(
  { bytes, rows, blocks }: BlockRows,
  row: number,
  from: Uint8Array,
  start: number,
  length: number,
  lead = 0,
): void {
  for (let block = 0; block < blocks; block++) {
    const to = (block * rows + row) * BLOCK_BYTES;
    const first = block === 0 ? lead : 0;
    const begin = start + block * BLOCK_BYTES - lead;
    const used = Math.min(BLOCK_BYTES, Math.max(0, lead + length - block * BLOCK_BYTES));
    for (let at = first; at < used; at++) bytes[to + at] = from[begin + at] ?? 0;
    for (let at = used; at < BLOCK_BYTES; at++) bytes[to + at] = 0;
  }
}

/** Adds 16 bytes in GF(2) to a row's message, from byte `start` on. */
export function addToRow({ bytes, rows }: BlockRows, row: number, start: number, block: Uint8Array): void {
  for (let at = start; at < start + BLOCK_BYTES; at++) {
    const place = ((at >>> 4) * rows + row) * BLOCK_BYTES + (at & 15);
    bytes[place] = (bytes[place] ?? 0) ^ (block[at - start] ?? 0);
  }
}

/** The CBC-MAC of every row, in the last block of each; the blocks before it are used up. */
export function chainRows({ words, bytes, rows }: BlockRows, cipher: BlockCipher): void {
  const step = rows * WORDS;
  for (let start = 0; start < words.length; start += step) {
    if (start > 0) {
      for (let at = start; at < start + step; at++) words[at] = (words[at] ?? 0) ^ (words[at - step] ?? 0);
    }
    const block = bytes.subarray(start * 4, (start + step) * 4);
    cipher.encryptInto(block, block);
  }
}
