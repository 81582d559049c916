// Where bytes lie in a plaintext file. Every length and offset comes from the file itself, so ranges are
// checked against what they must lie in before anyone fetches them.

/** Half-open, in bytes from the start of the file. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Gives exactly the bytes of a range that was announced before; the caller has fetched them. */
export type BytesOf = (range: Range) => Uint8Array;

export const EMPTY_RANGE: Range = { start: 0, end: 0 };

export function rangeBytes(range: Range): number {
  return range.end - range.start;
}

/** The ranges that hold any byte, in file order. */
export function inFileOrder(ranges: readonly Range[]): readonly Range[] {
  return ranges.filter((range) => range.end > range.start).sort((a, b) => a.start - b.start);
}
