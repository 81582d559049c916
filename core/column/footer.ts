// An Arrow IPC *file*, read by parts from hostile bytes, without I/O. A caller that can fetch byte ranges of the
// plaintext goes on like this; each step announces ranges, and bytesOf answers for exactly those:
//   1. read the last FOOTER_GUESS_BYTES; if footerBytes(tail, fileBytes) is more, read that many instead
//   2. file = parseFooter(tail, fileBytes); checkSchema(file.fields, manifest.schema, manifest.unit)
//   3. dictionaries: for each file.dictionaries: metadataRange(block) -> parseDictionary; those that the wanted
//      columns need: dictionaryRanges(layout) -> readDictionary
//   4. for each file.batches: metadataRange(block) -> layout = parseBatch(...); neededRanges(layout, columns)
//      -> readColumns(...)
// Which ranges are read depends on the layout and the columns alone, never on a value (DESIGN 1.4).
import { SealroomError } from "../errors.ts";
import { FlatBuffer, type StructVector, type Table } from "./flatbuffer.ts";
import type { Range } from "./range.ts";
import { parseSchema, type ArrowField } from "./schema.ts";

/** One encapsulated message: metadata, then at once its body. */
export interface Block {
  readonly metadata: Range;
  readonly body: Range;
}

export interface ArrowFile {
  readonly fields: readonly ArrowField[];
  /** In the file's own order, disjoint and inside the file; so is `dictionaries`. */
  readonly batches: readonly Block[];
  readonly dictionaries: readonly Block[];
}

export const FILE_MAGIC: Uint8Array = new TextEncoder().encode("ARROW1");
/** What to read first from the end: holds the footer of any file this project writes. */
export const FOOTER_GUESS_BYTES: number = 64 * 1024;
export const MAX_FOOTER_BYTES: number = 4 * 1024 * 1024;
export const MAX_BLOCK_METADATA_BYTES: number = 256 * 1024;

const TRAILER_BYTES = 4 + FILE_MAGIC.length;
const HEAD_BYTES = 8;
const BLOCK_BYTES = 24;
export const METADATA_V5 = 4;

/**
 * How many of the file's last bytes `parseFooter` needs, told from any tail of ten bytes or more.
 * @throws COLUMN_FOOTER when the file does not end as an Arrow file ends, COLUMN_LIMIT past MAX_FOOTER_BYTES
 */
export function footerBytes(tail: Uint8Array, fileBytes: number): number {
  if (tail.length < TRAILER_BYTES || tail.length > fileBytes) {
    throw new SealroomError("COLUMN_FOOTER", { fileBytes });
  }
  const at = tail.length - TRAILER_BYTES;
  if (FILE_MAGIC.some((byte, i) => tail[at + 4 + i] !== byte)) {
    throw new SealroomError("COLUMN_FOOTER", { fileBytes });
  }
  const length = new DataView(tail.buffer, tail.byteOffset + at, 4).getInt32(0, true);
  if (length < 8 || HEAD_BYTES + length + TRAILER_BYTES > fileBytes) {
    throw new SealroomError("COLUMN_FOOTER", { fileBytes });
  }
  if (length > MAX_FOOTER_BYTES) throw new SealroomError("COLUMN_LIMIT", { footerBytes: length });
  return length + TRAILER_BYTES;
}

/**
 * @param tail at least `footerBytes(tail, fileBytes)` of the file's last bytes
 * @throws COLUMN_FOOTER, COLUMN_METADATA, COLUMN_TYPE, COLUMN_LIMIT, COLUMN_LAYOUT, COLUMN_DICTIONARY
 */
