// Writes an Arrow IPC file from typed buffers, chunk by chunk, without I/O: the caller sends what each call
// returns to a sink before the next call, and so sets the pace. Buffers go out as they lie, not copied.
// Null slots, spare bits and padding leave as zero, so that no stale memory is exported (security case B6).
import { bitmapBytes, holdsText, valueWidth } from "./batch.ts";
import { encodeFlatbuffer, type SlotSpec, type TableSpec } from "./flatbuffer-encoder.ts";
import { FILE_MAGIC, METADATA_V5 } from "./footer.ts";
import { BUFFER_ALIGNMENT, placeInFrames, placeInOrder, roundUp, type Placement } from "./placement.ts";
import type { ArrowField } from "./schema.ts";
import { schemaSpec } from "./schema-encoder.ts";
import { MAX_BATCH_ROWS } from "./type.ts";
import type { Vector } from "./vector.ts";
import { countBits } from "./validity.ts";
import { clearNulls, clearSpareBits } from "./null-slot.ts";

const ZEROS = new Uint8Array(64 * 1024);
const HEADER = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
const CONTINUATION = -1;

interface WrittenBlock {
  readonly offset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** Of one batch: a pair of numbers a column, and its buffers in the format's order. */
interface Content {
  readonly rows: number;
  readonly nodes: readonly number[];
  readonly buffers: readonly Uint8Array[];
}

/** One file: `start()`, then `batch()` for each batch, then `finish()`. */
export class ArrowFileWriter {
  readonly #fields: readonly ArrowField[];
  readonly #frameBytes: number | null;
  readonly #metadata: ReadonlyMap<string, string>;
  readonly #batches: WrittenBlock[] = [];
  readonly #dictionaries: WrittenBlock[] = [];
  #bytes = 0;

  /**
   * `frameBytes`: the frames in which the file will be sealed and read by parts; null for one that is read whole.
   * `metadata`: the schema's custom metadata.
   */
  constructor(
    fields: readonly ArrowField[],
    frameBytes: number | null = null,
    metadata: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#fields = fields;
    this.#frameBytes = frameBytes;
    this.#metadata = metadata;
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#bytes;
  }

