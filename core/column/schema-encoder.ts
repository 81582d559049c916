// Column fields as the Schema table of Arrow's Schema.fbs; schema.ts is the reader.
import type { SlotSpec, TableSpec } from "./flatbuffer-encoder.ts";
import type { ArrowField } from "./schema.ts";
import { UNIT_START_FIELD, type ColumnType } from "./type.ts";

/** The table of one type and its number in the union Type. */
interface TypeSpec {
  readonly number: number;
  readonly table: TableSpec;
}

export function schemaSpec(
  fields: readonly ArrowField[],
  metadata: ReadonlyMap<string, string> = new Map(),
): TableSpec {
  const members = [...metadata].map(([key, value]): TableSpec => [
    { kind: "string", value: key },
    { kind: "string", value },
  ]);
  return [
    { kind: "i16", value: 0 },
    { kind: "tables", value: fields.map(fieldSpec) },
    members.length === 0 ? null : { kind: "tables", value: members },
  ];
}

function fieldSpec(field: ArrowField): TableSpec {
  const type = typeSpec(field.type);
  return [
    { kind: "string", value: field.name },
    { kind: "u8", value: field.name === UNIT_START_FIELD ? 0 : 1 },
    { kind: "u8", value: type.number },
    { kind: "table", value: type.table },
    field.dictionary === null ? null : { kind: "table", value: encodingSpec(field.dictionary) },
    { kind: "tables", value: [] },
  ];
}

function encodingSpec(dictionary: NonNullable<ArrowField["dictionary"]>): TableSpec {
  return [
    { kind: "i64", value: dictionary.id },
    { kind: "table", value: intSpec(dictionary.bits, true).table },
    { kind: "u8", value: 0 },
  ];
}

function intSpec(bits: number, signed: boolean): TypeSpec {
  return { number: 2, table: [i32(bits), { kind: "u8", value: signed ? 1 : 0 }] };
}

function typeSpec(type: ColumnType): TypeSpec {
  switch (type.kind) {
    case "int":
      return intSpec(type.bits, type.signed);
    case "float":
      return { number: 3, table: [{ kind: "i16", value: type.bits === 32 ? 1 : 2 }] };
    case "utf8":
      return { number: 5, table: [] };
    case "bool":
      return { number: 6, table: [] };
    case "decimal":
      return { number: 7, table: [i32(type.precision), i32(type.scale), i32(128)] };
    case "date":
      return { number: 8, table: [{ kind: "i16", value: 0 }] };
    case "timestamp": {
      const zone: SlotSpec | null = type.zone === null ? null : { kind: "string", value: type.zone };
      return { number: 10, table: [{ kind: "i16", value: 2 }, zone] };
    }
  }
}

function i32(value: number): SlotSpec {
  return { kind: "i32", value };
}
