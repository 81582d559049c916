// An Arrow IPC stream of one schema and record batches, whole and in memory: what the decoder of Parquet's pages gives.
// Leaves out dictionaries, which it does not write.
import { SealroomError } from "../errors.ts";
import { FlatBuffer } from "./flatbuffer.ts";
import { MAX_BLOCK_METADATA_BYTES, METADATA_V5, type Block } from "./footer.ts";
import { parseSchema, type ArrowField } from "./schema.ts";

export interface ArrowStream {
  readonly fields: readonly ArrowField[];
  /** Of record batches: metadata ranges are parseBatch's to read, which refuses any other kind. */
  readonly blocks: readonly Block[];
}

const HEADER_SCHEMA = 1;
const PREFIX_BYTES = 8;

/** @throws COLUMN_METADATA, COLUMN_TYPE, COLUMN_LIMIT, COLUMN_LAYOUT */
export function parseStream(bytes: Uint8Array): ArrowStream {
  const blocks: Block[] = [];
  let fields: readonly ArrowField[] | null = null;
  let at = 0;
  while (at < bytes.length) {
    const message = readMessage(bytes, at);
    if (message === null) break;
    const { block, root } = message;
    if (fields === null) {
      const schema = root.u8(1) === HEADER_SCHEMA ? root.table(2) : undefined;
      if (schema === undefined) throw new SealroomError("COLUMN_METADATA", { part: "message" });
      fields = parseSchema(schema);
    } else {
      blocks.push(block);
    }
    at = block.body.end;
  }
  if (fields === null) throw new SealroomError("COLUMN_METADATA", { part: "message" });
  return { fields, blocks };
}

/** Null at the mark of the end. */
function readMessage(
  bytes: Uint8Array,
  start: number,
): { readonly block: Block; readonly root: ReturnType<FlatBuffer["root"]> } | null {
  if (bytes.length - start < PREFIX_BYTES) throw new SealroomError("COLUMN_LAYOUT", { offset: start });
  const prefix = new DataView(bytes.buffer, bytes.byteOffset + start, PREFIX_BYTES);
  const length = prefix.getInt32(4, true);
  if (prefix.getInt32(0, true) !== -1) throw new SealroomError("COLUMN_METADATA", { part: "message" });
  if (length === 0) return null;
  const body = start + PREFIX_BYTES + length;
  if (length < 0 || length > MAX_BLOCK_METADATA_BYTES) {
    throw new SealroomError("COLUMN_LIMIT", { metadataBytes: length });
  }
  if (body > bytes.length) throw new SealroomError("COLUMN_LAYOUT", { offset: start });
  const root = new FlatBuffer(bytes.subarray(start + PREFIX_BYTES, body)).root();
  const bodyBytes = root.i64(3);
  if (root.i16(0, 0) !== METADATA_V5) throw new SealroomError("COLUMN_METADATA", { part: "message" });
  if (bodyBytes > bytes.length - body) throw new SealroomError("COLUMN_LAYOUT", { offset: start });
  return { block: { metadata: { start, end: body }, body: { start: body, end: body + bodyBytes } }, root };
}