  start(): readonly Uint8Array[] {
    const magic = new Uint8Array(8);
    magic.set(FILE_MAGIC);
    const schema = encodeMessage(HEADER.schema, schemaSpec(this.#fields, this.#metadata), 0);
    return this.#count([magic, padMessage(schema, magic.length)]);
  }

  /**
   * One record batch of at most MAX_BATCH_ROWS rows, one vector a field in the order of the fields. Each vector's
   * arrays may be longer than its rows. Null slots and spare bits in them are set to zero; the chunks are views
   * on them, valid until the caller changes them.
   */
  batch(rows: number, vectors: readonly Vector[]): readonly Uint8Array[] {
    if (rows > MAX_BATCH_ROWS) throw new RangeError(`a batch has at most ${MAX_BATCH_ROWS} rows`);
    if (vectors.length !== this.#fields.length) throw new RangeError("one vector a field");
    for (const [i, vector] of vectors.entries()) checkVector(vector, this.#fields[i], rows);
    return this.#message(this.#batches, HEADER.recordBatch, collect(rows, vectors), (record) => record);
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
      const content = collect(strings.length, [textVector(strings)]);
      const id: SlotSpec = { kind: "i64", value: field.dictionary.id };
      return this.#message(this.#dictionaries, HEADER.dictionaryBatch, content, (record) => [
        id,
        { kind: "table", value: record },
        { kind: "u8", value: 0 },
      ]);
    });
    return [...chunks, ...this.#count([...this.#footer()])];
  }

  #footer(): readonly Uint8Array[] {
    const end = new Uint8Array(8);
    new DataView(end.buffer).setInt32(0, CONTINUATION, true);
    const footer = encodeFlatbuffer([
      { kind: "i16", value: METADATA_V5 },
      { kind: "table", value: schemaSpec(this.#fields, this.#metadata) },
      blocksSpec(this.#dictionaries),
      blocksSpec(this.#batches),
    ]);
    const trailer = new Uint8Array(4 + FILE_MAGIC.length);
    new DataView(trailer.buffer).setInt32(0, footer.length, true);
    trailer.set(FILE_MAGIC, 4);
    return [end, footer, trailer];
  }

  #message(
    blocks: WrittenBlock[],
    type: number,
    content: Content,
    wrap: (record: TableSpec) => TableSpec,
  ): readonly Uint8Array[] {
    const lengths = content.buffers.map((buffer) => buffer.length);
    const encode = (placement: Placement): Uint8Array =>
      encodeMessage(type, wrap(recordSpec(content, placement)), placement.bytes);
    // Where the body begins depends on how long the metadata is, and that not on what offsets it states.
    const packed = placeInOrder(lengths);
    const start = roundUp(this.#bytes + 8 + encode(packed).length, BUFFER_ALIGNMENT);
    const placement = this.#frameBytes === null ? packed : placeInFrames(lengths, start, this.#frameBytes);
    const metadata = padMessage(encode(placement), this.#bytes);
    blocks.push({ offset: this.#bytes, metadataBytes: metadata.length, bodyBytes: placement.bytes });
    return this.#count([metadata, ...bodyChunks(content.buffers, placement)]);
  }

  #count(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const chunk of chunks) this.#bytes += chunk.length;
    return chunks;
  }
}

function encodeMessage(type: number, header: TableSpec, bodyBytes: number): Uint8Array {
  return encodeFlatbuffer([
    { kind: "i16", value: METADATA_V5 },
    { kind: "u8", value: type },
    { kind: "table", value: header },
    { kind: "i64", value: bodyBytes },
  ]);
}

/** Encapsulated, and padded so that its body begins at a multiple of 64 in the file. */
function padMessage(metadata: Uint8Array, offset: number): Uint8Array {
  const length = roundUp(offset + 8 + metadata.length, BUFFER_ALIGNMENT) - offset;
  const message = new Uint8Array(length);
  const view = new DataView(message.buffer);
  view.setInt32(0, CONTINUATION, true);
  view.setInt32(4, length - 8, true);
  message.set(metadata, 8);
  return message;
}

function collect(rows: number, vectors: readonly Vector[]): Content {
  const nodes: number[] = [];
  const buffers: Uint8Array[] = [];
  for (const vector of vectors) {
    const nulls = vector.validity === null ? 0 : rows - countBits(vector.validity, rows);
    nodes.push(rows, nulls);
    if (nulls > 0) clearNulls(vector, rows);
    buffers.push(...vectorBuffers(vector, rows));
  }
  return { rows, nodes, buffers };
}

/** The RecordBatch table. */
function recordSpec({ rows, nodes, buffers }: Content, { offsets }: Placement): TableSpec {
  const places = buffers.flatMap((buffer, index) => [offsets[index] ?? 0, buffer.length]);
  return [
    { kind: "i64", value: rows },
    { kind: "structs", value: nodes, numbersPerStruct: 2 },
    { kind: "structs", value: places, numbersPerStruct: 2 },
  ];
}

/** The buffers as they lie in the file, with zeros between them. */
function bodyChunks(buffers: readonly Uint8Array[], { offsets, bytes }: Placement): readonly Uint8Array[] {
  const placed = buffers
    .map((buffer, index) => ({ buffer, offset: offsets[index] ?? 0 }))
    .filter(({ buffer }) => buffer.length > 0)
    .sort((a, b) => a.offset - b.offset);
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const { buffer, offset } of placed) {
    chunks.push(...zeros(offset - at), buffer);
    at = offset + buffer.length;
  }
  return [...chunks, ...zeros(bytes - at)];
}

function zeros(bytes: number): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let left = bytes; left > 0; left -= ZEROS.length) chunks.push(ZEROS.subarray(0, left));
  return chunks;
}

function vectorBuffers(vector: Vector, rows: number): readonly Uint8Array[] {
  const { validity } = vector;
  const bits = validity === null ? ZEROS.subarray(0, 0) : clearSpareBits(validity, rows);
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
