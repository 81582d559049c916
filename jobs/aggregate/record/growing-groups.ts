// Groups of one dimension of 32-bit keys, numbered as they come, with a table that grows: half full at most. Where the keys
// of the first block lie close together, those near them are looked up in an array instead.
import type { ColumnBatch } from "../../../core/column/vector.ts";
import { SealroomError } from "../../../core/errors.ts";
import { RECORD_LOOPS } from "../wasm/record-kernels.ts";
import type { RecordLoop } from "../wasm/record-kernels.ts";
import { ARENA } from "./arena.ts";
import { copy } from "./block.ts";
import type { Block, Places } from "./block.ts";
import type { RecordGroups } from "./record-groups.ts";

const NEAR_KEYS = 65_536;
const FIRST_SLOTS = 4096;
const SLOT_BYTES = 8;

export class GrowingGroups implements RecordGroups {
  readonly elsewhere = null;
  readonly codes = null;
  readonly #column: number;
  readonly #most: number;
  readonly #stride: number;
  readonly #groups: number;
  /** The block's keys. */
  readonly #keys: number;
  readonly #near: number;
  /** The number of keys, then the keys. All that grows lies behind: slots, and records. */
  readonly #list: number;
  #slots = FIRST_SLOTS;
  #base = 0;
  /** Null before the first block. */
  #nearCount: number | null = null;
  #size = 0;

  constructor(column: number, most: number, groups: number, places: Places, stride: number) {
    this.#column = column;
    this.#most = most;
    this.#stride = stride;
    this.#groups = groups;
    this.#keys = places.next();
    this.#near = places.take((NEAR_KEYS + 1) * 4);
    this.#list = places.end;
  }

  get size(): number {
    return this.#size;
  }

  get records(): number {
    return this.#slotsAt + this.#slots * SLOT_BYTES;
  }

  /** The keys, as words, by group. */
  keys(): Uint32Array {
    const at = this.#list + 4;
    return new Uint32Array(ARENA.views.buffer.slice(at, at + 4 * this.#size));
  }

  start(): void {
    this.#reserve();
    ARENA.views.bytes.fill(0, this.#near, this.#near + (NEAR_KEYS + 1) * 4);
    ARENA.views.bytes.fill(0, this.#slotsAt, this.records);
  }

  assign(batch: ColumnBatch, block: Block): boolean {
    const vector = batch.columns[this.#column];
    if (vector?.layout !== "number" || vector.validity !== null) return false;
    const { passing } = block;
    copy(vector.values, block, ARENA.views.int32, this.#keys / 4);
    this.#nearCount ??= this.#lookNear(passing);
    if (this.#nearCount === 0) this.#run("touchSlots", 0, passing);
    else if (this.#run("findNear", 0, passing) === 0) return true;
    for (let done = 0; done < passing;) {
      done = this.#run("findKeys", done, passing);
      this.#size = ARENA.views.int32[this.#list / 4] ?? 0;
      if (done < passing) this.#grow();
    }
    if (this.#nearCount !== 0) return true;
    RECORD_LOOPS.touchRecords(0, passing, this.#groups, this.records, this.#stride);
    return true;
  }

  copyCodes(): boolean {
    return false;
  }

  /** How many groups there is room for. */
  get #room(): number {
    return Math.min(this.#most, this.#slots / 2);
  }

  get #slotsAt(): number {
    return Math.ceil((this.#list + 4 + 4 * this.#room) / 64) * 64;
  }

  #reserve(): void {
    ARENA.reserve(this.records + this.#room * this.#stride);
  }

  #run(loop: RecordLoop, from: number, to: number): number {
    const mask = (this.#slots - 1) * SLOT_BYTES;
    const table = [this.#slotsAt, mask, this.#list, this.#near, this.#base, this.#nearCount ?? 0] as const;
    const state = [this.records, this.#stride, this.#size, this.#room] as const;
    return RECORD_LOOPS[loop](from, to, this.#keys, this.#groups, ...table, ...state);
  }

  #lookNear(passing: number): number | null {
    if (passing === 0) return null;
    const keys = ARENA.views.int32.subarray(this.#keys / 4, this.#keys / 4 + passing);
    const [least, most] = keys.reduce(([low, high], key) => [Math.min(low, key), Math.max(high, key)], [
      Infinity,
      -Infinity,
    ] as [number, number]);
    this.#base = least;
    return most - least < NEAR_KEYS / 2 ? NEAR_KEYS : 0;
  }

  #grow(): void {
    if (this.#room >= this.#most) throw new SealroomError("AGGREGATE_GROUPS");
    const { records, size } = { records: this.records, size: this.#size };
    this.#slots *= 2;
    this.#reserve();
    const { bytes } = ARENA.views;
    // To higher addresses: records first, over whose place the slots go.
    bytes.copyWithin(this.records, records, records + size * this.#stride);
    bytes.fill(0, this.#slotsAt, this.records);
    this.#run("placeKeys", 0, size);
  }
}
