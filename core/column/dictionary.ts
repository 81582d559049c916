// The dictionary batch of one column: the distinct strings that its codes stand for. Each column has one of its
// own, whole (no deltas), without nulls. What it may hold is bounded, since strings cost more than their bytes.
import { SealroomError } from "../errors.ts";
import { columnLayout, neededRanges, parseRecordBatch, type BatchLayout } from "./batch.ts";
import { parseMessage, type ArrowFile, type Block } from "./footer.ts";
import { rangeBytes, type BytesOf, type Range } from "./range.ts";
import type { ArrowField } from "./schema.ts";
import { readText } from "./vectors.ts";

export interface DictionaryLayout {
  /** The position in the schema of the column whose codes it explains. */
  readonly column: number;
  readonly batch: BatchLayout;
}

const HEADER_DICTIONARY_BATCH = 2;
export const MAX_DICTIONARY_VALUES: number = 1 << 20;
export const MAX_DICTIONARY_BYTES: number = 64 * 1024 * 1024;
/** Of all dictionaries that a reader holds at a time. */
export const MAX_DICTIONARIES_VALUES: number = 4 * MAX_DICTIONARY_VALUES;
export const MAX_DICTIONARIES_BYTES: number = 2 * MAX_DICTIONARY_BYTES;

const VALUES: readonly ArrowField[] = [{ name: "", type: { kind: "utf8" }, dictionary: null }];

/**
 * @param metadata the bytes of `metadataRange(block)`, block by block in the order of `file.dictionaries`
 * @throws COLUMN_METADATA, COLUMN_COMPRESSED, COLUMN_LIMIT, COLUMN_LAYOUT, COLUMN_DICTIONARY
 */
export function parseDictionaries(
  metadata: readonly Uint8Array[],
  file: ArrowFile,
): readonly DictionaryLayout[] {
  const layouts = file.dictionaries.map((block, i) =>
    parseDictionary(metadata[i] ?? new Uint8Array(0), block, file.fields),
  );
  const columns = new Set(layouts.map((layout) => layout.column));
  if (columns.size !== layouts.length) throw new SealroomError("COLUMN_DICTIONARY", { part: "id" });
  return layouts;
}

function parseDictionary(
  metadata: Uint8Array,
  block: Block,
  fields: readonly ArrowField[],
): DictionaryLayout {
  const { buffer, header } = parseMessage(metadata, block, HEADER_DICTIONARY_BATCH);
  const id = header.i64(0);
  const column = fields.findIndex((field) => field.dictionary?.id === id);
  const data = header.table(1);
  if (column < 0 || data === undefined) throw new SealroomError("COLUMN_DICTIONARY", { part: "id" });
  if (header.u8(2) !== 0) throw new SealroomError("COLUMN_DICTIONARY", { part: "delta" });
  const batch = parseRecordBatch(buffer, data, block.body, VALUES, MAX_DICTIONARY_VALUES);
  const { nullCount, values } = columnLayout(batch, 0);
  if (nullCount !== 0) throw new SealroomError("COLUMN_DICTIONARY", { part: "null" });
  if (rangeBytes(values) > MAX_DICTIONARY_BYTES) throw new SealroomError("COLUMN_LIMIT", { column });
  return { column, batch };
}

/** Refuses dictionaries that are too much together, before any of them is fetched: COLUMN_LIMIT. */
export function checkTotal(layouts: readonly DictionaryLayout[]): void {
  let [values, bytes] = [0, 0];
  for (const { batch } of layouts) {
    values += batch.rows;
    bytes += rangeBytes(columnLayout(batch, 0).values);
  }
  if (values > MAX_DICTIONARIES_VALUES || bytes > MAX_DICTIONARIES_BYTES) {
    throw new SealroomError("COLUMN_LIMIT", { values, bytes });
  }
}

/** The ranges to fetch for readDictionary. */
export function dictionaryRanges(layout: DictionaryLayout): readonly Range[] {
  return neededRanges(layout.batch, [0]);
}

/** @throws COLUMN_OFFSETS, COLUMN_UTF8 */
export function readDictionary(layout: DictionaryLayout, bytesOf: BytesOf): readonly string[] {
  const { offsets, bytes } = readText(
    columnLayout(layout.batch, 0),
    layout.batch.rows,
    layout.column,
    bytesOf,
  );
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return Array.from({ length: layout.batch.rows }, (_, i) =>
    decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])),
  );
}
