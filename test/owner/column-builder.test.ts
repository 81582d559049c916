// Chunks to records to the columns of a batch, against a naive list: nulls at any place, pages that end anywhere, records
// longer than a page, dictionaries that fill up.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { MAX_BUFFER_BYTES } from "../../core/column/batch.ts";
import type { ChunkColumn } from "../../owner/read/chunk-reader.ts";
import type { ColumnBuilder } from "../../owner/write/column-builder.ts";
import { columnBuilder } from "../../owner/write/make-builder.ts";
import { finishDictionary, openDictionaries } from "../../owner/write/dictionaries.ts";
import { CHUNK_ROWS } from "../../owner/read/duckdb-vector.ts";
import { FlagBuilder } from "../../owner/write/flag-builder.ts";
import { recordLayout, type RecordField } from "../../owner/order/record-layout.ts";
import { RecordOrder } from "../../owner/order/record-order.ts";
import { RecordStore } from "../../owner/order/record-store.ts";
import { RecordWriter } from "../../owner/order/record-writer.ts";
import { RowStream } from "../../owner/write/row-stream.ts";
import type { SealColumn } from "../../owner/read/source.ts";
import { SpillFile } from "../../owner/order/spill-file.ts";
import { MAX_DICTIONARY, TextCodes } from "../../owner/order/text-codes.ts";
import type { TextSource } from "../../owner/read/text-vector.ts";
import { cellsOf, typeOf, type Cell } from "../column/cells.ts";
import { cellArbitrary } from "../column/model.ts";
import { refused } from "./refused.ts";

type Cells = readonly (Cell | null)[];

function column(type: string, role: "hidden" | "dimension" = "hidden"): SealColumn {
  return { name: type, type, role, arrowType: typeOf(type) };
}

/** Texts as they lie in a file, each from whatever byte on. */
function textColumn(cells: Cells, sources: TextSource[]): ChunkColumn {
  const encoded = cells.map((cell) => Buffer.from(String(cell ?? "")));
  const bytes = new Uint8Array(
    Math.ceil((encoded.reduce((sum, { length }) => sum + length + 1, 1) + 8) / 4) * 4,
  );
  bytes.fill(0x23);
  const starts = new Int32Array(CHUNK_ROWS);
  const lengths = new Int32Array(CHUNK_ROWS);
  let at = 1;
  for (const [row, text] of encoded.entries()) {
    bytes.set(text, at);
    starts[row] = at;
    lengths[row] = text.length;
    at += text.length + 1;
  }
  sources.push({ words: new Int32Array(bytes.buffer), bytes });
  const nulls = nullsOf(cells);
  const text = { starts, lengths, nulls, sources: new Int32Array(CHUNK_ROWS).fill(sources.length - 1) };
  return { nulls, hasNulls: cells.includes(null), data: new Uint8Array(0), text };
}

function nullsOf(cells: Cells): Uint8Array {
  return Uint8Array.from({ length: CHUNK_ROWS }, (_, row) => (cells[row] === null ? 1 : 0));
}

/** Numbers as DuckDB keeps them in so many bytes; what stands in a null's place means nothing. */
function fixedColumn(cells: Cells, { width }: RecordField): ChunkColumn {
  const data = new Uint8Array(cells.length * width);
  for (const [row, cell] of cells.entries()) {
    const bits = typeof cell === "boolean" ? BigInt(cell) : BigInt(cell ?? 77);
    for (let i = 0; i < width; i += 1) data[row * width + i] = Number((bits >> BigInt(8 * i)) & 0xffn);
  }
  return { nulls: nullsOf(cells), hasNulls: cells.includes(null), data, text: null };
}

const SHAPE = [
  column("utf8"),
  column("decimal(4,2)"),
  column("bool"),
  column("utf8", "dimension"),
  column("decimal(9,0)"),
  column("int16"),
  column("decimal(18,3)"),
  column("int64"),
  column("uint8"),
  column("decimal(38,10)"),
  column("date"),
];

function cellOf({ arrowType: type }: SealColumn): fc.Arbitrary<Cell | null> {
  const cell: fc.Arbitrary<Cell> =
    type.kind === "date" ? fc.integer({ min: -99_999, max: 99_999 }) : cellArbitrary(type);
  return fc.option(cell, { freq: 5 });
}

