// An Arrow file read the plain way: no bounds, no checks, one value at a time. Only for files that the real reader
// has accepted.
import type { Cell } from "./cells.ts";

class Naive {
  readonly view: DataView;
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  i32 = (at: number): number => this.view.getInt32(at, true);
  i64 = (at: number): number => Number(this.view.getBigInt64(at, true));
  follow = (at: number): number => at + this.view.getUint32(at, true);
  /** The place of a slot's value, or undefined. */
  slot(table: number, index: number): number | undefined {
    const vtable = table - this.i32(table);
    if (4 + 2 * index >= this.view.getUint16(vtable, true)) return undefined;
    const offset = this.view.getUint16(vtable + 4 + 2 * index, true);
    return offset === 0 ? undefined : table + offset;
  }
  table(table: number, index: number): number | undefined {
    const at = this.slot(table, index);
    return at === undefined ? undefined : this.follow(at);
  }
  number(table: number, index: number, width: 1 | 2 | 4 | 8, absent = 0): number {
    const at = this.slot(table, index);
    if (at === undefined) return absent;
    if (width === 8) return this.i64(at);
    if (width === 4) return this.i32(at);
    return width === 2 ? this.view.getInt16(at, true) : this.view.getUint8(at);
  }
  /** Where each element of a vector lies. */
  vector(table: number, index: number, width: number): readonly number[] {
    const at = this.table(table, index);
    return at === undefined ? [] : Array.from({ length: this.i32(at) }, (_, i) => at + 4 + i * width);
  }
}

interface Field {
  readonly type: number;
  readonly bits: number;
  readonly signed: boolean;
  /** Of a date: 1 for milliseconds. Of a timestamp: 0 to 3, from seconds to nanoseconds. */
  readonly unit: number;
  readonly dictionary: { readonly id: number; readonly bits: number; readonly signed: boolean } | null;
}

/** Schema.fbs. */
const [UTF8, DATE, TIMESTAMP, LARGE_UTF8] = [5, 8, 10, 20];

/** The cells of each column, over all batches. */
export function naiveCells(bytes: Uint8Array): readonly (readonly (Cell | null)[])[] {
  const file = new Naive(bytes);
  const footerBytes = file.i32(bytes.length - 10);
  const footerAt = bytes.length - 10 - footerBytes;
  const footer = new Naive(bytes.subarray(footerAt, bytes.length - 10));
  const root = footer.follow(0);
  const schema = footer.table(root, 1) ?? 0;
  const fields = footer.vector(schema, 1, 4).map((at) => readField(footer, footer.follow(at)));
  const dictionaries = new Map<number, readonly (Cell | null)[]>();
  for (const at of footer.vector(root, 2, 24)) {
    // Which width offsets have is said where the codes are.
    const text = (type: number): ReturnType<typeof readBlock> =>
      readBlock(bytes, footer, at, [{ type, bits: 0, signed: false, unit: 0, dictionary: null }]);
    const { id } = readBlock(bytes, footer, at, []);
    const type = fields.find(({ dictionary }) => dictionary?.id === id)?.type ?? UTF8;
    dictionaries.set(id, text(type).columns[0] ?? []);
  }
  const cells: (Cell | null)[][] = fields.map(() => []);
  for (const at of footer.vector(root, 3, 24)) {
    const { columns } = readBlock(bytes, footer, at, fields);
    for (const [i, column] of columns.entries()) {
      const dictionary = fields[i]?.dictionary;
      const strings = dictionary ? dictionaries.get(dictionary.id) : undefined;
      for (const cell of column) {
        cells[i]?.push(cell === null || strings === undefined ? cell : (strings[Number(cell)] ?? null));
      }
    }
  }
  return cells;
}

function readField(footer: Naive, field: number): Field {
  const type = footer.number(field, 2, 1);
  const parameters = footer.table(field, 3) ?? 0;
  const encoding = footer.table(field, 4);
  const index = encoding === undefined ? undefined : footer.table(encoding, 1);
  return {
    type,
    bits:
      type === 3 ? 16 << footer.number(parameters, 0, 2) : type === 2 ? footer.number(parameters, 0, 4) : 0,
    signed: type === 2 && footer.number(parameters, 1, 1) !== 0,
    unit: type === DATE || type === TIMESTAMP ? footer.number(parameters, 0, 2, type === DATE ? 1 : 0) : 0,
    dictionary:
      encoding === undefined
        ? null
        : {
            id: footer.number(encoding, 0, 8),
            bits: index === undefined ? 32 : footer.number(index, 0, 4),
            signed: index === undefined || footer.number(index, 1, 1) !== 0,
          },
  };
}

