// The dictionary batch of one column: the distinct strings that its codes stand for. Each column has one of its
// own, whole (no deltas). What it may hold is bounded, since strings cost more than their bytes.
import { SealroomError } from "../errors.ts";
import { columnLayout, neededRanges, parseRecordBatch, type BatchLayout } from "./batch.ts";
import { parseMessage, type ArrowFile, type Block } from "./footer.ts";
import { rangeBytes, type BytesOf, type Range } from "./range.ts";
import type { ArrowField } from "./schema.ts";
import type { Stored } from "./stored.ts";
import { readText } from "./text-buffers.ts";
import { isSet, readValidity } from "./validity.ts";

export interface DictionaryLayout {
  /** The position in the schema of the column whose codes it explains. */
  readonly column: number;
  readonly batch: BatchLayout;
  readonly stored?: Stored;
}

export interface Dictionary {
  /** By code; of a null, an empty string. */
  readonly values: readonly string[];
  /** As a vector's; null when no value is null. A row with the code of a null is null. */
  readonly validity: Uint8Array | null;
}

const HEADER_DICTIONARY_BATCH = 2;
export const MAX_DICTIONARY_VALUES: number = 1 << 20;
export const MAX_DICTIONARY_BYTES: number = 64 * 1024 * 1024;
/** Of all dictionaries that a reader holds at a time. */
export const MAX_DICTIONARIES_VALUES: number = 4 * MAX_DICTIONARY_VALUES;
export const MAX_DICTIONARIES_BYTES: number = 2 * MAX_DICTIONARY_BYTES;

const VALUES: ArrowField = { name: "", type: { kind: "utf8" }, dictionary: null };

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
  const stored = fields[column]?.stored;
  const form = stored === undefined ? {} : { stored };
  const batch = parseRecordBatch(buffer, data, block.body, [{ ...VALUES, ...form }], MAX_DICTIONARY_VALUES);
  if (rangeBytes(columnLayout(batch, 0).values) > MAX_DICTIONARY_BYTES) {
    throw new SealroomError("COLUMN_LIMIT", { column });
  }
  return { column, batch, ...form };
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

/** @throws COLUMN_OFFSETS, COLUMN_UTF8, COLUMN_VALIDITY */
export function readDictionary({ batch, column, stored }: DictionaryLayout, bytesOf: BytesOf): Dictionary {
  const part = columnLayout(batch, 0);
  const { offsets, bytes } = readText(part, batch.rows, column, stored, bytesOf);
  const validity = readValidity(part, batch.rows, column, bytesOf);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const values = Array.from({ length: batch.rows }, (_, code) =>
    isSet(validity, code) ? decoder.decode(bytes.subarray(offsets[code], offsets[code + 1])) : "",
  );
  return { values, validity };
}
