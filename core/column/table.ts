// A whole small table in memory, both ways: what a job releases and its recipient opens. Objects of a data set
// are read by ranges instead (footer.ts says how); this is also the shortest example of that.
import { metadataRange, parseBatch } from "./batch.ts";
import { parseDictionaries, readDictionary } from "./dictionary.ts";
import { parseFooter } from "./footer.ts";
import type { BytesOf } from "./range.ts";
import type { ArrowField } from "./schema.ts";
import type { ColumnBatch, Vector } from "./vector.ts";
import { readColumns } from "./vectors.ts";
import { ArrowFileWriter } from "./writer.ts";

export interface ColumnTable {
  readonly fields: readonly ArrowField[];
  readonly batches: readonly ColumnBatch[];
}

/**
 * @param bytes a whole Arrow file
 * @throws COLUMN_*, as the steps do
 */
export function parseTable(bytes: Uint8Array): ColumnTable {
  const bytesOf: BytesOf = (range) => bytes.subarray(range.start, range.end);
  const file = parseFooter(bytes, bytes.length);
  const layouts = parseDictionaries(
    file.dictionaries.map((block) => bytesOf(metadataRange(block))),
    file,
  );
  const dictionaries = new Map(layouts.map((layout) => [layout.column, readDictionary(layout, bytesOf)]));
  const columns = file.fields.map((_, column) => column);
  const batches = file.batches.map((block) => {
    const layout = parseBatch(bytesOf(metadataRange(block)), block, file.fields);
    return readColumns(file.fields, layout, columns, dictionaries, bytesOf);
  });
  return { fields: file.fields, batches };
}

/** An Arrow file of these batches, each a vector a field. Columns with a dictionary share it over all batches. */
export function encodeTable(
  fields: readonly ArrowField[],
  batches: readonly { readonly rows: number; readonly columns: readonly Vector[] }[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const writer = new ArrowFileWriter(fields, null, metadata);
  const chunks = [...writer.start()];
  const dictionaries = new Map<number, readonly string[]>();
  for (const { rows, columns } of batches) {
    chunks.push(...writer.batch(rows, columns));
    for (const [column, vector] of columns.entries()) {
      if (vector.layout === "dictionary") dictionaries.set(column, vector.values);
    }
  }
  for (const [column, field] of fields.entries()) {
    if (field.dictionary !== null && !dictionaries.has(column)) dictionaries.set(column, []);
  }
  chunks.push(...writer.finish(dictionaries));
  const bytes = new Uint8Array(writer.bytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
