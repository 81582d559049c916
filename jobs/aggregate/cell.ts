// One value of a small table: a group's key or a released number. Not for data columns, which stay typed arrays.
import type { ColumnType } from "../../core/column/type.ts";

/**
 * By type: bool is boolean; int8..uint32, float and date (days) are number; int64, uint64, timestamp
 * (microseconds) and decimal (units of 10^-scale) are bigint; utf8 is string. Null of any type is null.
 */
export type Cell = null | boolean | number | bigint | string;

/** A literal of the column's type, or an integer that has already been scaled to it, as a cell. */
export function cellOf(value: boolean | number | bigint | string, type: ColumnType): NonNullable<Cell> {
  return typeof value === "bigint" && !isWide(type) ? Number(value) : value;
}

const SMALL: readonly bigint[] = Array.from({ length: 4096 }, (_, value) => BigInt(value));

/** A whole number as a bigint. Small ones, of which a large result has very many, are there already. */
export function wholeCell(value: number): bigint {
  return SMALL[value] ?? BigInt(value);
}

/** The total order of one type's cells: false before true, numbers by value, strings by code point, null last. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Key tuples of equal length, or their first so many cells, by the first cell that differs. */
export function compareKeys(a: readonly Cell[], b: readonly Cell[], length: number = a.length): number {
  for (let at = 0; at < length; at += 1) {
    const order = compareCells(a[at] ?? null, b[at] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

/** Whether cells of the type are bigint: all types but float64 whose values lie in more than one word. */
export function isWide(type: ColumnType): boolean {
  return type.kind === "decimal" || type.kind === "timestamp" || (type.kind === "int" && type.bits === 64);
}

/** By code point, which is also the order of the UTF-8 bytes; JavaScript's own order is by UTF-16 unit. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they rank above U+E000..U+FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
