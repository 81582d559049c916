// Where things lie in the kernels' memory: the rows of one chunk, then what groups need. Addresses in bytes.
import { CHUNK_ROWS } from "../chunk.ts";

/** Groups whose state is copied at little cost for each chunk. */
export const MAX_KERNEL_GROUPS = 4096;

export const GROUPS = 0;
export const ORDINALS: number = GROUPS + CHUNK_ROWS * 4;
export const FIRSTS: number = ORDINALS + CHUNK_ROWS * 4;
export const VALUES: number = FIRSTS + CHUNK_ROWS;
export const SUMS: number = VALUES + CHUNK_ROWS * 8;
export const UNITS: number = SUMS + MAX_KERNEL_GROUPS * 32;
const SLOT_END: number = UNITS + MAX_KERNEL_GROUPS * 16;

/** Sums and units once more for each further measure of a fused loop, at this distance. */
export const SLOT: number = SLOT_END - SUMS;
export const SLOTS = 4;
/**
 * What fused loops read and leave: marks of units' first rows, and of rows with a value; the last ordinal; rows that were
 * saturated.
 */
export const MARKS: number = SUMS + SLOTS * SLOT;
export const VALID: number = MARKS + CHUNK_ROWS / 8;
export const ORDINAL: number = VALID + CHUNK_ROWS / 8;
export const BAD_ROWS: number = ORDINAL + 4;
export const END: number = BAD_ROWS + 4;

/** Parts of a group's sum, in float64 (unit-sums.ts). */
export const TOTAL: number = SUMS;
export const HIGH: number = SUMS + 8;
export const LOW: number = SUMS + 16;
export const LARGEST: number = SUMS + 24;

/** Parts of a group's units, in int32 (unit-tally.ts). */
export const ROWS: number = UNITS;
export const REPEATS: number = UNITS + 4;
export const LAST_UNIT: number = UNITS + 8;
