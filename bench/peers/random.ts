// Numbers that look random and are the same at each run: sfc32 (Chris Doty-Humphrey, public domain). Its period is long
// enough that no column repeats itself, which a compressor would find.

export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    for (let warm = 0; warm < 12; warm += 1) this.word();
  }

  /** 32 bits. */
  word(): number {
    const mixed = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + mixed;
    this.#c |= 0;
    return mixed >>> 0;
  }

  /** From 0, below 1. */
  real(): number {
    return this.word() / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.real() * bound);
  }

  /** As `below`, but the n-th most frequent number comes about 1/n as often as the first; no number is near another like it. */
  skewed(bound: number): number {
    const rank = Math.floor(bound ** this.real()) - 1;
    return (rank * STRIDE) % bound;
  }
}

/** A prime, and so a permutation of any bound that it does not divide; times any bound below 2^53. */
const STRIDE = 611_953;
