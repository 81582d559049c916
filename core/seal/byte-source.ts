// Where the bytes of an encrypted object come from, by range, and how its plaintext is read. Whoever gives the bytes is
// not trusted: they may be any of the right length, and others the second time.
import type { BytesOf, Range } from "../column/range.ts";
import { rangeBytes } from "../column/range.ts";

export interface ByteSource {
  /** Fills `target` from `offset`. */
  readInto(offset: number, target: Uint8Array): Promise<void>;
}

/** Plaintext by ranges. No byte of it is seen before it has verified. */
export interface OpenedFile {
  readonly plainBytes: number;
  read(ranges: readonly Range[]): Promise<BytesOf>;
}

/** Bytes that lie at `start` of a file. */
export interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Ascending, with no two that touch, and none that is empty. */
export function mergeRanges(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  const sorted = ranges.filter((range) => rangeBytes(range) > 0).sort((a, b) => a.start - b.start);
  for (const next of sorted) {
    const last = merged.at(-1);
    if (last === undefined || next.start > last.end) merged.push(next);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
  }
  return merged;
}

/** Answers for every range that lies in one of the pieces. */
export function bytesOfPieces(pieces: readonly Piece[]): BytesOf {
  return ({ start, end }) => {
    if (start === end) return new Uint8Array(0);
    const piece = pieces.find(({ start: at, bytes }) => at <= start && end <= at + bytes.length);
    if (piece === undefined) throw new Error("internal: a range that was not read");
    return piece.bytes.subarray(start - piece.start, end - piece.start);
  };
}