export function parseFooter(tail: Uint8Array, fileBytes: number): ArrowFile {
  const needed = footerBytes(tail, fileBytes);
  if (tail.length < needed) throw new SealroomError("COLUMN_FOOTER", { fileBytes });
  const buffer = new FlatBuffer(tail.subarray(tail.length - needed, tail.length - TRAILER_BYTES));
  const footer = buffer.root();
  const schema = footer.table(1);
  if (footer.i16(0, 0) !== METADATA_V5 || schema === undefined) {
    throw new SealroomError("COLUMN_METADATA", { part: "footer" });
  }
  const fields = parseSchema(schema);
  const end = fileBytes - needed;
  const dictionaries = parseBlocks(buffer, footer.structs(2, BLOCK_BYTES), end);
  const batches = parseBlocks(buffer, footer.structs(3, BLOCK_BYTES), end);
  checkDictionaries(fields, dictionaries.length, batches.length);
  checkDisjoint([...dictionaries, ...batches]);
  return { fields, batches, dictionaries };
}

function parseBlocks(buffer: FlatBuffer, blocks: StructVector, end: number): readonly Block[] {
  return Array.from({ length: blocks.count }, (_, index) => {
    // File.fbs, struct Block: offset i64, metaDataLength i32, four bytes of padding, bodyLength i64.
    const at = blocks.start + index * BLOCK_BYTES;
    const offset = buffer.i64(at);
    const metadataBytes = buffer.i32(at + 8);
    const bodyBytes = buffer.i64(at + 16);
    if (metadataBytes > MAX_BLOCK_METADATA_BYTES) throw new SealroomError("COLUMN_LIMIT", { metadataBytes });
    const aligned = offset % 8 === 0 && metadataBytes % 8 === 0;
    if (!aligned || metadataBytes <= 8 || offset < HEAD_BYTES || offset + metadataBytes + bodyBytes > end) {
      throw new SealroomError("COLUMN_LAYOUT", { block: index });
    }
    const body = offset + metadataBytes;
    return { metadata: { start: offset, end: body }, body: { start: body, end: body + bodyBytes } };
  });
}

/** Disjoint blocks bound what a reader can be made to fetch by the length of the file. */
function checkDisjoint(blocks: readonly Block[]): void {
  let end = HEAD_BYTES;
  for (const { metadata, body } of [...blocks].sort((a, b) => a.metadata.start - b.metadata.start)) {
    if (metadata.start < end) throw new SealroomError("COLUMN_LAYOUT", { offset: metadata.start });
    end = body.end;
  }
}

/** One for each column that has codes, so that their number is the schema's; writers leave them out with no batches. */
function checkDictionaries(fields: readonly ArrowField[], dictionaries: number, batches: number): void {
  const ids = fields.flatMap((field) => (field.dictionary === null ? [] : [field.dictionary.id]));
  if (new Set(ids).size !== ids.length) throw new SealroomError("COLUMN_DICTIONARY", { part: "id" });
  if (dictionaries === ids.length || (dictionaries === 0 && batches === 0)) return;
  throw new SealroomError("COLUMN_DICTIONARY", { dictionaries, expected: ids.length });
}

/** The header of the message that `metadata` (the bytes of a block's metadata range) holds. */
export function parseMessage(
  metadata: Uint8Array,
  block: Block,
  headerType: number,
): { buffer: FlatBuffer; header: Table } {
  const frame = new FlatBuffer(metadata);
  const expected = block.metadata.end - block.metadata.start;
  // An encapsulated message: -1, then the length of the padded flatbuffer.
  if (metadata.length !== expected || frame.i32(0) !== -1 || frame.i32(4) !== expected - 8) {
    throw new SealroomError("COLUMN_METADATA", { part: "message" });
  }
  const buffer = new FlatBuffer(metadata.subarray(8));
  const message = buffer.root();
  const header = message.table(2);
  const bodyBytes = block.body.end - block.body.start;
  if (message.i16(0, 0) !== METADATA_V5 || message.u8(1) !== headerType || message.i64(3) !== bodyBytes) {
    throw new SealroomError("COLUMN_METADATA", { part: "message" });
  }
  if (header === undefined) throw new SealroomError("COLUMN_METADATA", { part: "header" });
  return { buffer, header };
}
