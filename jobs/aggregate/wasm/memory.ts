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
export const END: number = UNITS + MAX_KERNEL_GROUPS * 16;

/** Parts of a group's sum, in float64 (unit-sums.ts). */
export const TOTAL: number = SUMS;
export const HIGH: number = SUMS + 8;
export const LOW: number = SUMS + 16;
export const LARGEST: number = SUMS + 24;

/** Parts of a group's units, in int32 (unit-tally.ts). */
export const ROWS: number = UNITS;
export const REPEATS: number = UNITS + 4;
export const LAST_UNIT: number = UNITS + 8;
