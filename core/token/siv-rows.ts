// AES-SIV over rows whose texts have equally many blocks at once; what is authenticated beside them is the same for all.
// Values of one length are not needed, only of one number of blocks.
import { BLOCK_BYTES } from "../crypto.ts";
import { BLOCK_WORDS, blockRows, chainRows, loadRow, swapped, viewOf, wordsOf } from "./block-rows.ts";
import type { BlockRows } from "./block-rows.ts";
import { addWords } from "./cmac-rows.ts";
import { doubled } from "./cmac.ts";
import { SIV_BYTES } from "./siv.ts";
import type { Siv } from "./siv.ts";

/** Clears the top bit of a big-endian word (§2.5): of its first byte. */
const COUNTER_MASK = 0xffffff7f;

/** Where texts stand in a buffer, and where what comes of them goes. */
export interface SivPlaces {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of the texts, not of what is sealed. */
  readonly lengths: Int32Array;
}

export class SivRows {
  readonly #siv: Siv;
  /** What the components come to, behind none to three zero bytes: for texts of a block and more. */
  readonly #starts: readonly Uint32Array[];
  /** The same, for shorter ones. */
  readonly #short: Uint32Array;
  readonly #whole: Uint32Array;
  readonly #padded: Uint32Array;
  #messages: BlockRows | undefined;
  #stream: BlockRows | undefined;

  constructor(siv: Siv, components: readonly Uint8Array[]) {
    const start = siv.startOf(components);
    this.#siv = siv;
    this.#starts = [0, 1, 2, 3].map((zeros) => {
      const bytes = new Uint8Array(BLOCK_BYTES + 4);
      bytes.set(start, zeros);
      return wordsOf(bytes);
    });
    this.#short = wordsOf(doubled(start));
    this.#whole = wordsOf(siv.mac.whole);
    this.#padded = wordsOf(siv.mac.padded);
  }

  /** Vector || ciphertext of each text, of which `blocks` is the number of blocks, at least one. */
  seal(texts: Uint8Array, { from, to, lengths }: SivPlaces, blocks: number, into: Uint8Array): void {
    const rows = from.length;
    const [source, target] = [viewOf(texts), viewOf(into)];
    const vectors = this.#vectors(source, from, lengths, blocks);
    const stream = this.#streams(vectors, rows, blocks);
    for (let row = 0; row < rows; row++) {
      const place = to[row] ?? 0;
      const vector = row * BLOCK_WORDS;
      for (let word = 0; word < BLOCK_WORDS; word++) {
        target.setUint32(place + 4 * word, vectors[vector + word] ?? 0, true);
      }
      addStream(stream, row, source, from[row] ?? 0, lengths[row] ?? 0, target, place + SIV_BYTES);
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
    const [source, target] = [viewOf(sealed), viewOf(into)];
    const given = new Uint32Array(rows * BLOCK_WORDS);
    for (let row = 0; row < rows; row++) {
      for (let word = 0; word < BLOCK_WORDS; word++) {
        given[row * BLOCK_WORDS + word] = source.getUint32((from[row] ?? 0) + 4 * word, true);
      }
    }
    const stream = this.#streams(given, rows, blocks);
    for (let row = 0; row < rows; row++) {
      addStream(stream, row, source, (from[row] ?? 0) + SIV_BYTES, lengths[row] ?? 0, target, to[row] ?? 0);
    }
    const vectors = this.#vectors(target, to, lengths, blocks);
    for (let row = 0; row < rows; row++) {
      let difference = 0;
      for (let at = row * BLOCK_WORDS; at < (row + 1) * BLOCK_WORDS; at++) {
        difference |= (vectors[at] ?? 0) ^ (given[at] ?? 0);
      }
      if (difference === 0) continue;
      forged[row] = 1;
      const place = to[row] ?? 0;
      into.fill(0, place, place + (lengths[row] ?? 0));
    }
  }

  /** S2V of each text, end to end. */
  #vectors(texts: DataView, from: Int32Array, lengths: Int32Array, blocks: number): Uint32Array {
    const rows = from.length;
    const messages = blockRows(rows, blocks, this.#messages);
    this.#messages = messages;
    const { words } = messages;
    const last = (blocks - 1) * rows * BLOCK_WORDS;
    for (let row = 0; row < rows; row++) {
      const length = lengths[row] ?? 0;
      loadRow(messages, row, texts, from[row] ?? 0, length, 0);
      const isShort = length < BLOCK_BYTES;
      if (isShort) addWords(words, row * BLOCK_WORDS, this.#short);
      else this.#addStart(messages, row, length - BLOCK_BYTES);
      const isWhole = isShort || length % BLOCK_BYTES === 0;
      addWords(words, last + row * BLOCK_WORDS, isWhole ? this.#whole : this.#padded);
    }
    chainRows(messages, this.#siv.mac.cipher);
    return words.subarray(last);
  }

  /** Adds the start to a row's message, from byte `at` on. */
  #addStart({ words, rows }: BlockRows, row: number, at: number): void {
    const start = this.#starts[at & 3] ?? this.#short;
    const count = (at & 3) === 0 ? BLOCK_WORDS : BLOCK_WORDS + 1;
    for (let word = at >>> 2, used = 0; used < count; word++, used++) {
      const place = ((word >>> 2) * rows + row) * BLOCK_WORDS + (word & 3);
      words[place] = (words[place] ?? 0) ^ (start[used] ?? 0);
    }
  }

  /** CTR mode from each vector. */
  #streams(vectors: Uint32Array, rows: number, blocks: number): BlockRows {
    const stream = blockRows(rows, blocks, this.#stream);
    this.#stream = stream;
    const { words, bytes } = stream;
    const step = rows * BLOCK_WORDS;
    for (let at = 0; at < step; at += BLOCK_WORDS) {
      const counter = swapped((vectors[at + 3] ?? 0) & COUNTER_MASK);
      for (let block = 0, place = at; block < blocks; block++, place += step) {
        words[place] = vectors[at] ?? 0;
        words[place + 1] = vectors[at + 1] ?? 0;
        words[place + 2] = (vectors[at + 2] ?? 0) & COUNTER_MASK;
        // With its top bit cleared, it does not overflow below 2^31 blocks.
        words[place + 3] = block === 0 ? (vectors[at + 3] ?? 0) & COUNTER_MASK : swapped(counter + block);
      }
    }
    this.#siv.cipher.encryptInto(bytes, bytes);
    return stream;
  }
}

/** Adds a row's stream to a text, which may not overlap where it goes. */
function addStream(
  { words, bytes, rows }: BlockRows,
  row: number,
  text: DataView,
  start: number,
  length: number,
  into: DataView,
  to: number,
): void {
  const next = rows * BLOCK_WORDS - BLOCK_WORDS + 1;
  let place = row * BLOCK_WORDS;
  let at = 0;
  for (const whole = length & ~3; at < whole;) {
    into.setUint32(to + at, text.getUint32(start + at, true) ^ (words[place] ?? 0), true);
    at += 4;
    place += (at & 15) === 0 ? next : 1;
  }
  for (let byte = 4 * place; at < length; at++, byte++) {
    into.setUint8(to + at, text.getUint8(start + at) ^ (bytes[byte] ?? 0));
  }
}
