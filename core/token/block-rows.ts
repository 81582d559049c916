// Messages side by side, all of equally many blocks: the first block of every row, then the second of every row, and so
// on, so that each step of a chain is one call of the cipher for all rows. In words, as a little-endian machine has them.
import { BLOCK_BYTES } from "../crypto.ts";
import type { BlockCipher } from "../crypto.ts";

export const BLOCK_WORDS: number = BLOCK_BYTES / 4;
const PADDING = 0x80;

export interface BlockRows {
  readonly rows: number;
  readonly blocks: number;
  /** Over the same memory. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/** Those given, where they have the same shape: they are filled again. */
export function blockRows(rows: number, blocks: number, used?: BlockRows): BlockRows {
  if (used?.rows === rows && used.blocks === blocks) return used;
  const words = new Uint32Array(rows * blocks * BLOCK_WORDS);
  return { rows, blocks, words, bytes: new Uint8Array(words.buffer) };
}

/**
 * Puts a row's text down from word `lead` of its message on, at most 3; where that does not fill the blocks, a one bit
 * and zeros behind it.
 */
export function loadRow(
  { words, rows, blocks }: BlockRows,
  row: number,
  texts: DataView,
  start: number,
  length: number,
  lead: number,
): void {
  const next = rows * BLOCK_WORDS - BLOCK_WORDS + 1;
  const end = blocks * BLOCK_WORDS;
  let place = row * BLOCK_WORDS + lead;
  let word = lead;
  let at = start;
  for (const whole = start + (length & ~3); at < whole; at += 4) {
    words[place] = texts.getUint32(at, true);
    word++;
    place += (word & 3) === 0 ? next : 1;
  }
  if (word === end) return;
  let last = PADDING;
  for (let rest = start + length - 1; rest >= at; rest--) last = (last << 8) | texts.getUint8(rest);
  words[place] = last;
  for (word++; word < end; word++) {
    place += (word & 3) === 0 ? next : 1;
    words[place] = 0;
  }
}

/** The CBC-MAC of every row, in the last block of each; the blocks before it are used up. */
export function chainRows({ words, bytes, rows }: BlockRows, cipher: BlockCipher): void {
  const step = rows * BLOCK_WORDS;
  for (let start = 0; start < words.length; start += step) {
    if (start > 0) {
      for (let at = start; at < start + step; at++) words[at] = (words[at] ?? 0) ^ (words[at - step] ?? 0);
    }
    const block = bytes.subarray(start * 4, (start + step) * 4);
    cipher.encryptInto(block, block);
  }
}

/** 16 bytes as words. */
export function wordsOf(block: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(block).buffer);
}

/** Between big-endian bytes and a little-endian machine's word. */
export function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
