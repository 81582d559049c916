// Texts as strings of numerals: the character at place i of an alphabet stands for i. By code points; nothing is
// normalized here.
import { SealroomError } from "../errors.ts";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** NIST SP 800-38G §5.1: a radix is at most 2^16. */
const MAX_RADIX = 2 ** 16;
const LONE_SURROGATE = /\p{Cs}/u;

export class Alphabet {
  readonly characters: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  /** Error: TOKEN_ALPHABET for fewer than two characters, one that stands there twice, or half of one. */
  constructor(characters: string) {
    this.characters = Array.from(characters);
    this.#places = new Map(this.characters.map((character, place) => [character, place]));
    const { radix } = this;
    if (radix < 2 || radix > MAX_RADIX || this.#places.size < radix || LONE_SURROGATE.test(characters)) {
      throw new SealroomError("TOKEN_ALPHABET", { characters: radix });
    }
  }

  get radix(): number {
    return this.characters.length;
  }

  /** Error: TOKEN_CHARACTER for one that the alphabet does not have. */
  numeralsOf(text: string): readonly number[] {
    return Array.from(text, (character) => {
      const place = this.#places.get(character);
      if (place === undefined) throw new SealroomError("TOKEN_CHARACTER");
      return place;
    });
  }

  textOf(numerals: readonly number[]): string {
    return numerals.map((place) => this.characters[place] ?? "").join("");
  }
}

/** Digits, then a to z, then A to Z. Error: TOKEN_ALPHABET where `radix` is not 2 to 62. */
export function defaultAlphabet(radix: number): Alphabet {
  if (!Number.isInteger(radix) || radix < 2 || radix > DIGITS.length) {
    throw new SealroomError("TOKEN_ALPHABET", { radix });
  }
  return new Alphabet(DIGITS.slice(0, radix));
}
