// What others write otherwise than we do is read as what it says, in every form, with and without nulls.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { checkSchema } from "../../core/column/schema.ts";
import { encodeTable, parseTable } from "../../core/column/table.ts";
import { SealroomError } from "../../core/errors.ts";
import { cellsOf } from "./cells.ts";
import type { ForeignColumn } from "./foreign.ts";
import { dictionaryArbitrary, foreignArbitrary, foreignFile, FORMS, INDEX_NAMES } from "./foreign.ts";

function checkColumn(column: ForeignColumn): void {
  const { fields, batches } = parseTable(foreignFile([column], ["x"]));
  checkSchema(fields, [{ name: "x", type: column.type, role: "dimension" }], "row");
  // apache-arrow leaves a batch without rows away.
  const [vector] = batches[0]?.columns ?? [];
  assert.deepEqual(vector === undefined ? [] : cellsOf(vector), column.cells);
  // What was read is written in our one form, and reads the same.
  if (vector === undefined) return;
  const again = parseTable(encodeTable(fields, [{ rows: vector.rows, columns: [vector] }]));
  assert.equal(again.fields[0]?.stored, undefined);
  assert.deepEqual(again.batches[0]?.columns.map(cellsOf), [column.cells]);
}

const rows = fc.integer({ min: 0, max: 40 });

for (const form of FORMS) {
  test(`a column of ${form} is read as what it says, nulls and all`, () => {
    fc.assert(
      fc.property(
        rows.chain((count) => foreignArbitrary(form, count)),
        checkColumn,
      ),
      { numRuns: 60 },
    );
  });
}

for (const index of INDEX_NAMES) {
  test(`codes of ${index} are read as their strings, which may be null or the same`, () => {
    const columns = fc
      .tuple(fc.boolean(), rows)
      .chain(([isLarge, count]) => dictionaryArbitrary(index, isLarge, count));
    fc.assert(fc.property(columns, checkColumn), { numRuns: 60 });
  });
}

test("timestamps keep their order, however far apart and in whatever unit", () => {
  for (const form of FORMS.filter((name) => name.startsWith("timestamp"))) {
    const [column] = fc.sample(foreignArbitrary(form, 200), { numRuns: 1, seed: 3 });
    assert.ok(column !== undefined);
    const raw = column.data.values as BigInt64Array;
    const [vector] = parseTable(foreignFile([column], ["x"])).batches[0]?.columns ?? [];
    assert.ok(vector !== undefined);
    const read = cellsOf(vector).flatMap((cell, row) =>
      cell === null ? [] : [{ raw: raw[row] ?? 0n, cell }],
    );
    const sorted = read.toSorted((a, b) => (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0));
    for (const [at, { cell }] of sorted.entries()) {
      assert.ok(at === 0 || (sorted[at - 1]?.cell ?? 0n) <= cell);
    }
  }
});

test("a code of 64 bits whose lower half is in the dictionary, and large offsets whose lower halves rise, are refused", () => {
  const [coded] = fc.sample(
    dictionaryArbitrary("Uint64", false, 3).filter(({ cells }) => !cells.includes(null)),
    { numRuns: 1, seed: 1 },
  );
  const [large] = fc.sample(
    foreignArbitrary("large_utf8", 3).filter(({ cells }) => cells.join("").length > 3),
    { numRuns: 1, seed: 1 },
  );
  for (const [column, array, code] of [
    [coded, coded?.data.values as BigInt64Array | undefined, "COLUMN_DICTIONARY"],
    [large, large?.data.valueOffsets as unknown as BigInt64Array | undefined, "COLUMN_OFFSETS"],
  ] as const) {
    assert.ok(column !== undefined && array !== undefined);
    checkColumn(column);
    const good = array[1] ?? 0n;
    for (const high of [2n ** 32n, 2n ** 62n, -(2n ** 63n)]) {
      array[1] = BigInt.asIntN(64, good + high);
      assert.throws(
        () => parseTable(foreignFile([column], ["x"])),
        (error) => error instanceof SealroomError && error.code === code,
      );
      array[1] = good;
    }
  }
});
