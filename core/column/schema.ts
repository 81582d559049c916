// The fields of an Arrow schema as column types, and the check that an object has exactly the columns its
// manifest names (security case B4). Endianness other than little and every nested type are refused.
import { SealroomError } from "../errors.ts";
import { MAX_COLUMNS, type ColumnEntry, type Manifest } from "../manifest/manifest.ts";
import { codeBits } from "./codes.ts";
import type { Table } from "./flatbuffer.ts";
import type { Stored } from "./stored.ts";
import { columnTypeName, findColumnType, UNIT_START_FIELD, type ColumnType } from "./type.ts";

export interface ArrowField {
  readonly name: string;
  readonly type: ColumnType;
  /** Set when the rows hold codes into a dictionary of their own; null when they hold the values. */
  readonly dictionary: Encoding | null;
  /** How a file has the values, or those of the dictionary, where vectors have them otherwise. We write none of these. */
  readonly stored?: Stored;
}

export interface Encoding {
  readonly id: number;
  /** Of a vector's codes, which are signed. */
  readonly bits: 8 | 16 | 32;
  /** How a file has the codes, where vectors have them otherwise. */
  readonly stored?: CodeForm;
}

/** Integers of a dictionary's codes in a file. */
export interface CodeForm {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

const MAX_NAME_BYTES = 1_024;
/** One more than a manifest may name: the unit-start field. */
const MAX_FIELDS: number = MAX_COLUMNS + 1;

// Schema.fbs: the union of types we know, and the units they come in.
const TYPE = {
  int: 2,
  float: 3,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  largeUtf8: 20,
} as const;
const FLOATS: readonly (ColumnType | undefined)[] = [
  undefined,
  { kind: "float", bits: 32 },
  { kind: "float", bits: 64 },
];
const DATE_DAY = 0;
const DATE_DEFAULT = 1;
const UNITS: readonly (Stored | null | undefined)[] = ["seconds", "milliseconds", null, "nanoseconds"];
/** How many bits the codes of a dictionary have, where it is not said: signed ones. */
const CODE_BITS = 32;

/** A type as vectors have it, and how the file has its values, where otherwise. */
type Form = Pick<ArrowField, "type" | "stored">;

export function parseSchema(schema: Table): readonly ArrowField[] {
  if (schema.i16(0, 0) !== 0) throw new SealroomError("COLUMN_METADATA", { part: "endianness" });
  const fields = schema.tables(1);
  if (fields.count > MAX_FIELDS) throw new SealroomError("COLUMN_LIMIT", { columns: fields.count });
  return Array.from({ length: fields.count }, (_, i) => parseField(schema.tableOf(fields, i), i));
}

function parseField(field: Table, index: number): ArrowField {
  const name = parseText(field.string(0, MAX_NAME_BYTES));
  if (field.tables(5).count !== 0) throw new SealroomError("COLUMN_TYPE", { column: index });
  const parameters = field.table(3);
  const form = parameters === undefined ? undefined : parseForm(field.u8(2), parameters);
  if (form === undefined) throw new SealroomError("COLUMN_TYPE", { column: index });
  const encoding = field.table(4);
  const dictionary = encoding === undefined ? null : parseEncoding(encoding, form.type, index);
  return { name, ...form, dictionary };
}

function parseForm(kind: number, parameters: Table): Form | undefined {
  switch (kind) {
    case TYPE.largeUtf8:
      return { type: { kind: "utf8" }, stored: "large_utf8" };
    case TYPE.date:
      return parameters.i16(0, DATE_DEFAULT) === DATE_DAY
        ? { type: { kind: "date" } }
        : { type: { kind: "date" }, stored: "date64" };
    case TYPE.timestamp:
      return parseTimestamp(parameters);
    default: {
      const type = parseType(kind, parameters);
      return type && { type };
    }
  }
}

/** With a zone the numbers are instants in UTC, whichever zone they were to be shown in. */
function parseTimestamp(parameters: Table): Form | undefined {
  const unit = UNITS[parameters.i16(0, 0)];
  if (unit === undefined) return undefined;
  const zone = parseText(parameters.string(1, MAX_NAME_BYTES));
  const type = { kind: "timestamp", zone: zone === "" ? null : "UTC" } as const;
  return unit === null ? { type } : { type, stored: unit };
}

/** A type we hold, or undefined. Slots and defaults are those of Schema.fbs. */
function parseType(kind: number, parameters: Table): ColumnType | undefined {
  switch (kind) {
    case TYPE.int:
      return findColumnType(`${parameters.u8(1) === 0 ? "u" : ""}int${parameters.i32(0, 0)}`);
    case TYPE.float:
      return FLOATS[parameters.i16(0, 0)];
    case TYPE.utf8:
      return { kind: "utf8" };
    case TYPE.bool:
      return { kind: "bool" };
    case TYPE.decimal:
      if (parameters.i32(2, 128) !== 128) return undefined;
      return findColumnType(`decimal(${parameters.i32(0, 0)},${parameters.i32(1, 0)})`);
    default:
      return undefined;
  }
}

function parseEncoding(encoding: Table, type: ColumnType, column: number): Encoding {
  const index = encoding.table(1);
  const form = parseCodes(index);
  if (form === undefined || type.kind !== "utf8" || encoding.i16(3, 0) !== 0) {
    throw new SealroomError("COLUMN_TYPE", { column });
  }
  const bits = codeBits(form);
  const id = encoding.i64(0);
  return form.signed && form.bits === bits ? { id, bits } : { id, bits, stored: form };
}

/** Schema.fbs: without an index type, codes are signed 32-bit integers. */
function parseCodes(index: Table | undefined): CodeForm | undefined {
  if (index === undefined) return { bits: CODE_BITS, signed: true };
  const type = parseType(TYPE.int, index);
  return type?.kind === "int" ? { bits: type.bits, signed: type.signed } : undefined;
}

function parseText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SealroomError("COLUMN_METADATA", { part: "string" });
  }
}

/**
 * Demands the manifest's columns: same number, names, types and order; then the unit-start field if the unit is a column
 * whose rows lie together. Where rows may lie anywhere the field may be there, as in an object that `seal` wrote, and
 * says nothing. Names are compared as strings and never used as property keys.
 * @throws COLUMN_SCHEMA with the position of the first difference
 */
export function checkSchema(
  fields: readonly ArrowField[],
  schema: readonly ColumnEntry[],
  unit: Manifest["unit"],
): void {
  const isMarked = unit === "column" || (unit === "scattered" && fields.length > schema.length);
  const expected = isMarked ? schema.length + 1 : schema.length;
  if (fields.length !== expected) {
    throw new SealroomError("COLUMN_SCHEMA", { columns: fields.length, expected });
  }
  for (const [column, field] of fields.entries()) {
    const entry = schema[column] ?? { name: UNIT_START_FIELD, type: "bool" };
    if (field.name !== entry.name || columnTypeName(field.type) !== entry.type) {
      throw new SealroomError("COLUMN_SCHEMA", { column, expected: `${entry.name} ${entry.type}` });
    }
  }
}
