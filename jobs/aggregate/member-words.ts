// Membership for values of 64 and 128 bits, word by word, with no bigint per row: flipping the sign bit of the top
// word makes two's complement compare as unsigned.
import type { WordsVector } from "../../core/column/vector.ts";
import type { CellSet } from "./cell-set.ts";
import { countLeading, isOdd } from "./member.ts";
import { FALSE, TRUE } from "./truth.ts";

export class WordSet {
  readonly #width: 2 | 4;
  readonly #flip: number;
  /** Whether values below the first cut are in the set. */
  readonly #inside: boolean;
  /** The cuts' words, least significant first, the sign bit flipped. */
  readonly #cuts: Uint32Array;

  constructor(set: CellSet & { of: "bigint" }, { type, wordsPerValue }: WordsVector) {
    const signed = !(type.kind === "int" && !type.signed);
    const bits = BigInt(wordsPerValue * 32);
    const least = signed ? -(1n << (bits - 1n)) : 0n;
    // A cut at or below every value only turns the set over; one above every value does nothing.
    const below = set.cuts.filter((cut) => cut <= least);
    const within = set.cuts.filter((cut) => cut > least && cut < least + (1n << bits));
    this.#width = wordsPerValue;
    this.#flip = signed ? 0x80000000 : 0;
    this.#inside = set.inside !== isOdd(below.length);
    // Counting from the least value is the same as flipping the sign bit.
    this.#cuts = Uint32Array.from(within.flatMap((cut) => wordsOf(cut - least, wordsPerValue)));
  }

  test({ words }: WordsVector, start: number, count: number, truth: Uint8Array): void {
    if (this.#width === 2 && this.#cuts.length <= 4) this.#testRange(words, start, count, truth);
    else this.#testAny(words, start, count, truth);
  }

  #testRange(words: Uint32Array, start: number, count: number, truth: Uint8Array): void {
    // A missing cut is NaN, which nothing is at or above.
    const [lowLess = NaN, lowTop = NaN, highLess = NaN, highTop = NaN] = this.#cuts;
    const [between, elsewhere] = this.#inside ? [FALSE, TRUE] : [TRUE, FALSE];
    const flip = this.#flip;
    for (let i = 0; i < count; i += 1) {
      const less = words[2 * (start + i)] ?? 0;
      const top = ((words[2 * (start + i) + 1] ?? 0) ^ flip) >>> 0;
      const atLow = top > lowTop || (top === lowTop && less >= lowLess);
      const atHigh = top > highTop || (top === highTop && less >= highLess);
      truth[i] = atLow && !atHigh ? between : elsewhere;
    }
  }

  #testAny(words: Uint32Array, start: number, count: number, truth: Uint8Array): void {
    const cuts = this.#cuts.length / this.#width;
    for (let i = 0; i < count; i += 1) {
      const passed = countLeading(cuts, (cut) => this.#isCutAtOrBelow(cut, words, start + i));
      truth[i] = isOdd(passed) !== this.#inside ? TRUE : FALSE;
    }
  }

  #isCutAtOrBelow(cut: number, words: Uint32Array, row: number): boolean {
    const width = this.#width;
    for (let at = width - 1; at >= 0; at -= 1) {
      const word = words[row * width + at] ?? 0;
      const ranked = at === width - 1 ? (word ^ this.#flip) >>> 0 : word;
      const cutWord = this.#cuts[cut * width + at] ?? 0;
      if (cutWord !== ranked) return cutWord < ranked;
    }
    return true;
  }
}

function wordsOf(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, at) => Number((value >> BigInt(32 * at)) & 0xffffffffn));
}