/** Writes chunks of rows and gathers them again. */
function throughRecords(shape: readonly SealColumn[], chunks: readonly (readonly Cells[])[]): Cells[] {
  const layout = recordLayout(shape, null);
  const spill = new SpillFile();
  const store = new RecordStore({ buckets: 1, pageWords: 256, keptWords: 2_000, expectedWords: 500 }, spill);
  const codes = openDictionaries(shape);
  const writer = new RecordWriter(layout, store, codes);
  for (const columns of chunks) {
    const sources: TextSource[] = [];
    const written = columns.map((cells, i) => {
      const field = layout.fields[i];
      assert.ok(field !== undefined);
      return field.layout === "text" ? textColumn(cells, sources) : fixedColumn(cells, field);
    });
    writer.add(written, sources, columns[0]?.length ?? 0);
  }
  const builders = shape.map(({ arrowType: type }, i) => {
    const field = layout.fields[i];
    assert.ok(field !== undefined);
    const found = codes.get(i);
    const dictionary = found === undefined ? null : finishDictionary(found);
    return columnBuilder({ type, field, hasNulls: writer.hasNulls[i] ?? false, dictionary });
  });
  const texts = layout.texts.flatMap((i) => builders[i] ?? []);
  const order: ColumnBuilder[] = [...texts, ...builders.filter((builder) => !texts.includes(builder))];
  const rows = new RowStream(new RecordOrder(layout, NO_LIMITS, spill).blocks(store), 1e9, layout);
  for (let part = rows.take(1e9); part !== null; part = rows.take(1e9)) {
    for (const builder of order) builder.append(part);
  }
  spill.close();
  return builders.map((builder) => cellsOf(builder.vector()));
}

const NO_LIMITS = { loadedWords: 1e6, split: { buckets: 2, pageWords: 64, keptWords: 0, expectedWords: 0 } };

test("values of every width, texts and nulls come out as they went in, kept or spilled", () => {
  const row = fc.tuple(...SHAPE.map(cellOf));
  fc.assert(
    fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 60 }), { maxLength: 6 }), (chunks) => {
      const byColumn = chunks.map((rows) => SHAPE.map((_, i) => rows.map((cells) => cells[i] ?? null)));
      assert.deepEqual(
        throughRecords(SHAPE, byColumn),
        SHAPE.map((_, i) => chunks.flatMap((rows) => rows.map((cells) => cells[i] ?? null))),
      );
    }),
    { numRuns: 20 },
  );
});

test("a record longer than a page has one to itself", () => {
  const cells = ["short", "x".repeat(3_000), null, "y".repeat(1_023), "", "z".repeat(9_999)];
  assert.deepEqual(throughRecords([column("utf8")], [[cells], [cells]]), [[...cells, ...cells]]);
});

test("a dictionary that is full leaves further texts in their records, and the column is text", () => {
  const texts = Array.from({ length: MAX_DICTIONARY + 3_000 }, (_, i) => `value ${i}`);
  const chunks: Cells[] = [];
  for (let at = 0; at < texts.length; at += 2_000) {
    chunks.push([...texts.slice(at, at + 1_999), null, "value 7"]);
  }
  const [cells] = throughRecords(
    [column("utf8", "dimension")],
    chunks.map((chunk) => [chunk]),
  );
  assert.deepEqual(cells, chunks.flat());
});

test("a dictionary's texts are bounded by their length too, since it is read whole", () => {
  const codes = new TextCodes();
  const text = new Int32Array(1024 * 1024);
  let added = 0;
  for (; added < 40; added += 1) {
    text[0] = added;
    if (codes.codeOf(text, 0, text.byteLength) < 0) break;
  }
  assert.equal(codes.isComplete, false);
  assert.ok(added > 1 && added < 20, `${added} texts of 4 MiB`);
});

test("flags become bits at any offset", () => {
  const builder = new FlagBuilder();
  fc.assert(
    fc.property(fc.array(fc.array(fc.boolean(), { maxLength: 40 })), (chunks) => {
      builder.clear();
      for (const chunk of chunks) builder.append(Uint8Array.from(chunk, Number));
      assert.deepEqual(cellsOf(builder.vector()), chunks.flat());
    }),
  );
});

test("more text in one batch than a sealed table may have is refused before it is allocated", async () => {
  const layout = recordLayout([column("utf8")], null);
  const [field] = layout.fields;
  assert.ok(field !== undefined);
  const builder = columnBuilder({ type: typeOf("utf8"), field, hasNulls: false, dictionary: null });
  const words = Int32Array.of(0, 0, 0);
  words[field.at] = ~(MAX_BUFFER_BYTES + 1);
  const memory = { words, halves: new Int16Array(words.buffer), bytes: new Uint8Array(words.buffer) };
  await refused("OWNER_TEXT", () => {
    builder.append({ memory, at: Int32Array.of(0), rows: 1, starts: null, cursors: Int32Array.of(0) });
  });
});
