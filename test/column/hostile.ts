// Files that the writer would never write, made with its own encoder.
import { encodeFlatbuffer, type SlotSpec, type TableSpec } from "../../core/column/flatbuffer-encoder.ts";
import type { ArrowField } from "../../core/column/schema.ts";
import { schemaSpec } from "../../core/column/schema-encoder.ts";

/** A file with one record batch: the given RecordBatch table, and whatever body. */
export function fileOfBatch(
  fields: readonly ArrowField[],
  record: TableSpec,
  body: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const message = encodeFlatbuffer([
    { kind: "i16", value: 4 },
    { kind: "u8", value: 3 },
    { kind: "table", value: record },
    { kind: "i64", value: body.length },
  ]);
  const framed = new Uint8Array(8 + message.length);
  new DataView(framed.buffer).setInt32(0, -1, true);
  new DataView(framed.buffer).setInt32(4, message.length, true);
  framed.set(message, 8);
  const footer = encodeFlatbuffer([
    { kind: "i16", value: 4 },
    { kind: "table", value: schemaSpec(fields) },
    null,
    { kind: "structs", value: [8, framed.length, body.length], numbersPerStruct: 3 },
  ]);
  const trailer = new Uint8Array(10);
  new DataView(trailer.buffer).setInt32(0, footer.length, true);
  trailer.set(new TextEncoder().encode("ARROW1"), 4);
  return new Uint8Array(Buffer.concat([new Uint8Array(8), framed, body, footer, trailer]));
}

const ROWS: SlotSpec = { kind: "i64", value: 0 };

/** Message.fbs: RecordBatch.compression is slot 3; an empty table says LZ4, whole buffers. */
export const COMPRESSION: SlotSpec = { kind: "table", value: [] };

export function compressBatch(): Uint8Array {
  return fileOfBatch([], [ROWS, null, null, COMPRESSION]);
}

/** One dictionary column, one empty batch, and no dictionary anywhere. */
export function emptyDictionaryColumn(): Uint8Array {
  const fields: readonly ArrowField[] = [
    { name: "d", type: { kind: "utf8" }, dictionary: { id: 0, bits: 8 } },
  ];
  const record: TableSpec = [
    ROWS,
    { kind: "structs", value: [0, 0], numbersPerStruct: 2 },
    { kind: "structs", value: [0, 0, 0, 0], numbersPerStruct: 2 },
  ];
  return fileOfBatch(fields, record);
}
