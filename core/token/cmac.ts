// AES-CMAC (NIST SP 800-38B, RFC 4493) of one message at a time. Columns have cmac-rows.ts.
import { BLOCK_BYTES, BlockCipher } from "../crypto.ts";
import { SealroomError } from "../errors.ts";

export class Cmac {
  readonly cipher: BlockCipher;
  /** What is added to a last block that is whole, and to one that was padded: K1 and K2 of §6.1. */
  readonly whole: Uint8Array;
  readonly padded: Uint8Array;

  /** 16, 24 or 32 bytes. Error: TOKEN_KEY. */
  constructor(key: Uint8Array) {
    if (![16, 24, 32].includes(key.length)) throw new SealroomError("TOKEN_KEY", { bytes: key.length });
    this.cipher = new BlockCipher(key);
    const zero = new Uint8Array(BLOCK_BYTES);
    this.cipher.encryptInto(zero, zero);
    this.whole = doubled(zero);
    this.padded = doubled(this.whole);
  }

  /** 16 bytes. */
  mac(message: Uint8Array): Uint8Array {
    const state = new Uint8Array(BLOCK_BYTES);
    const last = Math.max(0, Math.ceil(message.length / BLOCK_BYTES) - 1) * BLOCK_BYTES;
    for (let at = 0; at < last; at += BLOCK_BYTES) {
      addTo(state, message.subarray(at, at + BLOCK_BYTES));
      this.cipher.encryptInto(state, state);
    }
    const rest = message.subarray(last);
    addTo(state, rest);
    if (rest.length < BLOCK_BYTES) addTo(state.subarray(rest.length), PADDING);
    addTo(state, rest.length === BLOCK_BYTES ? this.whole : this.padded);
    this.cipher.encryptInto(state, state);
    return state;
  }
}

const PADDING = Uint8Array.of(0x80);

/** Multiplies by x in GF(2^128), in time that does not depend on the value (§6.1). */
export function doubled(block: Uint8Array): Uint8Array {
  const twice = new Uint8Array(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at++) {
    twice[at] = ((block[at] ?? 0) << 1) | ((block[at + 1] ?? 0) >> 7);
  }
  const carry = (block[0] ?? 0) >> 7;
  twice[BLOCK_BYTES - 1] = (twice[BLOCK_BYTES - 1] ?? 0) ^ (0x87 & -carry);
  return twice;
}

/** Adds in GF(2): as many bytes as `block` has. */
export function addTo(state: Uint8Array, block: Uint8Array): void {
  for (const [at, byte] of block.entries()) state[at] = (state[at] ?? 0) ^ byte;
}
