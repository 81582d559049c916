// Columns in the forms that others write and we do not, as apache-arrow writes them, and what they say, one value at a
// time with integers of any size.
import * as arrow from "apache-arrow";
import fc from "fast-check";
import type { Cell } from "./cells.ts";

/** A column as apache-arrow has it. `cells`: what our reader is to make of it. */
export interface ForeignColumn {
  readonly name: string;
  /** Our type's name. */
  readonly type: string;
  readonly data: arrow.Data;
  readonly cells: readonly (Cell | null)[];
}

const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const INT32 = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const ZONES = [null, "UTC", "Europe/Berlin", "+05:30"] as const;

const INDICES = {
  Int8: arrow.Int8,
  Uint8: arrow.Uint8,
  Int16: arrow.Int16,
  Uint16: arrow.Uint16,
  Int32: arrow.Int32,
  Uint32: arrow.Uint32,
  Int64: arrow.Int64,
  Uint64: arrow.Uint64,
} as const;

/** All but dictionaries, which `dictionaryArbitrary` has. */
export const FORMS: readonly string[] = [
  "large_utf8",
  "date64",
  ...["s", "ms", "us", "ns"].flatMap((unit) => ZONES.map((zone) => `timestamp[${unit}, ${zone ?? "none"}]`)),
];
export const INDEX_NAMES = Object.keys(INDICES) as readonly (keyof typeof INDICES)[];

export function foreignArbitrary(form: string, rows: number): fc.Arbitrary<ForeignColumn> {
  const raw: fc.Arbitrary<string | bigint> =
    form === "large_utf8" ? fc.string({ unit: "grapheme" }) : instants;
  return cellsArbitrary(raw, rows).map((cells) => foreignColumn(form, cells));
}

/** `raw`: texts, or the numbers that stand in the file. */
export function foreignColumn(form: string, raw: readonly (string | bigint | null)[]): ForeignColumn {
  if (form === "large_utf8") return largeText(raw as (string | null)[]);
  if (form === "date64") return date64(raw as (bigint | null)[]);
  const [, unit = "", zone = ""] = /^timestamp\[(.+), (.+)\]$/.exec(form) ?? [];
  return timestamp(unit, zone === "none" ? null : zone, raw as (bigint | null)[]);
}

/** `rows` codes into a few strings, which may be null or the same. */
export function dictionaryArbitrary(
  index: keyof typeof INDICES,
  isLarge: boolean,
  rows: number,
): fc.Arbitrary<ForeignColumn> {
  const strings = fc.array(fc.option(fc.constantFrom("", "a", "bb", "\u{1f30d}")), {
    minLength: 1,
    maxLength: 9,
  });
  return strings.chain((values) =>
    cellsArbitrary(fc.nat({ max: values.length - 1 }), rows).map((codes) =>
      codedColumn(index, isLarge, values, codes),
    ),
  );
}

/** About all of int64, and where conversions saturate or round. */
const instants: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: INT64[0], max: INT64[1] }),
  fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }),
  fc.constantFrom(
    ...INT64,
    0n,
    -1n,
    999n,
    1000n,
    -999n,
    -1000n,
    -1001n,
    86_399_999n,
    -86_400_000n,
    -86_400_001n,
  ),
  fc.constantFrom(INT64[1] / 1000n, INT64[1] / 1000n + 1n, INT64[1] / 1_000_000n, INT64[1] / 1_000_000n + 1n),
  fc.constantFrom(INT64[0] / 1000n, INT64[0] / 1000n - 1n, INT64[0] / 1_000_000n, INT64[0] / 1_000_000n - 1n),
  fc.constantFrom(
    (INT32[1] + 1n) * 86_400_000n,
    (INT32[1] + 1n) * 86_400_000n - 1n,
    INT32[0] * 86_400_000n - 1n,
  ),
);

function cellsArbitrary<T>(cell: fc.Arbitrary<T>, rows: number): fc.Arbitrary<(T | null)[]> {
  const size = { minLength: rows, maxLength: rows };
  return fc.oneof(fc.array(cell, size), fc.array(fc.option(cell), size), fc.array(fc.constant(null), size));
}

function largeText(cells: readonly (string | null)[]): ForeignColumn {
  const type = new arrow.LargeUtf8();
  return { name: "large_utf8", type: "utf8", data: textData(type, cells), cells };
}

