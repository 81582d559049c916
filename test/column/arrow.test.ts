// Our reader and writer against apache-arrow's, over columns of every type.
import assert from "node:assert/strict";
import test from "node:test";
import { tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import { BATCH_ROWS, columnTypeName } from "../../core/column/type.ts";
import type { Vector } from "../../core/column/vector.ts";
import { ArrowFileWriter } from "../../core/column/writer.ts";
import { cellsOf, typeOf, vectorOf, type ColumnModel } from "./cells.ts";
import { arrowCells, arrowFile, tableArbitrary } from "./model.ts";

function fileOf(columns: readonly ColumnModel[]): Uint8Array {
  const vectors = columns.map(vectorOf);
  return encodeTable(
    columns.map(({ field }) => field),
    [{ rows: columns[0]?.cells.length ?? 0, columns: vectors }],
  );
}

test("apache-arrow reads what the writer wrote", () => {
  fc.assert(
    fc.property(tableArbitrary(), (columns) => {
      const table = tableFromIPC(fileOf(columns));
      assert.deepEqual(
        table.schema.fields.map((field) => field.name),
        columns.map(({ field }) => field.name),
      );
      for (const [i, { field, cells }] of columns.entries()) {
        const vector = table.getChildAt(i);
        assert.ok(vector !== null);
        assert.deepEqual(arrowCells(vector, field.type), cells, columnTypeName(field.type));
      }
    }),
    { numRuns: 300 },
  );
});

test("buffers may lie on frames and in any order: apache-arrow and our reader read the same", () => {
  fc.assert(
    fc.property(tableArbitrary(), fc.integer({ min: 1, max: 32 }), (columns, blocks) => {
      const rows = columns[0]?.cells.length ?? 0;
      const writer = new ArrowFileWriter(
        columns.map(({ field }) => field),
        blocks * 8,
      );
      const vectors = columns.map(vectorOf);
      const dictionaries = new Map(
        vectors.flatMap((vector, i) => (vector.layout === "dictionary" ? [[i, vector.values]] : [])),
      );
      const chunks = [writer.start(), writer.batch(rows, vectors), writer.batch(rows, vectors)].flat();
      const file = new Uint8Array(Buffer.concat([...chunks, ...writer.finish(dictionaries)]));
      assert.equal(file.length, writer.bytes);
      const table = tableFromIPC(file);
      const { batches } = parseTable(file);
      assert.deepEqual([table.numRows, batches.length], [2 * rows, 2]);
      for (const [i, { field, cells }] of columns.entries()) {
        const vector = table.getChildAt(i);
        assert.ok(vector !== null);
        assert.deepEqual(arrowCells(vector, field.type), [...cells, ...cells], columnTypeName(field.type));
        for (const batch of batches) {
          const column = batch.columns[i];
          assert.ok(column !== undefined);
          assert.deepEqual(cellsOf(column), cells);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("the reader reads what the writer wrote", () => {
  fc.assert(
    fc.property(tableArbitrary(), (columns) => {
      const table = parseTable(fileOf(columns));
      assert.deepEqual(
        table.fields,
        columns.map(({ field }) => field),
      );
      const [batch] = table.batches;
      assert.ok(batch !== undefined);
      assert.deepEqual(
        batch.columns.map(cellsOf),
        columns.map(({ cells }) => cells),
      );
    }),
    { numRuns: 300 },
  );
});

test("the reader reads what apache-arrow wrote", () => {
  fc.assert(
    fc.property(tableArbitrary(), (columns) => {
      const table = parseTable(arrowFile(columns));
      const cells = table.batches.map((batch) => batch.columns.map(cellsOf));
      const expected = columns.map((column) => column.cells);
      // apache-arrow leaves a batch without rows away.
      assert.deepEqual(cells.length === 0 ? columns.map(() => []) : cells[0], expected);
      assert.ok(cells.length <= 1);
    }),
    { numRuns: 300 },
  );
});

test("bytes that lie askew in memory read the same", () => {
  fc.assert(
    fc.property(tableArbitrary(), fc.integer({ min: 1, max: 7 }), (columns, shift) => {
      const bytes = fileOf(columns);
      const askew = new Uint8Array(bytes.length + shift).subarray(shift);
      askew.set(bytes);
      assert.deepEqual(
        parseTable(askew).batches[0]?.columns.map(cellsOf),
        columns.map((column) => column.cells),
      );
    }),
  );
});

for (const rows of [0, 1, 7, 8, 9, BATCH_ROWS - 1, BATCH_ROWS]) {
  test(`a batch of ${rows} rows reads back, in both readers`, () => {
    const words = new Uint32Array(rows * 2).map((_, i) => i * 2_654_435_761);
    const validity = new Uint8Array((rows + 7) >> 3).map((_, i) => (i * 37) & 0xff);
    const numbers = new Float64Array(rows).map((_, i) => i / 3);
    const vectors: readonly Vector[] = [
      { type: typeOf("int64"), rows, validity: null, layout: "words", words, wordsPerValue: 2 },
      { type: typeOf("float64"), rows, validity, layout: "number", values: numbers },
    ];
    const fields = ["int64", "float64"].map((name) => ({ name, type: typeOf(name), dictionary: null }));
    const bytes = encodeTable(fields, [{ rows, columns: vectors }]);
    const [batch] = parseTable(bytes).batches;
    assert.deepEqual(batch?.columns[0]?.layout === "words" && batch.columns[0].words, words);
    assert.deepEqual(batch?.columns[1]?.layout === "number" && batch.columns[1].values, numbers);
    const theirs = tableFromIPC(bytes);
    assert.equal(theirs.numRows, rows);
    if (rows > 0) {
      assert.equal(
        theirs.getChildAt(0)?.get(rows - 1),
        BigInt(words[2 * rows - 2] ?? 0) +
          2n ** 32n * BigInt(words[2 * rows - 1] ?? 0) -
          ((words[2 * rows - 1] ?? 0) >>> 31 === 1 ? 2n ** 64n : 0n),
      );
    }
  });
}

test("several batches share one dictionary", () => {
  const fields = [{ name: "d", type: typeOf("utf8"), dictionary: { id: 0, bits: 8 as const } }];
  const values = ["x", "y"];
  const codes = (list: number[]): Vector => ({
    type: typeOf("utf8"),
    rows: list.length,
    validity: null,
    layout: "dictionary",
    codes: Int8Array.from(list),
    values,
  });
  const bytes = encodeTable(fields, [
    { rows: 2, columns: [codes([0, 1])] },
    { rows: 1, columns: [codes([1])] },
  ]);
  assert.deepEqual(tableFromIPC(bytes).getChildAt(0)?.toJSON(), ["x", "y", "y"]);
  assert.deepEqual(
    parseTable(bytes).batches.map((batch) => batch.columns.map(cellsOf)),
    [[["x", "y"]], [["y"]]],
  );
});
