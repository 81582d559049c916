// The column types a manifest may name, and how each lies in an Arrow buffer. Leaves out nested types: a
// sealed table is flat.

/** One physical column. `decimal` is Arrow Decimal128; `timestamp` is microseconds, UTC when `zone` is set. */
export type ColumnType =
  | { readonly kind: "bool" }
  | { readonly kind: "int"; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: "float"; readonly bits: 32 | 64 }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "utf8" }
  | { readonly kind: "date" }
  | { readonly kind: "timestamp"; readonly zone: "UTC" | null };

const NAMED: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ["bool", { kind: "bool" }],
  ["int8", { kind: "int", bits: 8, signed: true }],
  ["int16", { kind: "int", bits: 16, signed: true }],
  ["int32", { kind: "int", bits: 32, signed: true }],
  ["int64", { kind: "int", bits: 64, signed: true }],
  ["uint8", { kind: "int", bits: 8, signed: false }],
  ["uint16", { kind: "int", bits: 16, signed: false }],
  ["uint32", { kind: "int", bits: 32, signed: false }],
  ["uint64", { kind: "int", bits: 64, signed: false }],
  ["float32", { kind: "float", bits: 32 }],
  ["float64", { kind: "float", bits: 64 }],
  ["utf8", { kind: "utf8" }],
  ["date", { kind: "date" }],
  ["timestamp", { kind: "timestamp", zone: null }],
  ["timestamp[UTC]", { kind: "timestamp", zone: "UTC" }],
]);

/** Parses a manifest's type name; undefined when it names no type. `decimal(p,s)` has p 1..38, s 0..p. */
export function findColumnType(name: string): ColumnType | undefined {
  const decimal = /^decimal\(([1-9][0-9]?),(0|[1-9][0-9]?)\)$/.exec(name);
  if (decimal === null) return NAMED.get(name);
  const precision = Number(decimal[1]);
  const scale = Number(decimal[2]);
  return precision <= 38 && scale <= precision ? { kind: "decimal", precision, scale } : undefined;
}

/** The one name of a type: `findColumnType(columnTypeName(t))` gives `t` back. */
export function columnTypeName(type: ColumnType): string {
  switch (type.kind) {
    case "int":
      return `${type.signed ? "" : "u"}int${type.bits}`;
    case "float":
      return `float${type.bits}`;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "timestamp":
      return type.zone === null ? "timestamp" : "timestamp[UTC]";
    default:
      return type.kind;
  }
}

/**
 * The Arrow field that marks the first row of each unit (DESIGN: "one bit a row"). It is a Bool without
 * nulls, last in the schema, absent when the manifest says `unit: row`. A manifest may not name it.
 */
export const UNIT_START_FIELD = "sealroom:unit_start";

/** Rows in each record batch but an object's last, as `seal` writes them. */
export const BATCH_ROWS = 262_144;
/** The most that a batch may have in a file that others wrote: a reader holds two at a time. */
export const MAX_BATCH_ROWS: number = 4 * BATCH_ROWS;
