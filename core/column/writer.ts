// Writes an Arrow IPC file from typed buffers, chunk by chunk, without I/O: the caller sends what each call
// returns to a sink before the next call, and so sets the pace. Buffers go out as they lie, not copied.
// Null slots, spare bits and padding leave as zero, so that no stale memory is exported (security case B6).
import { bitmapBytes, holdsText, valueWidth } from "./batch.ts";
import { encodeFlatbuffer, type SlotSpec, type TableSpec } from "./flatbuffer-encoder.ts";
import { FILE_MAGIC, METADATA_V5 } from "./footer.ts";
import type { ArrowField } from "./schema.ts";
import { schemaSpec } from "./schema-encoder.ts";
import { BATCH_ROWS } from "./type.ts";
import type { Vector } from "./vector.ts";
import { countBits } from "./vectors.ts";
import { clearNulls, clearSpareBits } from "./null-slot.ts";

const ALIGNMENT = 64;
const ZEROS = new Uint8Array(ALIGNMENT);
const HEADER = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
const CONTINUATION = -1;

interface WrittenBlock {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

interface Body {
  readonly record: TableSpec;
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

/** One file: `start()`, then `batch()` for each batch, then `finish()`. */
export class ArrowFileWriter {
  readonly #fields: readonly ArrowField[];
  readonly #batches: WrittenBlock[] = [];
  readonly #dictionaries: WrittenBlock[] = [];
  #bytes = 0;

  constructor(fields: readonly ArrowField[]) {
    this.#fields = fields;
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#bytes;
  }

