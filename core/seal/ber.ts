// As much BER as KMS writes: single-byte tags, definite lengths in their shortest form, and indefinite lengths of
// constructed values. Leaves out everything else, and says of every fault the same: CMS_OPEN.
import { SealroomError } from "../errors.ts";

export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;
export const OCTET_STRING_CHUNKS = 0x24;
export const NULL = 0x05;
export const OBJECT_IDENTIFIER = 0x06;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** The context-specific tag [0] or [1]. */
export function contextTag(number: 0 | 1, form: "primitive" | "constructed"): number {
  return 0x80 + number + (form === "constructed" ? 0x20 : 0);
}

// The length octet of an indefinite length, and what #length returns for one.
const INDEFINITE = 0x80;
const INDEFINITE_LENGTH = -1;

/** A cursor over the elements of one constructed value. */
export class BerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #endsWithMark: boolean;
  #at: number;

  private constructor(bytes: Uint8Array, start: number, end: number, endsWithMark: boolean) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#endsWithMark = endsWithMark;
  }

  /** Reads `bytes`, which hold one constructed value and nothing else. */
  static read<T>(bytes: Uint8Array, tag: number, read: (inside: BerReader) => T): T {
    const reader = new BerReader(bytes, 0, bytes.length, false);
    const value = reader.enter(tag, read);
    reader.#close();
    return value;
  }

  /** Whether an element of that tag comes next. */
  next(tag: number): boolean {
    return this.#at < this.#end && this.#bytes[this.#at] === tag;
  }

  /** Whether there is another element. */
  more(): boolean {
    return this.#endsWithMark ? !this.next(0) : this.#at < this.#end;
  }

  /** A constructed value, all of which `read` must take. */
  enter<T>(tag: number, read: (inside: BerReader) => T): T {
    this.#expect(tag);
    const length = this.#length();
    const end = length === INDEFINITE_LENGTH ? this.#end : this.#at + length;
    const inside = new BerReader(this.#bytes, this.#at, end, length === INDEFINITE_LENGTH);
    const value = read(inside);
    inside.#close();
    this.#at = inside.#at;
    return value;
  }

  /** The bytes of a primitive value. */
  primitive(tag: number): Uint8Array {
    this.#expect(tag);
    const length = this.#length();
    if (length === INDEFINITE_LENGTH) throw new SealroomError("CMS_OPEN");
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return content;
  }

  /** A primitive value that must have just these bytes. */
  expect(tag: number, content: Uint8Array): void {
    if (Buffer.compare(this.primitive(tag), content) !== 0) throw new SealroomError("CMS_OPEN");
  }

  #expect(tag: number): void {
    if (this.#u8() !== tag) throw new SealroomError("CMS_OPEN");
  }

  /** Of a value that ends within this one, or INDEFINITE_LENGTH. */
  #length(): number {
    const first = this.#u8();
    if (first === INDEFINITE) return INDEFINITE_LENGTH;
    let length = first;
    if (first > INDEFINITE) {
      const octets = first - INDEFINITE;
      if (octets > 2) throw new SealroomError("CMS_OPEN");
      length = octets === 1 ? this.#u8() : this.#u8() * 256 + this.#u8();
      if (length < (octets === 1 ? 0x80 : 0x100)) throw new SealroomError("CMS_OPEN");
    }
    if (length > this.#end - this.#at) throw new SealroomError("CMS_OPEN");
    return length;
  }

  #close(): void {
    if (this.#endsWithMark) {
      if (this.#u8() !== 0 || this.#u8() !== 0) throw new SealroomError("CMS_OPEN");
    } else if (this.#at !== this.#end) {
      throw new SealroomError("CMS_OPEN");
    }
  }

  #u8(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new SealroomError("CMS_OPEN");
    this.#at++;
    return byte;
  }
}
