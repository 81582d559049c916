// A bounded reader of the flatbuffer tables that Arrow metadata is made of. Bytes are hostile: every offset,
// vtable and vector is checked against the buffer before it is followed, and nothing recurses here, so depth
// is fixed by the callers. Leaves out writing (flatbuffer-encoder.ts) and every type Arrow does not use.
import { SealroomError } from "../errors.ts";

/** A vector of fixed-size structs: `count` of them begin at `start`, and all lie inside the buffer. */
export interface StructVector {
  readonly start: number;
  readonly count: number;
}

const NO_STRUCTS: StructVector = { start: 0, count: 0 };

function refuse(part: string): never {
  throw new SealroomError("COLUMN_METADATA", { part });
}

/** The bytes of one flatbuffer, read with bounds. */
export class FlatBuffer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Refuses unless `length` bytes lie at `at`; returns `at`. */
  within(at: number, length: number): number {
    if (at < 0 || length < 0 || at + length > this.bytes.length) refuse("offset");
    return at;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.within(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.within(at, 2), true);
  }

  i16(at: number): number {
    return this.#view.getInt16(this.within(at, 2), true);
  }

  i32(at: number): number {
    return this.#view.getInt32(this.within(at, 4), true);
  }

  /** A 64-bit count, offset or id: Arrow's are signed, and none of use to us is negative or past 2^53 - 1. */
  i64(at: number): number {
    const low = this.#view.getUint32(this.within(at, 8), true);
    const high = this.#view.getInt32(at + 4, true);
    if (high < 0 || high > 0x1f_ffff) refuse("number");
    return high * 0x1_0000_0000 + low;
  }

  /** Follows the unsigned offset at `at`; a flatbuffer's offsets point forward only. */
  follow(at: number): number {
    const step = this.#view.getUint32(this.within(at, 4), true);
    if (step < 4) refuse("offset");
    return this.within(at + step, 4);
  }

  root(): Table {
    return new Table(this, this.follow(0));
  }
}

/** One table. A slot that is absent reads as its default, as the format has it. */
export class Table {
  readonly #buffer: FlatBuffer;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #tableBytes: number;

  constructor(buffer: FlatBuffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#vtable = at - buffer.i32(at);
    this.#vtableBytes = buffer.u16(this.#vtable);
    this.#tableBytes = buffer.u16(this.#vtable + 2);
    if (this.#vtableBytes < 4 || this.#vtableBytes % 2 !== 0 || this.#tableBytes < 4) refuse("vtable");
    buffer.within(this.#vtable, this.#vtableBytes);
    buffer.within(at, this.#tableBytes);
  }

  /** Where a slot's `width` bytes lie, or 0 when the slot is absent. */
  #slot(slot: number, width: number): number {
    const entry = 4 + 2 * slot;
    if (entry + 2 > this.#vtableBytes) return 0;
    const offset = this.#buffer.u16(this.#vtable + entry);
    if (offset === 0) return 0;
    if (offset < 4 || offset + width > this.#tableBytes) refuse("slot");
    return this.#at + offset;
  }

  u8(slot: number): number {
    const at = this.#slot(slot, 1);
    return at === 0 ? 0 : this.#buffer.u8(at);
  }

  i16(slot: number, absent: number): number {
    const at = this.#slot(slot, 2);
    return at === 0 ? absent : this.#buffer.i16(at);
  }

  i32(slot: number, absent: number): number {
    const at = this.#slot(slot, 4);
    return at === 0 ? absent : this.#buffer.i32(at);
  }

  i64(slot: number): number {
    const at = this.#slot(slot, 8);
    return at === 0 ? 0 : this.#buffer.i64(at);
  }

  has(slot: number): boolean {
    return this.#slot(slot, 1) !== 0;
  }

  table(slot: number): Table | undefined {
    const at = this.#slot(slot, 4);
    return at === 0 ? undefined : new Table(this.#buffer, this.#buffer.follow(at));
  }

  /** UTF-8 bytes of a string of at most `limit` bytes; empty when absent. */
  string(slot: number, limit: number): Uint8Array {
    const at = this.#slot(slot, 4);
    if (at === 0) return new Uint8Array(0);
    const { start, count } = this.#vector(at, 1);
    if (count > limit) refuse("string");
    return this.#buffer.bytes.subarray(start, start + count);
  }

  structs(slot: number, width: number): StructVector {
    const at = this.#slot(slot, 4);
    return at === 0 ? NO_STRUCTS : this.#vector(at, width);
  }

  /** The number of tables in a vector, checked before any of them is read. */
  tables(slot: number): StructVector {
    return this.structs(slot, 4);
  }

  tableOf(vector: StructVector, index: number): Table {
    return new Table(this.#buffer, this.#buffer.follow(vector.start + 4 * index));
  }

  #vector(at: number, width: number): StructVector {
    const vector = this.#buffer.follow(at);
    const count = this.#buffer.i32(vector);
    if (count < 0) refuse("vector");
    return { start: this.#buffer.within(vector + 4, count * width), count };
  }
}
