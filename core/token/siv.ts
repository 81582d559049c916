// AES-SIV (RFC 5297) of one value at a time: deterministic, authenticated, reversible. Columns have siv-rows.ts.
import { BLOCK_BYTES, BlockCipher, equal } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { addTo, Cmac, doubled } from "./cmac.ts";

/** The vector and the ciphertext behind it. */
export const SIV_BYTES: number = BLOCK_BYTES;
const MAX_COMPONENTS = 126;

export class Siv {
  readonly mac: Cmac;
  readonly cipher: BlockCipher;

  /** 32, 48 or 64 bytes: one half for the vector, one for the cipher (§2.5). Error: TOKEN_KEY. */
  constructor(key: Uint8Array) {
    if (![32, 48, 64].includes(key.length)) throw new SealroomError("TOKEN_KEY", { bytes: key.length });
    this.mac = new Cmac(key.subarray(0, key.length / 2));
    this.cipher = new BlockCipher(key.subarray(key.length / 2));
  }

  /** Vector || ciphertext. `components` are authenticated, each by itself and in their order. */
  seal(components: readonly Uint8Array[], plain: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(SIV_BYTES + plain.length);
    const vector = this.#vector(components, plain);
    sealed.set(vector);
    sealed.set(plain, SIV_BYTES);
    this.#xorKeyStream(vector, sealed.subarray(SIV_BYTES));
    return sealed;
  }

  /** Error: TOKEN_TAG. */
  open(components: readonly Uint8Array[], sealed: Uint8Array): Uint8Array {
    if (sealed.length < SIV_BYTES) throw new SealroomError("TOKEN_TAG");
    const vector = new Uint8Array(sealed.subarray(0, SIV_BYTES));
    const plain = new Uint8Array(sealed.subarray(SIV_BYTES));
    this.#xorKeyStream(vector, plain);
    if (equal(vector, this.#vector(components, plain))) return plain;
    plain.fill(0);
    throw new SealroomError("TOKEN_TAG");
  }

  /** What the components come to, before the text: the same for all values of a column. */
  startOf(components: readonly Uint8Array[]): Uint8Array {
    if (components.length > MAX_COMPONENTS) throw new TypeError("at most 126 components");
    let state = this.mac.mac(new Uint8Array(BLOCK_BYTES));
    for (const component of components) {
      state = doubled(state);
      addTo(state, this.mac.mac(component));
    }
    return state;
  }

  /** S2V (§2.4). */
  #vector(components: readonly Uint8Array[], plain: Uint8Array): Uint8Array {
    const start = this.startOf(components);
    if (plain.length >= BLOCK_BYTES) {
      // Not slice(), by which a Buffer shares its memory.
      const ended = new Uint8Array(plain);
      addTo(ended.subarray(-BLOCK_BYTES), start);
      return this.mac.mac(ended);
    }
    const state = doubled(start);
    addTo(state, plain);
    addTo(state.subarray(plain.length), Uint8Array.of(0x80));
    return this.mac.mac(state);
  }

  /** CTR mode (§2.5), from the vector without the two bits that would carry in 32-bit additions. */
  #xorKeyStream(vector: Uint8Array, text: Uint8Array): void {
    const stream = new Uint8Array(Math.ceil(text.length / BLOCK_BYTES) * BLOCK_BYTES);
    const view = new DataView(stream.buffer);
    for (let at = 0; at < stream.length; at += BLOCK_BYTES) {
      stream.set(vector, at);
      stream[at + 8] = (stream[at + 8] ?? 0) & 0x7f;
      stream[at + 12] = (stream[at + 12] ?? 0) & 0x7f;
      // With its top bit cleared, the last word does not overflow below 2^31 blocks.
      view.setUint32(at + 12, view.getUint32(at + 12) + at / BLOCK_BYTES);
    }
    if (stream.length > 0) this.cipher.encryptInto(stream, stream);
    addTo(text, stream.subarray(0, text.length));
  }
}
