// One frame of a message body (data-format/message-body), and the unframed body, which is one frame by another name.
// A frame's tag covers its sequence number, whether it is the last, its length, and the message id, so a frame opens in
// its own place only.
import { IV_BYTES, TAG_BYTES, openGcm, openGcmInto, sealGcmInto } from "../crypto.ts";
import type { AesKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { openAs } from "./layer.ts";
import type { MessagePolicy } from "./policy.ts";
import { FINAL_FRAME_OVERHEAD, FRAME_OVERHEAD, MAX_FRAMES } from "./size.ts";

export interface FramePlace {
  /** From 1. */
  readonly sequence: number;
  readonly final: boolean;
  readonly plainBytes: number;
}

export const FINAL_MARK = 0xffff_ffff;
/** Of a final frame, up to the ciphertext. */
export const FINAL_FRAME_PREFIX_BYTES: number = FINAL_FRAME_OVERHEAD - TAG_BYTES;
/** `IV 12 | u64 length`, before the ciphertext of an unframed body. */
export const UNFRAMED_PREFIX_BYTES: number = IV_BYTES + 8;

const REGULAR_LABEL: Uint8Array = new TextEncoder().encode("AWSKMSEncryptionClient Frame");
const FINAL_LABEL: Uint8Array = new TextEncoder().encode("AWSKMSEncryptionClient Final Frame");
const UNFRAMED_LABEL: Uint8Array = new TextEncoder().encode("AWSKMSEncryptionClient Single Block");

export function frameBytes(place: FramePlace): number {
  return place.plainBytes + (place.final ? FINAL_FRAME_OVERHEAD : FRAME_OVERHEAD);
}

/** Seals and opens the frames of one message. IV and AAD are written into buffers that are made once. */
export class FrameCipher {
  readonly #key: AesKey;
  readonly #encoding: MessagePolicy["encoding"];
  readonly #iv = new Uint8Array(IV_BYTES);
  readonly #ivView = new DataView(this.#iv.buffer);
  readonly #regular: FrameAad;
  readonly #final: FrameAad;
  readonly #unframed: FrameAad;

  constructor(contentKey: AesKey, messageId: Uint8Array, encoding: MessagePolicy["encoding"] = "canonical") {
    this.#key = contentKey;
    this.#encoding = encoding;
    this.#regular = new FrameAad(messageId, REGULAR_LABEL);
    this.#final = new FrameAad(messageId, FINAL_LABEL);
    this.#unframed = new FrameAad(messageId, UNFRAMED_LABEL);
  }

  /** Opens the whole frame `sealed`, which must stand in `place`. Errors: SEAL_SEQUENCE, SEAL_FRAME, SEAL_FRAME_TAG. */
  open(sealed: Uint8Array, place: FramePlace): Uint8Array {
    const text = this.#enter(sealed, place);
    return openAs("SEAL_FRAME_TAG", () => openGcm(this.#key, this.#iv, this.#aadOf(place), text));
  }

  /** As open, with the plaintext written at `offset` once it has verified. */
  openInto(sealed: Uint8Array, place: FramePlace, into: Uint8Array, offset: number): void {
    const text = this.#enter(sealed, place);
    openAs("SEAL_FRAME_TAG", () => {
      openGcmInto(this.#key, this.#iv, this.#aadOf(place), text, into, offset);
    });
  }

  /** Opens `IV | u64 length | ciphertext | tag`. Errors: SEAL_FRAME, SEAL_FRAME_TAG. */
  openUnframed(sealed: Uint8Array): Uint8Array {
    const plainBytes = sealed.length - UNFRAMED_PREFIX_BYTES - TAG_BYTES;
    if (unframedLength(sealed) !== plainBytes) throw new SealroomError("SEAL_FRAME");
    const place = { sequence: 1, final: true, plainBytes };
    this.#readIv(sealed.subarray(0, IV_BYTES), place);
    const text = sealed.subarray(UNFRAMED_PREFIX_BYTES);
    return openAs("SEAL_FRAME_TAG", () => openGcm(this.#key, this.#iv, this.#unframed.of(place), text));
  }

  /** One whole frame. The caller never seals two of the same number: it is the IV. Error: SEAL_LIMIT (2^32 - 1 frames). */
  seal(plain: Uint8Array, place: FramePlace): Uint8Array {
    if (place.sequence > MAX_FRAMES) throw new SealroomError("SEAL_LIMIT", { frames: MAX_FRAMES });
    const sealed = new Uint8Array(frameBytes(place));
    const view = new DataView(sealed.buffer);
    let at = 0;
    if (place.final) {
      view.setUint32(0, FINAL_MARK);
      at = 4;
    }
    view.setUint32(at, place.sequence);
    this.#iv.fill(0);
    this.#ivView.setUint32(8, place.sequence);
    sealed.set(this.#iv, at + 4);
    at += 4 + IV_BYTES;
    if (place.final) {
      view.setUint32(at, place.plainBytes);
      at += 4;
    }
    sealGcmInto(this.#key, this.#iv, this.#aadOf(place), plain, sealed, at);
    return sealed;
  }

  /** Everything in a frame that is not ciphertext or tag follows from its place, and must be that. Returns the rest. */
  #enter(sealed: Uint8Array, place: FramePlace): Uint8Array {
    const { sequence, final, plainBytes } = place;
    if (sealed.length !== frameBytes(place)) throw new SealroomError("SEAL_FRAME", { sequence });
    const view = viewOf(sealed);
    const at = final ? 4 : 0;
    const marked = view.getUint32(0) === FINAL_MARK;
    if (marked !== final || view.getUint32(at) !== sequence) {
      throw new SealroomError("SEAL_SEQUENCE", { sequence });
    }
    const ivEnd = at + 4 + IV_BYTES;
    if (final && view.getUint32(ivEnd) !== plainBytes) throw new SealroomError("SEAL_FRAME", { sequence });
    this.#readIv(sealed.subarray(at + 4, ivEnd), place);
    return sealed.subarray(final ? ivEnd + 4 : ivEnd);
  }

  /** client-apis/decrypt: the IV is the sequence number, padded on the left. The stored one is held to that. */
  #readIv(stored: Uint8Array, { sequence }: FramePlace): void {
    const view = viewOf(stored);
    const isSequence = view.getBigUint64(0) === 0n && view.getUint32(8) === sequence;
    if (!isSequence && this.#encoding === "canonical") throw new SealroomError("SEAL_FRAME", { sequence });
    this.#iv.set(stored);
  }

  #aadOf(place: FramePlace): Uint8Array {
    return (place.final ? this.#final : this.#regular).of(place);
  }
}

/** What an unframed body's tag covers besides it. */
export function unframedAad(messageId: Uint8Array, plainBytes: number): Uint8Array {
  return new FrameAad(messageId, UNFRAMED_LABEL).of({ sequence: 1, final: true, plainBytes });
}

/** The length that an unframed body claims, from its first 20 bytes. Error: SEAL_FRAME. */
export function unframedLength(prefix: Uint8Array): number {
  const length = Number(viewOf(prefix).getBigUint64(IV_BYTES));
  // The format's bound, from NIST SP 800-38D §5.2.1.1: 2^39 - 256 bits under one IV.
  if (length > 2 ** 36 - 32) throw new SealroomError("SEAL_FRAME");
  return length;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `message id | label | u32 sequence | u64 plaintext length`, of which only the last two change. */
class FrameAad {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(messageId: Uint8Array, label: Uint8Array) {
    const fixedBytes = messageId.length + label.length;
    this.#bytes = new Uint8Array(fixedBytes + 12);
    this.#bytes.set(messageId);
    this.#bytes.set(label, messageId.length);
    this.#view = new DataView(this.#bytes.buffer, fixedBytes);
  }

  of({ sequence, plainBytes }: FramePlace): Uint8Array {
    this.#view.setUint32(0, sequence);
    this.#view.setBigUint64(4, BigInt(plainBytes));
    return this.#bytes;
  }
}
