// Writes a sealed object: an Encryption SDK message of suite 0x0478, framed, its fresh data key wrapped by a Raw AES
// keyring. Message id and data key are drawn here and cannot be handed in, so no IV is ever used twice under a key.
import { randomBytes, sealGcm, sha384 } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { isReserved } from "./context.ts";
import type { EncryptionContext } from "./context.ts";
import { FrameCipher } from "./frame.ts";
import { MESSAGE_ID_BYTES, encodeHeaderBody } from "./header-fields.ts";
import { RawAesKeyring } from "./keyring.ts";
import type { RawAesKey } from "./keyring.ts";
import { deriveSealingKeys } from "./keys.ts";
import { MAX_FRAME_LENGTH } from "./ranged.ts";

export const DEFAULT_FRAME_LENGTH: number = 256 * 1024;

export interface MessageOptions extends RawAesKey {
  /** Stored in the header, in the clear. */
  readonly encryptionContext: EncryptionContext;
  /** Plaintext bytes of a frame, 1 to 16 MiB; 256 KiB if left out. */
  readonly frameLength?: number;
}

const NO_IV = new Uint8Array(12);
const NOTHING = new Uint8Array(0);

/** Write header(), then what push and finish return, in that order: each piece is a whole frame. */
export class MessageWriter {
  /** SHA-384 of the header: the object's digest in a manifest. */
  readonly digest: Uint8Array;
  readonly #header: Uint8Array;
  readonly #cipher: FrameCipher;
  /** Plaintext that waits for its frame to fill, and for a byte more: whether a frame is the last is sealed with it. */
  readonly #pending: Uint8Array;
  #pendingBytes = 0;
  #frames = 0;
  #plainBytes = 0;
  #sealedBytes: number;
  #open = true;

  /** Errors: SEAL_CONTEXT, SEAL_LIMIT; RangeError for a frame length out of its limits. */
  constructor(options: MessageOptions) {
    const { encryptionContext, frameLength = DEFAULT_FRAME_LENGTH } = options;
    if (!Number.isInteger(frameLength) || frameLength < 1 || frameLength > MAX_FRAME_LENGTH) {
      throw new RangeError("a frame length is 1 to 16 MiB");
    }
    if ([...encryptionContext.keys()].some(isReserved)) throw new SealroomError("SEAL_CONTEXT");
    const messageId = randomBytes(MESSAGE_ID_BYTES);
    const dataKey = randomBytes(32);
    const { contentKey, commitment } = deriveSealingKeys(messageId, dataKey);
    const wrapped = new RawAesKeyring(options).wrap(dataKey, encryptionContext);
    dataKey.fill(0);
    const fields = { messageId, context: encryptionContext, dataKey: wrapped, frameLength, commitment };
    const body = encodeHeaderBody(fields);
    this.#header = new Uint8Array(Buffer.concat([body, sealGcm(contentKey, NO_IV, body, NOTHING)]));
    this.digest = sha384(this.#header);
    this.#cipher = new FrameCipher(contentKey, messageId);
    this.#pending = new Uint8Array(frameLength);
    this.#sealedBytes = this.#header.length;
  }

  header(): Uint8Array {
    return this.#header.slice();
  }

  /** Taken in so far. */
  get plainBytes(): number {
    return this.#plainBytes;
  }

  /** Given out so far, the header included. */
  get sealedBytes(): number {
    return this.#sealedBytes;
  }

  /** Seals the frames that these bytes complete. Errors: SEAL_STATE, SEAL_LIMIT (2^32 - 1 frames). */
  push(plain: Uint8Array): Uint8Array[] {
    this.#checkOpen();
    const frameLength = this.#pending.length;
    const sealed: Uint8Array[] = [];
    let at = 0;
    if (this.#pendingBytes > 0) {
      at = Math.min(frameLength - this.#pendingBytes, plain.length);
      this.#keep(plain.subarray(0, at));
      if (at < plain.length) {
        sealed.push(this.#sealFrame(this.#pending, "regular"));
        this.#pendingBytes = 0;
      }
    }
    // Whole frames go straight from the caller's memory to the cipher.
    for (; plain.length - at > frameLength; at += frameLength) {
      sealed.push(this.#sealFrame(plain.subarray(at, at + frameLength), "regular"));
    }
    this.#keep(plain.subarray(at));
    this.#plainBytes += plain.length;
    return sealed;
  }

  /** Seals the last frame; a message of no bytes has an empty one. Errors: as push. */
  finish(): Uint8Array[] {
    this.#checkOpen();
    this.#open = false;
    const sealed = this.#sealFrame(this.#pending.subarray(0, this.#pendingBytes), "final");
    this.#pending.fill(0);
    return [sealed];
  }

  #keep(plain: Uint8Array): void {
    this.#pending.set(plain, this.#pendingBytes);
    this.#pendingBytes += plain.length;
  }

  #sealFrame(plain: Uint8Array, kind: "regular" | "final"): Uint8Array {
    const sequence = ++this.#frames;
    const sealed = this.#cipher.seal(plain, { sequence, final: kind === "final", plainBytes: plain.length });
    this.#sealedBytes += sealed.length;
    return sealed;
  }

  #checkOpen(): void {
    if (!this.#open) throw new SealroomError("SEAL_STATE");
  }
}
