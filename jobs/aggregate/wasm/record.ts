// How the state of one group lies in a record: its counts, then a part for each measure, or for two that lie side by side.
// The bytes that each row touches come first.

/** int32: rows, rows that are not the first of their unit here, the ordinal of the last unit seen (0 is none). */
export const ROWS = 0;
export const REPEATS = 4;
export const LAST_UNIT = 8;
export const COUNTS_BYTES = 16;

/** Measures that one loop adds at a time. */
export type Lanes = 1 | 2;

/**
 * In a part, float64 by lane: the total of the group's last unit, not clipped yet; then the sum, of which the high part of
 * integers is touched only when the low part overflows (sum.ts).
 */
export function partAt(lanes: Lanes): {
  readonly total: number;
  readonly low: number;
  readonly high: number;
} {
  return { total: 0, low: 8 * lanes, high: 16 * lanes };
}

export function partBytes(lanes: Lanes): number {
  return 24 * lanes;
}
