// Bytes as text, a row at a time into columns: base64url (RFC 4648 §5), and for names without case, base32 in lower case
// (§6). Without padding, and canonical: bytes have one spelling, and only that is read.

export class ByteText {
  readonly #bits: number;
  readonly #codes: Uint8Array;
  readonly #values: Uint8Array;
  /** Two characters at once. */
  readonly #pairs: Uint16Array;

  constructor(alphabet: string) {
    this.#bits = Math.log2(alphabet.length);
    this.#codes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
    this.#values = new Uint8Array(256).fill(INVALID);
    for (const [value, code] of this.#codes.entries()) this.#values[code] = value;
    this.#pairs = pairsOf(this.#codes);
  }

  /** Characters for so many bytes. */
  charactersOf(bytes: number): number {
    return Math.ceil((bytes * 8) / this.#bits);
  }

  /** Bytes in so many characters; undefined where no bytes have so many. */
  bytesOf(characters: number): number | undefined {
    const bytes = Math.floor((characters * this.#bits) / 8);
    return this.charactersOf(bytes) === characters ? bytes : undefined;
  }

  encode(bytes: Uint8Array, start: number, length: number, into: DataView, to: number): void {
    const width = this.#bits;
    const pairs = this.#pairs;
    const step = 2 * width;
    let [held, bits, at, place] = [0, 0, to, start];
    if (width === 6) {
      // Three bytes are two pairs.
      for (const last = start + length - 2; place < last; place += 3, at += 4) {
        const three = ((bytes[place] ?? 0) << 16) | ((bytes[place + 1] ?? 0) << 8) | (bytes[place + 2] ?? 0);
        into.setUint32(at, (pairs[three >>> 12] ?? 0) | ((pairs[three & 0xfff] ?? 0) << 16), true);
      }
    }
    for (; place < start + length; place++) {
      bits = (bits << 8) | (bytes[place] ?? 0);
      held += 8;
      if (held < step) continue;
      held -= step;
      into.setUint16(at, pairs[bits >>> held] ?? 0, true);
      bits &= (1 << held) - 1;
      at += 2;
    }
    if (held >= width) {
      held -= width;
      into.setUint8(at++, this.#codes[bits >>> held] ?? 0);
      bits &= (1 << held) - 1;
    }
    if (held > 0) into.setUint8(at, this.#codes[bits << (width - held)] ?? 0);
  }

  /** False where the characters are no canonical spelling; what is in `into` is then of no use. */
  decode(text: Uint8Array, start: number, length: number, into: Uint8Array, to: number): boolean {
    if (this.bytesOf(length) === undefined) return false;
    const width = this.#bits;
    const values = this.#values;
    let [held, bits, at, all] = [0, 0, to, 0];
    for (let place = start; place < start + length; place++) {
      const value = values[text[place] ?? 0] ?? INVALID;
      all |= value;
      bits = ((bits << width) | value) & 0xffff;
      held += width;
      if (held < 8) continue;
      held -= 8;
      into[at++] = bits >>> held;
    }
    return all < INVALID && (bits & ((1 << held) - 1)) === 0;
  }
}

/** Above every value of an alphabet, in a bit of its own. */
const INVALID = 64;

function pairsOf(codes: Uint8Array): Uint16Array {
  const pairs = new Uint16Array(codes.length ** 2);
  for (const [high, first] of codes.entries()) {
    for (const [low, second] of codes.entries()) pairs[high * codes.length + low] = first | (second << 8);
  }
  return pairs;
}

export const BASE64URL: ByteText = new ByteText(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
);
export const BASE32: ByteText = new ByteText("abcdefghijklmnopqrstuvwxyz234567");
