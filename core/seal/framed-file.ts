// Plaintext by ranges out of a framed message that has verified as a whole. Each frame is opened when it is read, out of
// the object in which it verified: its tag alone would let whoever knows the data key write others in its place.
import type { BytesOf, Range } from "../column/range.ts";
import { SealroomError } from "../errors.ts";
import type { OpenedFile, Piece } from "./byte-source.ts";
import { bytesOfPieces, mergeRanges } from "./byte-source.ts";
import type { CheckedObject } from "./checked-object.ts";
import type { OpenedHeader } from "./header.ts";
import type { FrameLayout, SealedRange } from "./ranged.ts";
import { openFrames, sealedRange } from "./ranged.ts";

export class FramedFile implements OpenedFile {
  readonly #header: OpenedHeader;
  readonly #layout: FrameLayout;
  readonly #object: CheckedObject;
  /** The last frame that was opened: small batches lie many to a frame, and are read one after another. */
  #kept: Piece | null = null;

  constructor(header: OpenedHeader, layout: FrameLayout, object: CheckedObject) {
    this.#header = header;
    this.#layout = layout;
    this.#object = object;
  }

  get plainBytes(): number {
    return this.#layout.plainBytes;
  }

  /** Errors: SEAL_RANGE, SEAL_SEQUENCE, SEAL_FRAME, SEAL_FRAME_TAG, OBJECT_CHANGED, those of the object's source. */
  async read(ranges: readonly Range[]): Promise<BytesOf> {
    const kept = this.#kept;
    const found = kept === null ? [] : [kept];
    const wanted = ranges.filter((range) => kept === null || !holds(kept, range));
    const runs = mergeRanges(wanted.map((range) => this.#widen(range))).map(({ start, end }) =>
      sealedRange(this.#layout, start, end - start),
    );
    const sealed = await this.#object.read(
      runs.map(({ offset, length }) => ({ start: offset, end: offset + length })),
    );
    const pieces = runs.map((run, index) => this.#open(run, sealed[index] ?? new Uint8Array(0)));
    const last = pieces.at(-1);
    if (last !== undefined) this.#keep(last);
    return bytesOfPieces([...pieces, ...found]);
  }

  #keep({ start, bytes }: Piece): void {
    const { frameLength } = this.#layout;
    const from = Math.floor((bytes.length - 1) / frameLength) * frameLength;
    this.#kept = { start: start + from, bytes: bytes.subarray(from) };
  }

  /** In place: plaintext is shorter than its frames, and each frame is read before it is overwritten. */
  #open(run: SealedRange, bytes: Uint8Array): Piece {
    const length = openFrames(this.#header, this.#layout, run, bytes, bytes, 0);
    return { start: run.plainOffset, bytes: bytes.subarray(0, length) };
  }

  /** To where a frame begins and ends. */
  #widen({ start, end }: Range): Range {
    const { frameLength, plainBytes } = this.#layout;
    if (!(start >= 0 && start <= end && end <= plainBytes)) {
      throw new SealroomError("SEAL_RANGE", { plainOffset: start, plainLength: end - start });
    }
    if (start === end) return { start, end };
    const first = Math.floor(start / frameLength) * frameLength;
    return { start: first, end: Math.min(Math.ceil(end / frameLength) * frameLength, plainBytes) };
  }
}

function holds({ start, bytes }: Piece, range: Range): boolean {
  return start <= range.start && range.end <= start + bytes.length;
}
