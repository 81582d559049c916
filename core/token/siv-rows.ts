// AES-SIV over rows whose texts have equally many blocks at once; what is authenticated beside them is the same for all.
// Values of one length are not needed, only of one number of blocks.
import { BLOCK_BYTES } from "../crypto.ts";
import { addToRow, blockRows, chainRows, loadRow } from "./block-rows.ts";
import { doubled } from "./cmac.ts";
import { SIV_BYTES } from "./siv.ts";
import type { Siv } from "./siv.ts";

const PADDING = 0x80;

/** Where texts stand in a buffer, and where what comes of them goes. */
export interface SivPlaces {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of the texts, not of what is sealed. */
  readonly lengths: Int32Array;
}

export class SivRows {
  readonly #siv: Siv;
  /** What the components come to, for texts of a block and more, and for shorter ones. */
  readonly #start: Uint8Array;
  readonly #short: Uint8Array;

  constructor(siv: Siv, components: readonly Uint8Array[]) {
    this.#siv = siv;
    this.#start = siv.startOf(components);
    this.#short = doubled(this.#start);
  }

  /** Vector || ciphertext of each text, of which `blocks` is the number of blocks, at least one. */
  seal(texts: Uint8Array, { from, to, lengths }: SivPlaces, blocks: number, into: Uint8Array): void {
    const rows = from.length;
    const vectors = this.#vectors(texts, from, lengths, blocks);
    const stream = this.#streams(vectors, rows, blocks);
    for (let row = 0; row < rows; row++) {
      const [begin = 0, place = 0] = [from[row], to[row]];
      for (let at = 0; at < SIV_BYTES; at++) into[place + at] = vectors[row * SIV_BYTES + at] ?? 0;
      const length = lengths[row] ?? 0;
      for (let at = 0; at < length; at++) {
        const key = stream[((at >>> 4) * rows + row) * BLOCK_BYTES + (at & 15)] ?? 0;
        into[place + SIV_BYTES + at] = (texts[begin + at] ?? 0) ^ key;
      }
    }
  }

  /** The texts of what was sealed; sets a row's mark to 1 where it was not, and zeros its place. */
  open(
    sealed: Uint8Array,
    { from, to, lengths }: SivPlaces,
    blocks: number,
    into: Uint8Array,
    forged: Uint8Array,
  ): void {
    const rows = from.length;
    const given = new Uint8Array(rows * SIV_BYTES);
    for (let row = 0; row < rows; row++) {
      const begin = from[row] ?? 0;
      given.set(sealed.subarray(begin, begin + SIV_BYTES), row * SIV_BYTES);
    }
    const stream = this.#streams(given, rows, blocks);
    for (let row = 0; row < rows; row++) {
      const [begin = 0, place = 0] = [from[row], to[row]];
      const length = lengths[row] ?? 0;
      for (let at = 0; at < length; at++) {
        const key = stream[((at >>> 4) * rows + row) * BLOCK_BYTES + (at & 15)] ?? 0;
        into[place + at] = (sealed[begin + SIV_BYTES + at] ?? 0) ^ key;
      }
    }
    const vectors = this.#vectors(into, to, lengths, blocks);
    for (let row = 0; row < rows; row++) {
      let difference = 0;
      for (let at = row * SIV_BYTES; at < (row + 1) * SIV_BYTES; at++) {
        difference |= (vectors[at] ?? 0) ^ (given[at] ?? 0);
      }
      if (difference === 0) continue;
      forged[row] = 1;
      const place = to[row] ?? 0;
      into.fill(0, place, place + (lengths[row] ?? 0));
    }
  }

  /** S2V of each text, end to end. */
  #vectors(texts: Uint8Array, from: Int32Array, lengths: Int32Array, blocks: number): Uint8Array {
    const rows = from.length;
    const messages = blockRows(rows, blocks);
    const last = (blocks - 1) * BLOCK_BYTES;
    for (let row = 0; row < rows; row++) {
      const length = lengths[row] ?? 0;
      loadRow(messages, row, texts, from[row] ?? 0, length);
      const isShort = length < BLOCK_BYTES;
      if (isShort || length % BLOCK_BYTES !== 0) {
        messages.bytes[((blocks - 1) * rows + row) * BLOCK_BYTES + (length & 15)] = PADDING;
      }
      addToRow(messages, row, isShort ? 0 : length - BLOCK_BYTES, isShort ? this.#short : this.#start);
      const { whole, padded } = this.#siv.mac;
      addToRow(messages, row, last, isShort || length % BLOCK_BYTES === 0 ? whole : padded);
    }
    chainRows(messages, this.#siv.mac.cipher);
    return messages.bytes.subarray(last * rows);
  }

  /** CTR mode from each vector, in the layout of BlockRows. */
  #streams(vectors: Uint8Array, rows: number, blocks: number): Uint8Array {
    const { bytes } = blockRows(rows, blocks);
    for (let block = 0; block < blocks; block++) {
      bytes.set(vectors, block * rows * BLOCK_BYTES);
      for (let row = 0; row < rows; row++) {
        const place = (block * rows + row) * BLOCK_BYTES;
        bytes[place + 8] = (bytes[place + 8] ?? 0) & 0x7f;
        bytes[place + 12] = (bytes[place + 12] ?? 0) & 0x7f;
        if (block > 0) count(bytes, place + 12, block);
      }
    }
    this.#siv.cipher.encryptInto(bytes, bytes);
    return bytes;
  }
}

/** Adds to a big-endian word whose top bit is clear. */
function count(bytes: Uint8Array, place: number, add: number): void {
  let carry = add;
  for (let at = place + 3; at >= place && carry > 0; at--) {
    const sum = (bytes[at] ?? 0) + carry;
    bytes[at] = sum;
    carry = sum >>> 8;
  }
}