function readBlock(
  bytes: Uint8Array,
  footer: Naive,
  at: number,
  fields: readonly Field[],
): { id: number; columns: (Cell | null)[][] } {
  const offset = footer.i64(at);
  const bodyAt = offset + footer.i32(at + 8);
  const metadata = new Naive(bytes.subarray(offset + 8, bodyAt));
  const message = metadata.follow(0);
  const header = metadata.table(message, 2) ?? 0;
  const isDictionary = metadata.number(message, 1, 1) === 2;
  const record = isDictionary ? (metadata.table(header, 1) ?? 0) : header;
  const rows = metadata.number(record, 0, 8);
  const nodes = metadata.vector(record, 1, 16);
  const buffers = metadata.vector(record, 2, 16).map((buffer) => bodyAt + metadata.i64(buffer));
  const file = new Naive(bytes);
  let next = 0;
  const columns = fields.map((field, i) => {
    const nulls = metadata.i64((nodes[i] ?? 0) + 8);
    const isText = field.type === UTF8 || field.type === LARGE_UTF8;
    const used = isText && field.dictionary === null ? 3 : 2;
    const [validity = 0, first = 0, second = 0] = buffers.slice(next, next + used);
    next += used;
    return Array.from({ length: rows }, (_, row) => {
      const bit = (start: number): boolean =>
        ((file.view.getUint8(start + Math.floor(row / 8)) >> (row % 8)) & 1) === 1;
      if (nulls > 0 && !bit(validity)) return null;
      if (field.dictionary !== null) {
        return integer(file, first, row, field.dictionary.bits, field.dictionary.signed);
      }
      switch (field.type) {
        case 2:
          return integer(file, first, row, field.bits, field.signed);
        case 3:
          return field.bits === 32
            ? file.view.getFloat32(first + 4 * row, true)
            : file.view.getFloat64(first + 8 * row, true);
        case UTF8:
        case LARGE_UTF8: {
          const isLarge = field.type === LARGE_UTF8;
          const offset = (at: number): number =>
            isLarge ? file.i64(first + 8 * at) : file.i32(first + 4 * at);
          const [start, end] = [offset(row), offset(row + 1)];
          return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
            bytes.subarray(second + start, second + end),
          );
        }
        case 6:
          return bit(first);
        case 7:
          return BigInt.asIntN(
            128,
            file.view.getBigUint64(first + 16 * row, true) +
              (file.view.getBigInt64(first + 16 * row + 8, true) << 64n),
          );
        case DATE:
          return field.unit === 0
            ? file.i32(first + 4 * row)
            : naiveDays(file.view.getBigInt64(first + 8 * row, true));
        default:
          return naiveMicroseconds(file.view.getBigInt64(first + 8 * row, true), field.unit);
      }
    });
  });
  return { id: isDictionary ? metadata.number(header, 0, 8) : -1, columns };
}

function integer(file: Naive, start: number, row: number, bits: number, signed: boolean): number | bigint {
  switch (bits) {
    case 8:
      return signed ? file.view.getInt8(start + row) : file.view.getUint8(start + row);
    case 16:
      return signed ? file.view.getInt16(start + 2 * row, true) : file.view.getUint16(start + 2 * row, true);
    case 32:
      return signed ? file.view.getInt32(start + 4 * row, true) : file.view.getUint32(start + 4 * row, true);
    default:
      return signed
        ? file.view.getBigInt64(start + 8 * row, true)
        : file.view.getBigUint64(start + 8 * row, true);
  }
}

function naiveDays(milliseconds: bigint): number {
  const inDay = ((milliseconds % 86_400_000n) + 86_400_000n) % 86_400_000n;
  const days = (milliseconds - inDay) / 86_400_000n;
  return Number(days > 2n ** 31n - 1n ? 2n ** 31n - 1n : days < -(2n ** 31n) ? -(2n ** 31n) : days);
}

function naiveMicroseconds(value: bigint, unit: number): bigint {
  if (unit === 3) return (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n;
  const scaled = value * (unit === 0 ? 1_000_000n : unit === 1 ? 1_000n : 1n);
  return scaled > 2n ** 63n - 1n ? 2n ** 63n - 1n : scaled < -(2n ** 63n) ? -(2n ** 63n) : scaled;
}