function textData(type: arrow.Utf8 | arrow.LargeUtf8, cells: readonly (string | null)[]): arrow.Data {
  const encoded = cells.map((cell) => new TextEncoder().encode(cell ?? "stale"));
  const ends = encoded.map(() => 0);
  for (const [at, bytes] of encoded.entries()) ends[at] = (ends[at - 1] ?? 0) + bytes.length;
  const offsets = [0, ...ends];
  const isLarge = arrow.DataType.isLargeUtf8(type);
  return arrow.makeData({
    ...nullsOf(cells),
    type: type as arrow.Utf8,
    valueOffsets: (isLarge ? BigInt64Array.from(offsets, BigInt) : Int32Array.from(offsets)) as Int32Array,
    data: new Uint8Array(Buffer.concat(encoded)),
  });
}

function date64(raw: readonly (bigint | null)[]): ForeignColumn {
  const days = raw.map((ms) => ms && clamp(floorDiv(ms, 86_400_000n), INT32));
  const type = new arrow.DateMillisecond();
  const data = arrow.makeData({ ...nullsOf(raw), type, data: wordsOf(raw) as never });
  return {
    name: "date64",
    type: "date",
    data,
    cells: days.map((day) => (day === null ? null : Number(day))),
  };
}

const PER_UNIT: Readonly<Record<string, readonly [arrow.TimeUnit, (raw: bigint) => bigint]>> = {
  s: [arrow.TimeUnit.SECOND, (raw) => raw * 1_000_000n],
  ms: [arrow.TimeUnit.MILLISECOND, (raw) => raw * 1_000n],
  us: [arrow.TimeUnit.MICROSECOND, (raw) => raw],
  ns: [arrow.TimeUnit.NANOSECOND, (raw) => floorDiv(raw, 1_000n)],
};

function timestamp(unit: string, zone: string | null, raw: readonly (bigint | null)[]): ForeignColumn {
  const [timeUnit, convert] = PER_UNIT[unit] ?? [];
  if (timeUnit === undefined || convert === undefined) throw new Error(`no unit ${unit}`);
  const data = arrow.makeData({
    ...nullsOf(raw),
    type: new arrow.Timestamp(timeUnit, zone),
    data: wordsOf(raw) as never,
  });
  const cells = raw.map((value) => (value === null ? null : clamp(convert(value), INT64)));
  return { name: `timestamp ${unit}`, type: zone === null ? "timestamp" : "timestamp[UTC]", data, cells };
}

/** A code that is null is a null row's. */
export function codedColumn(
  index: keyof typeof INDICES,
  isLarge: boolean,
  values: readonly (string | null)[],
  codes: readonly (number | null)[],
): ForeignColumn {
  const text = isLarge ? new arrow.LargeUtf8() : new arrow.Utf8();
  const type = new arrow.Dictionary(text, new INDICES[index]() as arrow.Int32);
  const dictionary = new arrow.Vector([textData(text, values)]);
  // A null row's code is past every dictionary.
  const whole = codes.map((code) => code ?? 101);
  const array = index.endsWith("64")
    ? type.indices.ArrayType.from(whole.map(BigInt) as never)
    : type.indices.ArrayType.from(whole);
  const data = arrow.makeData({ ...nullsOf(codes), type, data: array as never, dictionary } as never);
  const cells = codes.map((code) => (code === null ? null : (values[code] ?? null)));
  return { name: `${index}${isLarge ? " large" : ""}`, type: "utf8", data, cells };
}

function nullsOf(cells: readonly unknown[]): {
  length: number;
  nullCount: number;
  nullBitmap: Uint8Array | null;
} {
  const nullCount = cells.filter((cell) => cell === null).length;
  const nullBitmap = new Uint8Array((cells.length + 7) >> 3);
  for (const [row, cell] of cells.entries()) {
    if (cell !== null) nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return { length: cells.length, nullCount, nullBitmap: nullCount === 0 ? null : nullBitmap };
}

function wordsOf(cells: readonly (bigint | null)[]): BigInt64Array {
  return BigInt64Array.from(cells, (cell) => cell ?? 0x5a5a_5a5a_5a5an);
}

function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

function clamp(value: bigint, [least, most]: readonly [bigint, bigint]): bigint {
  return value < least ? least : value > most ? most : value;
}

/** The file that apache-arrow writes of the columns, and that the names tell apart. */
export function foreignFile(columns: readonly ForeignColumn[], names: readonly string[]): Uint8Array {
  const rows = columns[0]?.cells.length ?? 0;
  const fields = columns.map(({ data }, at) => new arrow.Field(names[at] ?? "", data.type, true));
  const children = columns.map(({ data }) => data);
  const data = arrow.makeData({ type: new arrow.Struct(fields), length: rows, nullCount: 0, children });
  const batch = new arrow.RecordBatch(new arrow.Schema(fields), data);
  return arrow.RecordBatchFileWriter.writeAll([batch]).toUint8Array(true);
}
