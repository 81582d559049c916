// FF1 (NIST SP 800-38G §6.2) of one value at a time, for every radix and length. Columns of short values have ff1-rows.ts.
// Refuses domains under a million, as the drafts of Revision 1 demand.
import { BLOCK_BYTES, BlockCipher } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { addTo } from "./cmac.ts";

export const MIN_DOMAIN = 1_000_000;
const ROUNDS = 10;
/** Longer ones are no identifiers; each costs the square of its length. */
const MAX_LENGTH = 4096;
const MAX_TWEAK_BYTES = 65_536;

/** What a length and a tweak come to in the first block, and how long the numbers in it are (steps 1 to 5). */
export interface Ff1Form {
  /** Lengths of the left and the right half. */
  readonly left: number;
  readonly right: number;
  /** Bytes of a half as a number: b. */
  readonly halfBytes: number;
  /** Bytes that are drawn for each round: d. */
  readonly drawnBytes: number;
  /** P. */
  readonly head: Uint8Array;
}

/** Error: TOKEN_DOMAIN. */
export function ff1Form(radix: number, length: number, tweakBytes: number): Ff1Form {
  if (length > MAX_LENGTH || length < 2 || radix ** length < MIN_DOMAIN) {
    throw new SealroomError("TOKEN_DOMAIN", { radix, length });
  }
  if (tweakBytes > MAX_TWEAK_BYTES) throw new SealroomError("TOKEN_TWEAK", { bytes: tweakBytes });
  const left = Math.floor(length / 2);
  const right = length - left;
  const halfBytes = Math.ceil((BigInt(radix) ** BigInt(right) - 1n).toString(2).length / 8);
  const head = new Uint8Array(BLOCK_BYTES);
  head.set([1, 2, 1, radix >> 16, radix >> 8, radix, ROUNDS, left]);
  const view = new DataView(head.buffer);
  view.setUint32(8, length);
  view.setUint32(12, tweakBytes);
  return { left, right, halfBytes, drawnBytes: 4 * Math.ceil(halfBytes / 4) + 4, head };
}

export class Ff1 {
  readonly #cipher: BlockCipher;
  readonly #radix: number;

  /** A key of 16, 24 or 32 bytes; a radix of 2 to 2^16. Error: TOKEN_KEY. */
  constructor(key: Uint8Array, radix: number) {
    if (![16, 24, 32].includes(key.length)) throw new SealroomError("TOKEN_KEY", { bytes: key.length });
    this.#cipher = new BlockCipher(key);
    this.#radix = radix;
  }

  /** Errors: TOKEN_DOMAIN, TOKEN_TWEAK. */
  encrypt(tweak: Uint8Array, numerals: readonly number[]): readonly number[] {
    const form = ff1Form(this.#radix, numerals.length, tweak.length);
    let [a, b] = this.#halves(form, numerals);
    for (let round = 0; round < ROUNDS; round++) {
      const modulus = this.#modulus(form, round);
      [a, b] = [b, (a + this.#draw(form, tweak, round, b)) % modulus];
    }
    return this.#join(form, a, b);
  }

  /** Errors: TOKEN_DOMAIN, TOKEN_TWEAK. */
  decrypt(tweak: Uint8Array, numerals: readonly number[]): readonly number[] {
    const form = ff1Form(this.#radix, numerals.length, tweak.length);
    let [a, b] = this.#halves(form, numerals);
    for (let round = ROUNDS - 1; round >= 0; round--) {
      const modulus = this.#modulus(form, round);
      const drawn = this.#draw(form, tweak, round, a) % modulus;
      [a, b] = [(b + modulus - drawn) % modulus, a];
    }
    return this.#join(form, a, b);
  }

  #halves({ left }: Ff1Form, numerals: readonly number[]): [bigint, bigint] {
    return [this.#number(numerals.slice(0, left)), this.#number(numerals.slice(left))];
  }

  #number(numerals: readonly number[]): bigint {
    if (!numerals.every((numeral) => numeral >= 0 && numeral < this.#radix)) {
      throw new RangeError("no numeral");
    }
    const radix = BigInt(this.#radix);
    return numerals.reduce((number, numeral) => number * radix + BigInt(numeral), 0n);
  }

  #modulus({ left, right }: Ff1Form, round: number): bigint {
    return BigInt(this.#radix) ** BigInt(round % 2 === 0 ? left : right);
  }

  /** Step 6, i to v: the number that a round adds to one half, from the other. */
  #draw({ head, halfBytes, drawnBytes }: Ff1Form, tweak: Uint8Array, round: number, half: bigint): bigint {
    const used = tweak.length + 1 + halfBytes;
    const text = new Uint8Array(BLOCK_BYTES + Math.ceil(used / BLOCK_BYTES) * BLOCK_BYTES);
    text.set(head);
    text.set(tweak, BLOCK_BYTES);
    text[text.length - halfBytes - 1] = round;
    text.set(bytesOf(half, halfBytes), text.length - halfBytes);
    const state = new Uint8Array(BLOCK_BYTES);
    for (let at = 0; at < text.length; at += BLOCK_BYTES) {
      addTo(state, text.subarray(at, at + BLOCK_BYTES));
      this.#cipher.encryptInto(state, state);
    }
    const drawn = new Uint8Array(Math.ceil(drawnBytes / BLOCK_BYTES) * BLOCK_BYTES);
    for (let block = 0; block * BLOCK_BYTES < drawn.length; block++) {
      const place = drawn.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      place.set(bytesOf(BigInt(block), BLOCK_BYTES));
      addTo(place, state);
      if (block === 0) place.set(state);
      else this.#cipher.encryptInto(place, place);
    }
    return BigInt(`0x${Buffer.from(drawn.subarray(0, drawnBytes)).toString("hex")}`);
  }

  #join({ left, right }: Ff1Form, a: bigint, b: bigint): readonly number[] {
    return [...this.#numerals(a, left), ...this.#numerals(b, right)];
  }

  #numerals(number: bigint, length: number): readonly number[] {
    const numerals = new Array<number>(length);
    let rest = number;
    for (let at = length - 1; at >= 0; at--) {
      numerals[at] = Number(rest % BigInt(this.#radix));
      rest /= BigInt(this.#radix);
    }
    return numerals;
  }
}

function bytesOf(number: bigint, byteLength: number): Uint8Array {
  return Buffer.from(number.toString(16).padStart(2 * byteLength, "0"), "hex");
}
