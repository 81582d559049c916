// The arithmetic of framed messages: how long a sealed message is, and how much plaintext a length can hold. The header's
// length is the caller's to know, as it depends on the encryption context.
import { SealroomError } from "../errors.ts";

/** `u32 sequence | IV 12 | ciphertext | tag 16` */
export const FRAME_OVERHEAD: number = 4 + 12 + 16;
/** `FFFFFFFF | u32 sequence | IV 12 | u32 length | ciphertext | tag 16` */
export const FINAL_FRAME_OVERHEAD: number = 4 + 4 + 12 + 4 + 16;
/** FFFFFFFF marks the final frame, whose own number may still be it. */
export const MAX_FRAMES: number = 2 ** 32 - 1;

/** Bytes of a message that this package writes: the last frame is full or short, and empty only in an empty message. */
export function sealedSize(headerBytes: number, frameLength: number, plainBytes: number): number {
  const regular = Math.max(Math.ceil(plainBytes / frameLength) - 1, 0);
  return headerBytes + regular * FRAME_OVERHEAD + FINAL_FRAME_OVERHEAD + plainBytes;
}

export interface FrameCount {
  /** The final frame included. */
  readonly frames: number;
  readonly plainBytes: number;
}

/** The inverse, for any writer's message: a final frame of no bytes after full ones is legal. Error: SEAL_LAYOUT. */
export function plainSize(headerBytes: number, frameLength: number, sealedBytes: number): FrameCount {
  const body = sealedBytes - headerBytes - FINAL_FRAME_OVERHEAD;
  if (!Number.isSafeInteger(body) || body < 0) throw new SealroomError("SEAL_LAYOUT", { sealedBytes });
  const stride = frameLength + FRAME_OVERHEAD;
  const regular = Math.floor(body / stride);
  const finalBytes = body - regular * stride;
  if (finalBytes > frameLength || regular >= MAX_FRAMES) {
    throw new SealroomError("SEAL_LAYOUT", { sealedBytes });
  }
  return { frames: regular + 1, plainBytes: regular * frameLength + finalBytes };
}
