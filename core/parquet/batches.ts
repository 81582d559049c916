// A Parquet file out of an opened object: the footer, then row group by row group the chunks of the wanted columns, all of
// them and nothing else, so that what is read follows from columns and layout (DESIGN 1.4). A column is decoded by itself,
// and what comes of it read by core/column, as any Arrow bytes are.
import { parseBatch } from "../column/batch.ts";
import { rangeBytes, type Range } from "../column/range.ts";
import { checkSchema } from "../column/schema.ts";
import { parseStream } from "../column/stream.ts";
import { columnTypeName } from "../column/type.ts";
import type { ColumnBatch, Vector } from "../column/vector.ts";
import { readColumns } from "../column/vectors.ts";
import { SealroomError } from "../errors.ts";
import type { ColumnEntry } from "../manifest/manifest.ts";
import type { OpenedFile } from "../seal/byte-source.ts";
import { encodeChunkFile } from "./chunk-file.ts";
import { columnType, type ParquetColumn } from "./column.ts";
import { parquetFault } from "./fault.ts";
import {
  parquetFooterBytes,
  parseParquetFooter,
  PARQUET_GUESS_BYTES,
  type ColumnChunk,
  type ParquetFile,
  type RowGroup,
} from "./footer.ts";
import type { PageDecoder } from "./page-decoder.ts";

/** Rows of each batch but a row group's last. */
export const PARQUET_BATCH_ROWS = 65_536;

export interface ParquetMeans {
  readonly decoder: PageDecoder;
  /** Of a row group's wanted columns a quarter as they lie in the file, and half decoded. */
  readonly mostBytes: number;
  /** Does a piece of work over so many bytes, which waits for nothing. */
  readonly run: <T>(bytes: number, work: () => T) => T;
}

/** @throws COLUMN_PARQUET, COLUMN_TYPE, COLUMN_LIMIT, what reading throws */
export async function openParquet(file: OpenedFile, run: ParquetMeans["run"]): Promise<ParquetFile> {
  const { plainBytes } = file;
  const readTail = async (bytes: number): Promise<Uint8Array> => {
    const range = { start: plainBytes - Math.min(bytes, plainBytes), end: plainBytes };
    return (await file.read([range]))(range);
  };
  const guess = await readTail(PARQUET_GUESS_BYTES);
  const needed = parquetFooterBytes(guess, plainBytes);
  const tail = needed <= guess.length ? guess : await readTail(needed);
  return run(tail.length, () => parseParquetFooter(tail, plainBytes));
}

/** Demands the manifest's columns, as of an Arrow file. @throws COLUMN_SCHEMA */
export function checkParquetSchema({ columns }: ParquetFile, schema: readonly ColumnEntry[]): void {
  const fields = columns.map((column) => ({ name: column.name, type: typeOf(column), dictionary: null }));
  checkSchema(fields, schema, "row");
}

/**
 * Every row in batches, of the columns at these places. The next row group travels while one is worked on.
 * @throws COLUMN_*, POOL_MEMORY, what reading throws
 */
export async function* parquetBatches(
  file: OpenedFile,
  { columns, rowGroups }: ParquetFile,
  places: readonly number[],
  means: ParquetMeans,
): AsyncGenerator<ColumnBatch, void, void> {
  const fetch = async (group: RowGroup | undefined): Promise<readonly Uint8Array[]> => {
    const ranges = group === undefined ? [] : places.map((place) => chunkOf(group, place).range);
    checkRoom(ranges, means.mostBytes / 4);
    const bytesOf = await file.read(ranges);
    return ranges.map(bytesOf);
  };
  let ahead = fetch(rowGroups[0]);
  for (const [index, group] of rowGroups.entries()) {
    const pages = await ahead;
    ahead = fetch(rowGroups[index + 1]);
    ahead.catch(() => undefined);
    let room = Math.floor(means.mostBytes / 2);
    const vectors = places.map((place, i) => {
      const column = columns[place];
      if (column === undefined) throw new RangeError(`no column ${place} in the file`);
      const decoded = decodeColumn(
        column,
        chunkOf(group, place),
        group.rows,
        pages[i] ?? new Uint8Array(0),
        means,
        room,
      );
      room -= decoded.bytes;
      return decoded.vectors;
    });
    yield* batchesOf(vectors, group.rows);
  }
  await ahead;
}

function checkRoom(ranges: readonly Range[], limit: number): void {
  const bytes = ranges.reduce((sum, range) => sum + rangeBytes(range), 0);
  if (bytes > limit) throw new SealroomError("POOL_MEMORY", { bytes, limit: Math.floor(limit) });
}

function chunkOf({ chunks }: RowGroup, place: number): ColumnChunk {
  const chunk = chunks[place];
  if (chunk === undefined) throw new RangeError(`no column ${place} in the row group`);
  return chunk;
}

interface DecodedColumn {
  readonly bytes: number;
  /** One a batch. */
  readonly vectors: readonly Vector[];
}

function decodeColumn(
  column: ParquetColumn,
  chunk: ColumnChunk,
  rows: number,
  pages: Uint8Array,
  { decoder, run }: ParquetMeans,
  room: number,
): DecodedColumn {
  if (rows === 0) return { bytes: 0, vectors: [] };
  // What the layout says is believed only for how long it may take, and so not past what there is room for.
  const stated = Math.max(chunk.uncompressedBytes, rows);
  if (stated > room) throw new SealroomError("POOL_MEMORY", { bytes: stated, limit: room });
  const stream = run(Math.max(stated, pages.length), () =>
    decoder.decode(encodeChunkFile(column, chunk, rows, pages), PARQUET_BATCH_ROWS),
  );
  if (stream.length > room) throw new SealroomError("POOL_MEMORY", { bytes: stream.length, limit: room });
  return { bytes: stream.length, vectors: run(stream.length, () => readStream(stream, column)) };
}

function readStream(stream: Uint8Array, column: ParquetColumn): readonly Vector[] {
  const { fields, blocks } = parseStream(stream);
  const [field] = fields;
  const isExpected = fields.length === 1 && field?.dictionary === null;
  if (!isExpected || columnTypeName(field.type) !== columnTypeName(typeOf(column))) {
    throw parquetFault("batch");
  }
  const bytesOf = ({ start, end }: Range): Uint8Array => stream.subarray(start, end);
  return blocks.flatMap((block) => {
    const layout = parseBatch(bytesOf(block.metadata), block, fields);
    return readColumns(fields, layout, [0], new Map(), bytesOf).columns;
  });
}

/** Refuses columns that are not alike: each batch has a part of every one. */
function* batchesOf(
  columns: readonly (readonly Vector[])[],
  rows: number,
): Generator<ColumnBatch, void, void> {
  const count = Math.ceil(rows / PARQUET_BATCH_ROWS);
  if (columns.some((vectors) => vectors.length !== count)) throw parquetFault("batch");
  for (let index = 0; index < count; index += 1) {
    const length = Math.min(PARQUET_BATCH_ROWS, rows - index * PARQUET_BATCH_ROWS);
    const batch = columns.flatMap((vectors) => vectors.slice(index, index + 1));
    if (batch.some((vector) => vector.rows !== length)) throw parquetFault("batch");
    yield { rows: length, unitStart: null, columns: batch };
  }
}

function typeOf(column: ParquetColumn): NonNullable<ReturnType<typeof columnType>> {
  const type = columnType(column);
  if (type === undefined) throw new RangeError("a footer with such a column is refused");
  return type;
}
