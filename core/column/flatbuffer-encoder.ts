// Writes the flatbuffers that Arrow metadata needs, front to back: each table after its vtable, each child after
// its parent. No sharing of vtables or strings: metadata is small. flatbuffer.ts is the reader.

/** A table as a list by slot; null is an absent slot. */
export type TableSpec = readonly (SlotSpec | null)[];

export type SlotSpec =
  | { readonly kind: "u8" | "i16" | "i32" | "i64"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "table"; readonly value: TableSpec }
  | { readonly kind: "tables"; readonly value: readonly TableSpec[] }
  /** A vector of structs made of int64 alone, eight bytes a number. */
  | { readonly kind: "structs"; readonly value: readonly number[]; readonly numbersPerStruct: number };

const WIDTH: Readonly<Record<SlotSpec["kind"], number>> = {
  u8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  string: 4,
  table: 4,
  tables: 4,
  structs: 4,
};

/** The flatbuffer of a root table, padded to eight bytes. */
export function encodeFlatbuffer(root: TableSpec): Uint8Array {
  const out = new Writer();
  const at = out.reserve(4, 4);
  out.i32(at, writeTable(out, root) - at);
  out.reserve(0, 8);
  return out.bytes();
}

class Writer {
  #buffer = new Uint8Array(1_024);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  /** Zero bytes at the next place that is `after` past a multiple of `alignment`. */
  reserve(bytes: number, alignment: number, after = 0): number {
    const at = this.#length + ((((after - this.#length) % alignment) + alignment) % alignment);
    this.#length = at + bytes;
    if (this.#length > this.#buffer.length) this.#grow();
    return at;
  }

  #grow(): void {
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(this.#length + 1)));
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }

  u8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  i16(at: number, value: number): void {
    this.#view.setInt16(at, value, true);
  }

  i32(at: number, value: number): void {
    this.#view.setInt32(at, value, true);
  }

  i64(at: number, value: number): void {
    this.#view.setBigInt64(at, BigInt(value), true);
  }

  set(at: number, bytes: Uint8Array): void {
    this.#buffer.set(bytes, at);
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

function writeTable(out: Writer, spec: TableSpec): number {
  const vtableBytes = 4 + 2 * spec.length;
  const vtable = out.reserve(vtableBytes, 2);
  // Widest slots first and the table at 4 past a multiple of 8: then each slot is aligned to its width.
  const slots = spec
    .flatMap((slot, index) => (slot === null ? [] : [{ slot, index }]))
    .sort((a, b) => WIDTH[b.slot.kind] - WIDTH[a.slot.kind]);
  const tableBytes = slots.reduce((sum, { slot }) => sum + WIDTH[slot.kind], 4);
  const table = out.reserve(tableBytes, 8, 4);
  out.i32(table, table - vtable);
  out.i16(vtable, vtableBytes);
  out.i16(vtable + 2, tableBytes);
  let at = table + 4;
  for (const { slot, index } of slots) {
    out.i16(vtable + 4 + 2 * index, at - table);
    writeSlot(out, at, slot);
    at += WIDTH[slot.kind];
  }
  return table;
}

function writeSlot(out: Writer, at: number, slot: SlotSpec): void {
  switch (slot.kind) {
    case "u8":
    case "i16":
    case "i32":
    case "i64":
      out[slot.kind](at, slot.value);
      return;
    case "string":
      out.i32(at, writeString(out, slot.value) - at);
      return;
    case "table":
      out.i32(at, writeTable(out, slot.value) - at);
      return;
    case "tables":
      out.i32(at, writeTables(out, slot.value) - at);
      return;
    case "structs":
      out.i32(at, writeStructs(out, slot.value, slot.numbersPerStruct) - at);
  }
}

function writeString(out: Writer, value: string): number {
  const bytes = new TextEncoder().encode(value);
  // One zero byte follows, which is not counted.
  const at = out.reserve(4 + bytes.length + 1, 4);
  out.i32(at, bytes.length);
  out.set(at + 4, bytes);
  return at;
}

function writeTables(out: Writer, tables: readonly TableSpec[]): number {
  const at = out.reserve(4 + 4 * tables.length, 4);
  out.i32(at, tables.length);
  for (const [i, table] of tables.entries()) {
    const slot = at + 4 + 4 * i;
    out.i32(slot, writeTable(out, table) - slot);
  }
  return at;
}

function writeStructs(out: Writer, numbers: readonly number[], numbersPerStruct: number): number {
  const at = out.reserve(4 + 8 * numbers.length, 8, 4);
  out.i32(at, numbers.length / numbersPerStruct);
  for (const [i, value] of numbers.entries()) out.i64(at + 4 + 8 * i, value);
  return at;
}
