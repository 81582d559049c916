// Where the records of groups lie, and which group each row of a block is of. Two kinds: as many groups as the keys' bounds
// say, numbered by group-key.ts; and a growing number, for one dimension of integers.
import type { ColumnBatch } from "../../../core/column/vector.ts";
import type { GroupKeys } from "../group-key.ts";
import { RECORD_LOOPS } from "../wasm/record-kernels.ts";
import { ARENA } from "./arena.ts";
import { BLOCK_ROWS, copy } from "./block.ts";
import type { Block, Places } from "./block.ts";

export interface RecordGroups {
  /** A group for rows that do not pass, so that none has to be moved; null where there is none. */
  readonly elsewhere: number | null;
  /** Where the records begin, while nothing grows. */
  readonly records: number;
  /** How many groups may have rows: numbers below it. */
  readonly size: number;
  /** Once the arena is claimed. */
  start(): void;
  /** Writes the rows' groups; false where their keys are not for it. Errors: AGGREGATE_GROUPS. */
  assign(batch: ColumnBatch, block: Block): boolean;
}

/** One record for each number that group-key.ts may give, and one for rows of no group. */
export class FixedGroups implements RecordGroups {
  readonly elsewhere: number;
  readonly size: number;
  readonly records: number;
  readonly #keys: GroupKeys;
  readonly #bytes: number;
  readonly #groups: number;
  readonly #codes: number;

  constructor(keys: GroupKeys, bound: number, groups: number, places: Places, stride: number) {
    this.#keys = keys;
    this.#groups = groups;
    this.#codes = places.next();
    this.size = bound;
    this.elsewhere = bound;
    this.#bytes = (bound + 1) * stride;
    this.records = places.take(this.#bytes);
  }

  start(): void {
    ARENA.views.bytes.fill(0, this.records, this.records + this.#bytes);
  }

  assign(batch: ColumnBatch, block: Block): boolean {
    const { int32, bytes } = ARENA.views;
    const raw = this.#keys.rawCodes(batch);
    const groups = this.#groups / 4;
    if (raw === null) {
      this.#keys.assign(batch, block, int32.subarray(groups, groups + BLOCK_ROWS));
      return true;
    }
    int32.fill(0, groups, groups + block.passing);
    for (const { codes, bound } of raw) {
      const { count, passing } = block;
      const place = this.#codes;
      if (codes instanceof Int8Array && block.picked === null) {
        const part = new Uint8Array(codes.buffer, codes.byteOffset + block.start, count);
        bytes.set(part, place);
        RECORD_LOOPS.groupCodes8(0, passing, this.#groups, place, bound);
      } else if (codes instanceof Int16Array && block.picked === null) {
        const part = new Uint8Array(codes.buffer, codes.byteOffset + 2 * block.start, 2 * count);
        bytes.set(part, place);
        RECORD_LOOPS.groupCodes16(0, passing, this.#groups, place, bound);
      } else {
        copy(codes, block, int32, place / 4);
        RECORD_LOOPS.groupCodes32(0, passing, this.#groups, place, bound);
      }
    }
    return true;
  }
}
