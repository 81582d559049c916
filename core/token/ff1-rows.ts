// FF1 over rows of one length at once: ten AES blocks a row, each round of all rows in one call of the cipher, and halves
// as doubles. For lengths whose halves stay below 2^34 (radix 10 up to 20 digits); others are ff1.ts's.
import { BLOCK_BYTES, BlockCipher } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { swapped } from "./block-rows.ts";
import { addTo } from "./cmac.ts";
import { ff1Form } from "./ff1.ts";
import type { Ff1Form } from "./ff1.ts";

/** Six products of 16 bits and a half are exact in a double up to here. */
const MAX_HALF = 2 ** 34;
const ROUNDS = 10;
const WORDS = BLOCK_BYTES / 4;
const HIGH = 2 ** 32;
const NO_START = new Uint32Array(WORDS);

/** Whether rows of this radix and length can go through Ff1Rows; the domain is not checked. */
export function fitsRows(radix: number, length: number): boolean {
  return radix ** Math.ceil(length / 2) <= MAX_HALF;
}

/**
 * One tweak for all rows, or, where it is as long, one of its own for each (`starts`). Halves are numbers below radix^left
 * and radix^right.
 */
export class Ff1Rows {
  readonly form: Ff1Form;
  readonly #cipher: BlockCipher;
  readonly #radix: number;
  readonly #capacity: number;
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  /** What stands in the last block of a round but for round and half, after the blocks before it. */
  readonly #start: Uint32Array;
  /** The same before anything of a tweak. */
  readonly #headed: Uint32Array;
  readonly #tweakBytes: number;

  /** At most `capacity` rows at once. Errors: TOKEN_KEY, TOKEN_DOMAIN, TOKEN_TWEAK. */
  constructor(key: Uint8Array, radix: number, length: number, tweak: Uint8Array, capacity: number) {
    if (![16, 24, 32].includes(key.length)) throw new SealroomError("TOKEN_KEY", { bytes: key.length });
    if (!fitsRows(radix, length)) throw new TypeError("too long for rows");
    this.form = ff1Form(radix, length, tweak.length);
    this.#cipher = new BlockCipher(key);
    this.#radix = radix;
    this.#capacity = capacity;
    this.#words = new Uint32Array(capacity * WORDS);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#start = startOf(this.#cipher, this.form, tweak);
    this.#headed = startOf(this.#cipher, this.form, new Uint8Array(0));
    this.#tweakBytes = tweak.length;
  }

  /** Of tweaks of one length, end to end, that fit into one block with a half: what encrypt and decrypt take. */
  startsOf(tweaks: Uint8Array, rows: number): Uint32Array {
    const { halfBytes } = this.form;
    const length = tweaks.length / rows;
    if (length !== this.#tweakBytes || length + 1 + halfBytes > BLOCK_BYTES) {
      throw new TypeError("tweaks of another length, or too long ones");
    }
    const starts = new Uint32Array(rows * WORDS);
    const bytes = new Uint8Array(starts.buffer);
    for (let row = 0; row < rows; row++) {
      for (let word = 0; word < WORDS; word++) starts[row * WORDS + word] = this.#headed[word] ?? 0;
      for (let at = 0; at < length; at++) {
        const place = row * BLOCK_BYTES + at;
        bytes[place] = (bytes[place] ?? 0) ^ (tweaks[row * length + at] ?? 0);
      }
    }
    return starts;
  }

  /** In place. */
  encrypt(left: Float64Array, right: Float64Array, rows: number, starts?: Uint32Array): void {
    this.#checkRoom(rows);
    let [a, b] = [left, right];
    this.#fill(b, rows, 0, starts);
    for (let round = 0; round < ROUNDS; round++) {
      this.#turn(a, rows, round, 1);
      [a, b] = [b, a];
      if (round + 1 < ROUNDS) this.#fill(b, rows, round + 1, starts);
    }
  }

  /** In place. */
  decrypt(left: Float64Array, right: Float64Array, rows: number, starts?: Uint32Array): void {
    this.#checkRoom(rows);
    let [a, b] = [left, right];
    this.#fill(a, rows, ROUNDS - 1, starts);
    for (let round = ROUNDS - 1; round >= 0; round--) {
      this.#turn(b, rows, round, -1);
      [a, b] = [b, a];
      if (round > 0) this.#fill(a, rows, round - 1, starts);
    }
  }

