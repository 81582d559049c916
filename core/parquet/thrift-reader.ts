// Thrift's compact protocol, as a Parquet footer has it, from hostile bytes: no number, length or nesting is believed, and
// nothing is allocated but what a caller keeps. Fields of a struct ascend, as all writers have them, so none comes twice.
import { parquetFault } from "./fault.ts";

const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8 } as const;
const [LIST, SET, MAP, STRUCT] = [9, 10, 11, 12];
const MAX_DEPTH = 16;
const MAX_VARINT_BYTES = 10;
const LONG_LIST = 15;

/** What to do with a field; false where it is of no interest, and is passed over. */
export type ReadField = (id: number, type: number) => boolean;

export class ThriftReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were read. */
  get at(): number {
    return this.#at;
  }

  struct(type: number, read: ReadField): void {
    this.#expect(type, STRUCT);
    this.#enter();
    let id = 0;
    for (let header = this.#byte(); header !== 0; header = this.#byte()) {
      const delta = header >> 4;
      const next = delta === 0 ? this.#zigzag() : id + delta;
      const kind = header & 15;
      if (next <= id || next > 0x7fff || kind === 0 || kind > STRUCT) throw parquetFault("footer");
      id = next;
      if (!read(id, kind)) this.#skip(kind);
    }
    this.#depth -= 1;
  }

  /** The outermost struct, which has no header. */
  root(read: ReadField): void {
    this.struct(STRUCT, read);
  }

  /** Calls `read` for each element, with its type. Every element has a byte at the least. */
  list(type: number, read: (type: number, index: number) => void): number {
    this.#expect(type, LIST);
    const header = this.#byte();
    const short = header >> 4;
    const count = short === LONG_LIST ? this.#varint() : short;
    if (count > this.#bytes.length - this.#at) throw parquetFault("footer");
    for (let index = 0; index < count; index += 1) read(header & 15, index);
    return count;
  }

  /** 16, 32 or 64 bits, whole within 2^53. */
  integer(type: number): number {
    if (type !== TYPE.i16 && type !== TYPE.i32 && type !== TYPE.i64) throw parquetFault("footer");
    return this.#zigzag();
  }

  byte(type: number): number {
    this.#expect(type, TYPE.byte);
    return this.#byte();
  }

  /** A field's value stands in its type. */
  flag(type: number): boolean {
    if (type !== TYPE.true && type !== TYPE.false) throw parquetFault("footer");
    return type === TYPE.true;
  }

  /** A view. */
  binary(type: number, mostBytes: number): Uint8Array {
    this.#expect(type, TYPE.binary);
    const length = this.#varint();
    if (length > mostBytes) throw parquetFault("footer");
    return this.#take(length);
  }

  #skip(type: number): void {
    switch (type) {
      case TYPE.true:
      case TYPE.false:
        return;
      case TYPE.byte:
        this.#take(1);
        return;
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        this.#skipVarint();
        return;
      case TYPE.double:
        this.#take(8);
        return;
      case TYPE.binary:
        this.#take(this.#varint());
        return;
      case LIST:
      case SET:
        this.#skipList();
        return;
      case MAP:
        this.#skipMap();
        return;
      case STRUCT:
        this.struct(STRUCT, () => false);
        return;
      default:
        throw parquetFault("footer");
    }
  }

  #skipList(): void {
    this.#enter();
    this.list(LIST, (type) => {
      this.#skipElement(type);
    });
    this.#depth -= 1;
  }

  #skipMap(): void {
    this.#enter();
    const count = this.#varint();
    const types = count === 0 ? 0 : this.#byte();
    if (count > this.#bytes.length - this.#at) throw parquetFault("footer");
    for (let index = 0; index < count; index += 1) {
      this.#skipElement(types >> 4);
      this.#skipElement(types & 15);
    }
    this.#depth -= 1;
  }

  /** Of a list or map a truth has a byte of its own. */
  #skipElement(type: number): void {
    if (type === TYPE.true || type === TYPE.false) this.#take(1);
    else this.#skip(type);
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw parquetFault("footer");
  }

  #expect(type: number, expected: number): void {
    if (type !== expected) throw parquetFault("footer");
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * weight;
      if (value > Number.MAX_SAFE_INTEGER) throw parquetFault("footer");
      if (byte < 0x80) return value;
      if (weight > 2 ** 53) throw parquetFault("footer");
    }
  }

  /** Of any value: offsets and counts are within 2^53, what is passed over may not be. */
  #skipVarint(): void {
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) if (this.#byte() < 0x80) return;
    throw parquetFault("footer");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw parquetFault("footer");
    this.#at += 1;
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw parquetFault("footer");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