  start(): readonly Uint8Array[] {
    const magic = new Uint8Array(8);
    magic.set(FILE_MAGIC);
    const schema = frame(HEADER.schema, schemaSpec(this.#fields), 0, magic.length);
    return this.#count([magic, schema]);
  }

  /**
   * One record batch of at most BATCH_ROWS rows, one vector a field in the order of the fields. Each vector's
   * arrays may be longer than its rows. Null slots and spare bits in them are set to zero; the chunks are views
   * on them, valid until the caller changes them.
   */
  batch(rows: number, vectors: readonly Vector[]): readonly Uint8Array[] {
    if (rows > BATCH_ROWS) throw new RangeError(`a batch has at most ${BATCH_ROWS} rows`);
    if (vectors.length !== this.#fields.length) throw new RangeError("one vector a field");
    for (const [i, vector] of vectors.entries()) checkVector(vector, this.#fields[i], rows);
    const body = encodeBody(rows, vectors);
    return this.#message(this.#batches, HEADER.recordBatch, body.record, body);
  }

  /**
   * The dictionary batches, the end-of-stream mark and the footer.
   * @param dictionaries by position of the field, for each field that has one: its distinct strings, by code
   */
  finish(dictionaries: ReadonlyMap<number, readonly string[]>): readonly Uint8Array[] {
    const chunks = this.#fields.flatMap((field, i) => {
      if (field.dictionary === null) return [];
      const strings = dictionaries.get(i);
      if (strings === undefined) throw new RangeError(`field ${i} lacks its dictionary`);
      const body = encodeBody(strings.length, [textVector(strings)]);
      const id: SlotSpec = { kind: "i64", value: field.dictionary.id };
      const header: TableSpec = [id, { kind: "table", value: body.record }, { kind: "u8", value: 0 }];
      return this.#message(this.#dictionaries, HEADER.dictionaryBatch, header, body);
    });
    return [...chunks, ...this.#count([...this.#footer()])];
  }

  #footer(): readonly Uint8Array[] {
    const end = new Uint8Array(8);
    new DataView(end.buffer).setInt32(0, CONTINUATION, true);
    const footer = encodeFlatbuffer([
      { kind: "i16", value: METADATA_V5 },
      { kind: "table", value: schemaSpec(this.#fields) },
      blocksSpec(this.#dictionaries),
      blocksSpec(this.#batches),
    ]);
    const trailer = new Uint8Array(4 + FILE_MAGIC.length);
    new DataView(trailer.buffer).setInt32(0, footer.length, true);
    trailer.set(FILE_MAGIC, 4);
    return [end, footer, trailer];
  }

  #message(blocks: WrittenBlock[], type: number, header: TableSpec, body: Body): readonly Uint8Array[] {
    const metadata = frame(type, header, body.bytes, this.#bytes);
    blocks.push({ offset: this.#bytes, metadataBytes: metadata.length, bodyBytes: body.bytes });
    return this.#count([metadata, ...body.chunks]);
  }

  #count(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const chunk of chunks) this.#bytes += chunk.length;
    return chunks;
  }
}

/** The message, its metadata padded so that its body begins at a multiple of 64 in the file. */
function frame(type: number, header: TableSpec, bodyBytes: number, offset: number): Uint8Array {
  const metadata = encodeFlatbuffer([
    { kind: "i16", value: METADATA_V5 },
    { kind: "u8", value: type },
    { kind: "table", value: header },
    { kind: "i64", value: bodyBytes },
  ]);
  const length = padded(offset + 8 + metadata.length) - offset;
  const message = new Uint8Array(length);
  const view = new DataView(message.buffer);
  view.setInt32(0, CONTINUATION, true);
  view.setInt32(4, length - 8, true);
  message.set(metadata, 8);
  return message;
}

/** The RecordBatch table and the buffers it describes, each padded to 64 bytes. */
function encodeBody(rows: number, vectors: readonly Vector[]): Body {
  const nodes: number[] = [];
  const buffers: number[] = [];
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (const vector of vectors) {
    const nulls = vector.validity === null ? 0 : rows - countBits(vector.validity, rows);
    nodes.push(rows, nulls);
    if (nulls > 0) clearNulls(vector, rows);
    for (const buffer of vectorBuffers(vector, rows, nulls)) {
      buffers.push(bytes, buffer.length);
      const padding = padded(buffer.length) - buffer.length;
      chunks.push(buffer, ZEROS.subarray(0, padding));
      bytes += buffer.length + padding;
    }
  }
  const record: TableSpec = [
    { kind: "i64", value: rows },
    { kind: "structs", value: nodes, numbersPerStruct: 2 },
    { kind: "structs", value: buffers, numbersPerStruct: 2 },
  ];
  return { record, chunks: chunks.filter((chunk) => chunk.length > 0), bytes };
}

function vectorBuffers(vector: Vector, rows: number, nulls: number): readonly Uint8Array[] {
  const { validity } = vector;
  const bits = nulls === 0 || validity === null ? ZEROS.subarray(0, 0) : clearSpareBits(validity, rows);
  switch (vector.layout) {
    case "bits":
      return [bits, clearSpareBits(vector.values, rows)];
    case "number":
      return [bits, bytesOfArray(vector.values.subarray(0, rows))];
    case "words":
      return [bits, bytesOfArray(vector.words.subarray(0, rows * vector.wordsPerValue))];
    case "dictionary":
      return [bits, bytesOfArray(vector.codes.subarray(0, rows))];
    case "utf8":
      return [
        bits,
        bytesOfArray(vector.offsets.subarray(0, rows + 1)),
        vector.bytes.subarray(0, vector.offsets[rows]),
      ];
  }
}

function bytesOfArray(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A vector that is too short or too wide would export what lies behind it: refused as a fault of the caller. */
function checkVector(vector: Vector, field: ArrowField | undefined, rows: number): void {
  const bits = vector.validity === null || vector.validity.length >= bitmapBytes(rows);
  if (field === undefined || !bits || !fits(vector, field, rows)) {
    throw new RangeError("a vector does not fit its field");
  }
}

function fits(vector: Vector, field: ArrowField, rows: number): boolean {
  const width = field.dictionary === null ? valueWidth(field.type) : field.dictionary.bits >> 3;
  switch (vector.layout) {
    case "bits":
      return field.type.kind === "bool" && vector.values.length >= bitmapBytes(rows);
    case "number":
      return vector.values.BYTES_PER_ELEMENT === width && vector.values.length >= rows;
    case "words":
      return 4 * vector.wordsPerValue === width && vector.words.length >= rows * vector.wordsPerValue;
    case "dictionary":
      return (
        vector.codes.BYTES_PER_ELEMENT === width && vector.codes.length >= rows && field.dictionary !== null
      );
    case "utf8":
      return holdsText(field) && vector.offsets.length > rows && vector.offsets[0] === 0;
  }
}

function textVector(strings: readonly string[]): Vector {
  const encoded = strings.map((text) => new TextEncoder().encode(text));
  const offsets = new Int32Array(strings.length + 1);
  for (const [i, bytes] of encoded.entries()) offsets[i + 1] = (offsets[i] ?? 0) + bytes.length;
  const bytes = new Uint8Array(offsets[strings.length] ?? 0);
  for (const [i, part] of encoded.entries()) bytes.set(part, offsets[i]);
  return { type: { kind: "utf8" }, rows: strings.length, validity: null, layout: "utf8", offsets, bytes };
}

function blocksSpec(blocks: readonly WrittenBlock[]): SlotSpec {
  const numbers = blocks.flatMap(({ offset, metadataBytes, bodyBytes }) => [
    offset,
    metadataBytes,
    bodyBytes,
  ]);
  return { kind: "structs", value: numbers, numbersPerStruct: 3 };
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
