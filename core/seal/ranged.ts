// Reading part of a sealed object. Frame n lies at a place that follows from the header and the object's length, which
// the manifest states; so the enclave pulls just the frames that hold what it needs, and opens each on its own.
import { SealroomError } from "../errors.ts";
import { FrameCipher } from "./frame.ts";
import type { OpenedHeader } from "./header.ts";
import { FINAL_FRAME_OVERHEAD, FRAME_OVERHEAD, plainSize } from "./size.ts";

export interface FrameLayout {
  readonly headerBytes: number;
  readonly frameLength: number;
  readonly totalBytes: number;
  /** The final frame included; numbered from 1. */
  readonly frames: number;
  readonly plainBytes: number;
}

/** Whole frames, as they lie in the object. */
export interface SealedRange {
  readonly offset: number;
  readonly length: number;
  readonly firstFrame: number;
  readonly frames: number;
  /** Where the first frame's plaintext begins in the message's, at or before the offset asked for. */
  readonly plainOffset: number;
  /** What openFrames will write. */
  readonly plainLength: number;
}

/** Past this a reader would have to hold too much before it may release a byte of a frame. */
export const MAX_FRAME_LENGTH: number = 16 * 2 ** 20;

/**
 * The layout of a framed, unsigned message of `totalBytes`, which a signed manifest states: with a length from the host,
 * an object cut at a frame would look whole to whoever does not read its last frame. Error: SEAL_LAYOUT.
 */
export function frameLayout(header: OpenedHeader, totalBytes: number): FrameLayout {
  const { suite, framed, frameLength, headerBytes } = header;
  // A signature is known to hold at the message's end only, so no part of a signed message may be released before.
  if (!framed || suite.signature !== null) throw new SealroomError("SEAL_LAYOUT", { suite: suite.id });
  if (frameLength > MAX_FRAME_LENGTH) throw new SealroomError("SEAL_LAYOUT", { frameLength });
  return { headerBytes, frameLength, totalBytes, ...plainSize(headerBytes, frameLength, totalBytes) };
}

/** The frames that hold a range of plaintext; none for a range of no bytes. Error: SEAL_RANGE. */
export function sealedRange(layout: FrameLayout, plainOffset: number, plainLength: number): SealedRange {
  const { frameLength, plainBytes } = layout;
  const end = plainOffset + plainLength;
  const inside =
    Number.isSafeInteger(plainOffset) && Number.isSafeInteger(plainLength) && Number.isSafeInteger(end);
  if (!inside || plainOffset < 0 || plainLength < 0 || end > plainBytes) {
    throw new SealroomError("SEAL_RANGE", { plainOffset, plainLength });
  }
  const first = Math.floor(plainOffset / frameLength);
  const pastLast = plainLength === 0 ? first : Math.ceil(end / frameLength);
  const offset = frameOffset(layout, first);
  return {
    offset,
    length: frameOffset(layout, pastLast) - offset,
    firstFrame: first + 1,
    frames: pastLast - first,
    plainOffset: first * frameLength,
    plainLength: Math.min(pastLast * frameLength, plainBytes) - first * frameLength,
  };
}

/**
 * Opens the frames of `range`, whose bytes `sealed` came from the host, and writes their plaintext at `intoOffset`. Only
 * frames that verified are written; when a later one does not, the earlier ones stand in `into` and are to be dropped.
 * `into` may be the memory of `sealed`, if the plaintext is to begin where the ciphertext does or before.
 * Returns the bytes written. Errors: SEAL_RANGE, SEAL_SEQUENCE, SEAL_FRAME, SEAL_FRAME_TAG.
 */
export function openFrames(
  header: OpenedHeader,
  layout: FrameLayout,
  range: SealedRange,
  sealed: Uint8Array,
  into: Uint8Array,
  intoOffset: number,
): number {
  checkRange(layout, range, sealed);
  if (intoOffset < 0 || intoOffset + range.plainLength > into.length) {
    throw new RangeError("the plaintext does not fit where it should go");
  }
  const cipher = new FrameCipher(header.contentKey, header.messageId);
  let sealedAt = 0;
  let plainAt = intoOffset;
  for (let sequence = range.firstFrame; sequence < range.firstFrame + range.frames; sequence++) {
    const final = sequence === layout.frames;
    const plainBytes = final ? layout.plainBytes - (sequence - 1) * layout.frameLength : layout.frameLength;
    const frameEnd = sealedAt + plainBytes + (final ? FINAL_FRAME_OVERHEAD : FRAME_OVERHEAD);
    cipher.openInto(sealed.subarray(sealedAt, frameEnd), { sequence, final, plainBytes }, into, plainAt);
    sealedAt = frameEnd;
    plainAt += plainBytes;
  }
  return plainAt - intoOffset;
}

/** From the host come as many bytes as it likes. */
function checkRange(layout: FrameLayout, range: SealedRange, sealed: Uint8Array): void {
  const expected = sealedRange(layout, range.plainOffset, range.plainLength);
  const same = expected.firstFrame === range.firstFrame && expected.frames === range.frames;
  if (!same || sealed.length !== expected.length) {
    throw new SealroomError("SEAL_RANGE", { sealedBytes: sealed.length, expectedBytes: expected.length });
  }
}

/** `index` counts from 0; the one past the last frame gives the object's end. */
function frameOffset({ headerBytes, frameLength, frames, totalBytes }: FrameLayout, index: number): number {
  return index >= frames ? totalBytes : headerBytes + index * (frameLength + FRAME_OVERHEAD);
}
