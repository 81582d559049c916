// Reads a file as a caller does that has not got it: by announced ranges only, counting what it fetches.
import assert from "node:assert/strict";
import { metadataRange, neededRanges, parseBatch } from "../../core/column/batch.ts";
import { dictionaryRanges, parseDictionaries, readDictionary } from "../../core/column/dictionary.ts";
import { footerBytes, parseFooter } from "../../core/column/footer.ts";
import type { BytesOf, Range } from "../../core/column/range.ts";
import { readColumns } from "../../core/column/vectors.ts";
import { cellsOf, type Cell } from "./cells.ts";

/** @throws what the reader throws */
export function readByRanges(file: Uint8Array): {
  cells: readonly (readonly (Cell | null)[])[];
  fetchedBytes: number;
} {
  let fetchedBytes = 0;
  const fetched = new Map<Range, Uint8Array>();
  const fetch = (range: Range): Uint8Array => {
    assert.ok(range.start >= 0 && range.start <= range.end && range.end <= file.length, "inside the file");
    fetchedBytes += range.end - range.start;
    const bytes = file.slice(range.start, range.end);
    fetched.set(range, bytes);
    return bytes;
  };
  const bytesOf: BytesOf = (range) => {
    const bytes = [...fetched].find(([known]) => known.start === range.start && known.end === range.end)?.[1];
    assert.ok(bytes !== undefined, "announced before it is read");
    return bytes;
  };
  const layout = parseFooter(file.subarray(file.length - footerBytes(file, file.length)), file.length);
  const layouts = parseDictionaries(
    layout.dictionaries.map((block) => fetch(metadataRange(block))),
    layout,
  );
  const dictionaries = new Map(
    layouts.map((dictionary) => {
      dictionaryRanges(dictionary).forEach(fetch);
      return [dictionary.column, readDictionary(dictionary, bytesOf)];
    }),
  );
  const cells: (Cell | null)[][] = layout.fields.map(() => []);
  const all = layout.fields.map((_, i) => i);
  for (const block of layout.batches) {
    const batch = parseBatch(fetch(metadataRange(block)), block, layout.fields);
    neededRanges(batch, all).forEach(fetch);
    readColumns(layout.fields, batch, all, dictionaries, bytesOf).columns.forEach((vector, i) =>
      cells[i]?.push(...cellsOf(vector)),
    );
  }
  return { cells, fetchedBytes };
}
