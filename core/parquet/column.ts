// A column of a Parquet schema as one of our types. By its annotation, of the two forms that there are the newer one where
// both stand; one that we do not know, INT96 and everything nested or repeated is none of our types.
import { findColumnType, type ColumnType } from "../column/type.ts";
import type { ThriftReader } from "./thrift-reader.ts";

/** parquet.thrift, enum Type. */
const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const;

export type TimeUnit = "milliseconds" | "microseconds" | "nanoseconds";

/** What is said of a physical type's values. */
export type Annotation =
  | { readonly kind: "text" | "date" | "unknown" }
  | { readonly kind: "decimal"; readonly scale: number; readonly precision: number }
  | { readonly kind: "timestamp"; readonly unit: TimeUnit; readonly isUtc: boolean }
  | { readonly kind: "int"; readonly bits: number; readonly isSigned: boolean };

/** A SchemaElement without children. */
export interface ParquetColumn {
  readonly name: string;
  readonly physical: number;
  /** Of a value of fixed length, else null. */
  readonly length: number | null;
  readonly isOptional: boolean;
  readonly annotation: Annotation | null;
}

/** Undefined where it is none. */
export function columnType({ physical, length, annotation }: ParquetColumn): ColumnType | undefined {
  switch (physical) {
    case PHYSICAL.boolean:
      return annotation === null ? { kind: "bool" } : undefined;
    case PHYSICAL.float:
      return annotation === null ? { kind: "float", bits: 32 } : undefined;
    case PHYSICAL.double:
      return annotation === null ? { kind: "float", bits: 64 } : undefined;
    case PHYSICAL.int32:
      return integerType(annotation ?? { kind: "int", bits: 32, isSigned: true }, 32, 9);
    case PHYSICAL.int64:
      return integerType(annotation ?? { kind: "int", bits: 64, isSigned: true }, 64, 18);
    case PHYSICAL.bytes:
      return annotation?.kind === "text" ? { kind: "utf8" } : decimalType(annotation, 38);
    case PHYSICAL.fixed:
      return length === null || length < 1 || length > 16 ? undefined : decimalType(annotation, 38);
    default:
      return undefined;
  }
}

function integerType(annotation: Annotation, bits: 32 | 64, digits: number): ColumnType | undefined {
  switch (annotation.kind) {
    case "int":
      if ((bits === 64) !== (annotation.bits === 64)) return undefined;
      return findColumnType(`${annotation.isSigned ? "" : "u"}int${annotation.bits}`);
    case "date":
      return bits === 32 ? { kind: "date" } : undefined;
    case "timestamp":
      return bits === 64 ? { kind: "timestamp", zone: annotation.isUtc ? "UTC" : null } : undefined;
    default:
      return decimalType(annotation, digits);
  }
}

function decimalType(annotation: Annotation | null, digits: number): ColumnType | undefined {
  if (annotation?.kind !== "decimal" || annotation.precision > digits) return undefined;
  return findColumnType(`decimal(${annotation.precision},${annotation.scale})`);
}

/** parquet.thrift, enum ConvertedType. @param scale and precision stand beside it in the element */
export function convertedAnnotation(converted: number, scale: number, precision: number): Annotation {
  switch (converted) {
    case 0:
      return { kind: "text" };
    case 5:
      return { kind: "decimal", scale, precision };
    case 6:
      return { kind: "date" };
    case 9:
      return { kind: "timestamp", unit: "milliseconds", isUtc: true };
    case 10:
      return { kind: "timestamp", unit: "microseconds", isUtc: true };
    case 11:
    case 12:
    case 13:
    case 14:
      return { kind: "int", bits: 8 << (converted - 11), isSigned: false };
    case 15:
    case 16:
    case 17:
    case 18:
      return { kind: "int", bits: 8 << (converted - 15), isSigned: true };
    default:
      return { kind: "unknown" };
  }
}

const UNITS: readonly (TimeUnit | undefined)[] = [undefined, "milliseconds", "microseconds", "nanoseconds"];

/** parquet.thrift, union LogicalType: exactly one member. */
export function readLogical(reader: ThriftReader, type: number): Annotation {
  let found: Annotation = { kind: "unknown" };
  let members = 0;
  reader.struct(type, (member, memberType) => {
    members += 1;
    const facts = { scale: 0, precision: 0, isSet: false, bits: 0, unit: 0 };
    const isSigned = member === 10;
    reader.struct(memberType, (id, fieldType) => {
      if (member === 5 && id === 1) facts.scale = reader.integer(fieldType);
      else if (member === 5 && id === 2) facts.precision = reader.integer(fieldType);
      else if (isSigned && id === 1) facts.bits = reader.byte(fieldType);
      else if ((isSigned && id === 2) || (member === 8 && id === 1)) facts.isSet = reader.flag(fieldType);
      else if (member === 8 && id === 2) facts.unit = readUnit(reader, fieldType);
      else return false;
      return true;
    });
    found = annotationOf(member, facts);
    return true;
  });
  return members === 1 ? found : { kind: "unknown" };
}

interface LogicalFacts {
  readonly scale: number;
  readonly precision: number;
  readonly isSet: boolean;
  readonly bits: number;
  readonly unit: number;
}

function annotationOf(member: number, { scale, precision, isSet, bits, unit }: LogicalFacts): Annotation {
  switch (member) {
    case 1:
      return { kind: "text" };
    case 5:
      return { kind: "decimal", scale, precision };
    case 6:
      return { kind: "date" };
    case 8: {
      const name = UNITS[unit];
      return name === undefined ? { kind: "unknown" } : { kind: "timestamp", unit: name, isUtc: isSet };
    }
    case 10:
      return { kind: "int", bits, isSigned: isSet };
    default:
      return { kind: "unknown" };
  }
}

/** Union TimeUnit, whose members are empty: which one. */
function readUnit(reader: ThriftReader, type: number): number {
  let unit = 0;
  reader.struct(type, (id, memberType) => {
    unit = unit === 0 ? id : Infinity;
    reader.struct(memberType, () => false);
    return true;
  });
  return unit;
}
