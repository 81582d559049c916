// Where the records of groups lie, and which group each row of a block is of. Two kinds: as many groups as the keys' bounds
// say, numbered by group-key.ts; and a growing number, for one dimension of integers.
import type { ColumnBatch } from "../../../core/column/vector.ts";
import type { GroupKeys, RawCodes } from "../group-key.ts";
import { RECORD_LOOPS } from "../wasm/record-kernels.ts";
import type { CodePlace } from "../wasm/record-loop.ts";
import { ARENA } from "./arena.ts";
import { BLOCK_ROWS, copy } from "./block.ts";
import type { Block, Places } from "./block.ts";

type Codes = RawCodes["codes"];

export interface RecordGroups {
  /** A group for rows that do not pass, so that none has to be moved; null where there is none. */
  readonly elsewhere: number | null;
  /** Where the records begin, while nothing grows. */
  readonly records: number;
  /** How many groups may have rows: numbers below it. */
  readonly size: number;
  /** Once the arena is claimed. */
  start(): void;
  /** Of which group numbers are computed, in columns without nulls; null where they are not. */
  readonly codes: readonly CodePlace[] | null;
  /** Writes the rows' groups; false where their keys are not for it. Errors: AGGREGATE_GROUPS. */
  assign(batch: ColumnBatch, block: Block): boolean;
  /** In its place, where all rows pass: false where codes do not lie in the columns. */
  copyCodes(batch: ColumnBatch, block: Block): boolean;
}

/** One record for each number that group-key.ts may give, and one for rows of no group. */
export class FixedGroups implements RecordGroups {
  readonly elsewhere: number;
  readonly size: number;
  readonly records: number;
  readonly #keys: GroupKeys;
  readonly #bytes: number;
  readonly #groups: number;
  readonly codes: readonly CodePlace[] | null;
  readonly #codePlaces: readonly number[];

  /** `batch` is the first. */
  constructor(keys: GroupKeys, batch: ColumnBatch, groups: number, places: Places, stride: number) {
    const bound = keys.bound;
    const raw = keys.rawCodes(batch) ?? [];
    this.#keys = keys;
    this.#groups = groups;
    this.#codePlaces = raw.map(() => places.next());
    this.codes =
      keys.rawCodes(batch) === null
        ? null
        : raw.map(({ codes, bound: ofCodes }, at) => ({
            place: this.#codePlaces[at] ?? 0,
            size: codes.BYTES_PER_ELEMENT === 1 ? 0 : codes.BYTES_PER_ELEMENT === 2 ? 1 : 2,
            bound: ofCodes,
          }));
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
    const raw = this.codes === null ? null : this.#keys.rawCodes(batch);
    const groups = this.#groups / 4;
    if (raw === null) {
      this.#keys.assign(batch, block, int32.subarray(groups, groups + BLOCK_ROWS));
      return true;
    }
    int32.fill(0, groups, groups + block.passing);
    raw.forEach(({ codes, bound }, at) => {
      const place = this.#codePlaces[at] ?? 0;
      if (block.picked === null) {
        bytes.set(bytesOf(codes, block), place);
        RECORD_LOOPS[groupLoopOf(codes)](0, block.count, this.#groups, place, bound);
      } else {
        copy(codes, block, int32, place / 4);
        RECORD_LOOPS.groupCodes32(0, block.passing, this.#groups, place, bound);
      }
    });
    return true;
  }

  copyCodes(batch: ColumnBatch, block: Block): boolean {
    const raw = this.codes === null ? null : this.#keys.rawCodes(batch);
    if (raw === null) return false;
    raw.forEach(({ codes }, at) => {
      ARENA.views.bytes.set(bytesOf(codes, block), this.#codePlaces[at] ?? 0);
    });
    return true;
  }
}

function bytesOf(
  { buffer, byteOffset, BYTES_PER_ELEMENT: width }: Codes,
  { start, count }: Block,
): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start * width, count * width);
}

function groupLoopOf({ BYTES_PER_ELEMENT: width }: Codes): "groupCodes8" | "groupCodes16" | "groupCodes32" {
  return width === 1 ? "groupCodes8" : width === 2 ? "groupCodes16" : "groupCodes32";
}
