// AES-CMAC over rows of equally many blocks at once. Each message is a text behind its length in four big-endian bytes,
// so that what is authenticated says where it ends.
import { BLOCK_BYTES } from "../crypto.ts";
import { BLOCK_WORDS, blockRows, chainRows, loadRow, swapped, viewOf, wordsOf } from "./block-rows.ts";
import type { BlockRows } from "./block-rows.ts";
import type { Cmac } from "./cmac.ts";

const PREFIX_BYTES = 4;
const PREFIX_WORDS = PREFIX_BYTES / 4;

/** How many blocks a text is with its length before it. */
export function prefixedBlocks(length: number): number {
  return Math.ceil((PREFIX_BYTES + length) / BLOCK_BYTES);
}

export class CmacRows {
  readonly #cmac: Cmac;
  readonly #whole: Uint32Array;
  readonly #padded: Uint32Array;
  #messages: BlockRows | undefined;

  constructor(cmac: Cmac) {
    this.#cmac = cmac;
    this.#whole = wordsOf(cmac.whole);
    this.#padded = wordsOf(cmac.padded);
  }

  /**
   * Four words a row, end to end, of texts that start at `from`; each is of `blocks` blocks with its length. Until the next
   * call.
   */
  macs(texts: Uint8Array, from: Int32Array, lengths: Int32Array, blocks: number): Uint32Array {
    const rows = from.length;
    const messages = blockRows(rows, blocks, this.#messages);
    this.#messages = messages;
    const { words } = messages;
    const view = viewOf(texts);
    const last = (blocks - 1) * rows * BLOCK_WORDS;
    for (let row = 0; row < rows; row++) {
      const length = lengths[row] ?? 0;
      loadRow(messages, row, view, from[row] ?? 0, length, PREFIX_WORDS);
      words[row * BLOCK_WORDS] = swapped(length);
      const isWhole = (PREFIX_BYTES + length) % BLOCK_BYTES === 0;
      addWords(words, last + row * BLOCK_WORDS, isWhole ? this.#whole : this.#padded);
    }
    chainRows(messages, this.#cmac.cipher);
    return words.subarray(last);
  }
}

/** Adds a block in GF(2). */
export function addWords(words: Uint32Array, at: number, block: Uint32Array): void {
  words[at] = (words[at] ?? 0) ^ (block[0] ?? 0);
  words[at + 1] = (words[at + 1] ?? 0) ^ (block[1] ?? 0);
  words[at + 2] = (words[at + 2] ?? 0) ^ (block[2] ?? 0);
  words[at + 3] = (words[at + 3] ?? 0) ^ (block[3] ?? 0);
}
