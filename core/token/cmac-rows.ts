// AES-CMAC over rows of equally many blocks at once. Each message is a text behind its length in four big-endian bytes,
// so that what is authenticated says where it ends.
import { BLOCK_BYTES } from "../crypto.ts";
import { addToRow, blockRows, chainRows, loadRow } from "./block-rows.ts";
import type { Cmac } from "./cmac.ts";

export const PREFIX_BYTES = 4;
const PADDING = 0x80;

/** How many blocks a text is with its length before it. */
export function prefixedBlocks(length: number): number {
  return Math.ceil((PREFIX_BYTES + length) / BLOCK_BYTES);
}

export class CmacRows {
  readonly #cmac: Cmac;

  constructor(cmac: Cmac) {
    this.#cmac = cmac;
  }

  /** 16 bytes a row, end to end, of texts that start at `from`; each is of `blocks` blocks with its length. */
  macs(texts: Uint8Array, from: Int32Array, lengths: Int32Array, blocks: number): Uint8Array {
    const rows = from.length;
    const messages = blockRows(rows, blocks);
    const last = (blocks - 1) * BLOCK_BYTES;
    const { whole, padded } = this.#cmac;
    for (let row = 0; row < rows; row++) {
      const length = lengths[row] ?? 0;
      loadRow(messages, row, texts, from[row] ?? 0, length, PREFIX_BYTES);
      setLength(messages.bytes, row * BLOCK_BYTES, length);
      const used = (PREFIX_BYTES + length) % BLOCK_BYTES;
      if (used !== 0) messages.bytes[((blocks - 1) * rows + row) * BLOCK_BYTES + used] = PADDING;
      addToRow(messages, row, last, used === 0 ? whole : padded);
    }
    chainRows(messages, this.#cmac.cipher);
    return messages.bytes.subarray(last * rows);
  }
}

function setLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
}