  #checkRoom(rows: number): void {
    if (rows > this.#capacity) throw new RangeError("more rows than there is room for");
  }

  /** The last block of every row: the round's number and a half in big-endian bytes at its end. */
  #fill(half: Float64Array, rows: number, round: number, starts: Uint32Array | undefined): void {
    const words = this.#words;
    const first = starts === undefined ? this.#start : NO_START;
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = withRound(first, round, this.form.halfBytes);
    // A half of up to four bytes lies in the last word; of a fifth, the byte before it is the third word's last.
    for (let row = 0, at = 0; row < rows; row++, at += WORDS) {
      const value = half[row] ?? 0;
      const low = value >>> 0;
      const high = (value - low) / HIGH;
      words[at] = s0;
      words[at + 1] = s1;
      words[at + 2] = s2 ^ (high << 24);
      words[at + 3] = s3 ^ swapped(low);
    }
    if (starts === undefined) return;
    for (let at = 0; at < rows * WORDS; at++) words[at] = (words[at] ?? 0) ^ (starts[at] ?? 0);
  }

  /** Encrypts the blocks, and adds what each row draws to a half, or takes it away. */
  #turn(half: Float64Array, rows: number, round: number, sign: 1 | -1): void {
    const used = this.#bytes.subarray(0, rows * BLOCK_BYTES);
    this.#cipher.encryptInto(used, used);
    const modulus = this.#radix ** (round % 2 === 0 ? this.form.left : this.form.right);
    addDrawn(this.#words, half, rows, modulus, this.form.drawnBytes, sign);
  }
}

/** Adds what each row drew (8 or 12 bytes, big-endian), modulo a number, without a division or a guess that fails. */
function addDrawn(
  words: Uint32Array,
  half: Float64Array,
  rows: number,
  modulus: number,
  drawnBytes: number,
  sign: 1 | -1,
): void {
  // Of the 16-bit pieces in the order of the bytes; for 8 bytes the last two count nothing.
  const power = (piece: number): number => {
    const bits = drawnBytes * 8 - 16 * (piece + 1);
    return bits < 0 ? 0 : Number(2n ** BigInt(bits) % BigInt(modulus));
  };
  const [p0, p1, p2, p3, p4, p5] = [power(0), power(1), power(2), power(3), power(4), power(5)];
  const inverse = 1 / modulus;
  for (let row = 0, at = 0; row < rows; row++, at += WORDS) {
    const w0 = words[at] ?? 0;
    const w1 = words[at + 1] ?? 0;
    let sum = high16(w0) * p0 + low16(w0) * p1 + high16(w1) * p2 + low16(w1) * p3;
    if (p5 !== 0) {
      const w2 = words[at + 2] ?? 0;
      sum += high16(w2) * p4 + low16(w2) * p5;
    }
    // Exact below 2^53, and of either sign. The quotient may be one off, either way.
    const total = (half[row] ?? 0) + sign * sum;
    let moved = total - Math.floor(total * inverse) * modulus;
    if (moved < 0) moved += modulus;
    else if (moved >= modulus) moved -= modulus;
    half[row] = moved;
  }
}

/** The first two of four big-endian bytes, as a number, in a little-endian machine's word. */
function high16(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}

function low16(word: number): number {
  return ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** The CBC-MAC of all blocks but the last, and what of the tweak lies in the last. */
function startOf(cipher: BlockCipher, { head, halfBytes }: Ff1Form, tweak: Uint8Array): Uint32Array {
  const text = new Uint8Array(Math.ceil((tweak.length + 1 + halfBytes) / BLOCK_BYTES) * BLOCK_BYTES);
  text.set(tweak);
  const state = new Uint8Array(BLOCK_BYTES);
  state.set(head);
  for (let at = 0; at < text.length; at += BLOCK_BYTES) {
    cipher.encryptInto(state, state);
    addTo(state, text.subarray(at, at + BLOCK_BYTES));
  }
  return new Uint32Array(state.buffer);
}

function withRound(start: Uint32Array, round: number, halfBytes: number): Uint32Array {
  const words = start.slice();
  const bytes = new Uint8Array(words.buffer);
  const place = BLOCK_BYTES - 1 - halfBytes;
  bytes[place] = (bytes[place] ?? 0) ^ round;
  return words;
}
