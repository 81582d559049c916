// Security case B1: whatever is done to the bytes of an Arrow file, the reader refuses with a code of its own or
// reads what the naive reader reads, and fetches no byte twice on the way.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { metadataRange, neededRanges, parseBatch } from "../../core/column/batch.ts";
import { dictionaryRanges, parseDictionaries, readDictionary } from "../../core/column/dictionary.ts";
import { footerBytes, parseFooter } from "../../core/column/footer.ts";
import type { BytesOf, Range } from "../../core/column/range.ts";
import { readColumns } from "../../core/column/vectors.ts";
import { encodeTable } from "../../core/column/table.ts";
import { SealroomError } from "../../core/errors.ts";
import { arrowFile, cellsOf, tableArbitrary, vectorOf, type Cell, type ColumnModel } from "./model.ts";
import { naiveCells } from "./naive-reader.ts";

const RUNS = process.env["SEALROOM_DEEP"] === undefined ? 4_000 : 1_000_000;

/** Reads as a caller without the file would: announced ranges only. */
function readByRanges(file: Uint8Array): {
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

function checkOutcome(file: Uint8Array): "read" | "refused" {
  let outcome;
  try {
    outcome = readByRanges(file);
  } catch (error) {
    if (!(error instanceof SealroomError) || !error.code.startsWith("COLUMN_")) throw error;
    return "refused";
  }
  assert.deepEqual(outcome.cells, naiveCells(file));
  assert.ok(outcome.fetchedBytes <= file.length, "no byte is fetched twice");
  return "read";
}

function fileOf(columns: readonly ColumnModel[]): Uint8Array {
  const rows = columns[0]?.cells.length ?? 0;
  return encodeTable(
    columns.map(({ field }) => field),
    [{ rows, columns: columns.map(vectorOf) }],
  );
}

/** What an attacker does to a word or a stretch of bytes; places count from the end, where the metadata is. */
const mutation = fc.record({
  place: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.nat(100_000)),
  change: fc.oneof(
    fc.record({ kind: fc.constant("flip" as const), bit: fc.nat(7) }),
    fc.record({ kind: fc.constant("byte" as const), value: fc.nat(255) }),
    fc.record({
      kind: fc.constant("word" as const),
      value: fc.oneof(fc.constantFrom(0, 1, 4, 8, -1, -8, 0x7fffffff, -0x80000000, 0x7ffffff8), fc.integer()),
    }),
    fc.record({
      kind: fc.constant("copy" as const),
      from: fc.nat(100_000),
      bytes: fc.integer({ min: 1, max: 64 }),
    }),
  ),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(file: Uint8Array, { place, change }: Mutation): void {
  const at = file.length - 1 - (place % file.length);
  switch (change.kind) {
    case "flip":
      file[at] = (file[at] ?? 0) ^ (1 << change.bit);
      return;
    case "byte":
      file[at] = change.value;
      return;
    case "word":
      // Fields of metadata lie at multiples of four from the end of the footer.
      if (at - 10 >= 4) new DataView(file.buffer).setInt32(at - 10 - ((at - 10) % 4), change.value, true);
      return;
    case "copy":
      file.copyWithin(at, change.from % file.length, (change.from % file.length) + change.bytes);
  }
}

for (const [writer, write] of [
  ["our writer", fileOf],
  ["apache-arrow", arrowFile],
] as const) {
  test(`a mutant of a file of ${writer} is refused by code or reads as the naive reader reads it`, () => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        tableArbitrary(12),
        fc.array(mutation, { minLength: 1, maxLength: 16 }),
        (columns, mutations) => {
          const file = write(columns).slice();
          for (const one of mutations) mutate(file, one);
          outcomes[checkOutcome(file)] += 1;
        },
      ),
      { numRuns: RUNS },
    );
    // Both outcomes must have been met, else the mutations show nothing. Most mutants of small files are refused.
    assert.ok(outcomes.read > RUNS / 400 && outcomes.refused > RUNS / 400, JSON.stringify(outcomes));
  });
}

test("one bit of every byte of a file flipped: refused by code or read as the naive reader reads it", () => {
  const columns = fc.sample(tableArbitrary(20), { numRuns: 6, seed: 7 });
  for (const file of columns.map(fileOf)) {
    for (let at = 0; at < file.length; at += 1) {
      const bits = process.env["SEALROOM_DEEP"] === undefined ? [at % 8] : [0, 1, 2, 3, 4, 5, 6, 7];
      for (const bit of bits) {
        const mutant = file.slice();
        mutant[at] = (mutant[at] ?? 0) ^ (1 << bit);
        checkOutcome(mutant);
      }
    }
  }
});

test("a file cut short anywhere is refused", () => {
  const [columns = []] = fc.sample(tableArbitrary(20), { numRuns: 1, seed: 11 });
  const file = fileOf(columns);
  for (let length = 0; length < file.length; length += 1) {
    assert.equal(checkOutcome(file.slice(0, length)), "refused", `${length} bytes`);
  }
});
