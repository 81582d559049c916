// Footers of Parquet files: what is taken lies in the file, once, and is of types that we hold. Pages are the package's to
// decode, in test/parquet/mutants.test.ts.
import assert from "node:assert/strict";
import { encodeChunkFile } from "../../core/parquet/chunk-file.ts";
import { columnType } from "../../core/parquet/column.ts";
import { parseParquetFooter } from "../../core/parquet/footer.ts";
import {
  byteField,
  flagField,
  i32Field,
  i64Field,
  listField,
  structField,
} from "../../core/parquet/thrift-writer.ts";
import { forge, type Forgery } from "../parquet/forger.ts";
import { mutateBytes } from "./mutate.ts";
import type { Target } from "./target.ts";

const empty = structField([]);
const text = { 1: i32Field(6), 10: structField([[1, empty]]) };
const utc = structField([
  [1, flagField(true)],
  [2, structField([[2, empty]])],
]);
const small = structField([
  [1, byteField(16)],
  [2, flagField(false)],
]);
const statistics = structField([[3, i64Field(-5)]]);

const FORGERIES: readonly Forgery[] = [
  {},
  { element: text, facts: { 1: i32Field(6), 12: statistics } },
  { element: { 1: i32Field(2), 10: structField([[8, utc]]) }, facts: { 1: i32Field(2), 11: i64Field(0) } },
  {
    element: { 10: structField([[10, small]]), 3: i32Field(1) },
    group: { 4: listField([empty]), 5: i64Field(4) },
  },
  {
    element: { 1: i32Field(7), 2: i32Field(16), 6: i32Field(5), 7: i32Field(10), 8: i32Field(38) },
    facts: { 1: i32Field(7), 2: listField([0, 3, 8].map(i32Field)) },
  },
];

function decode(input: Uint8Array): void {
  const { columns, rowGroups } = parseParquetFooter(input, input.length);
  let bytes = 0;
  for (const { rows, chunks } of rowGroups) {
    assert.ok(rows >= 0 && chunks.length === columns.length);
    for (const [place, chunk] of chunks.entries()) {
      const { range, dataOffset } = chunk;
      assert.ok(range.start >= 4 && range.start <= range.end && range.end <= input.length - 8);
      assert.ok(dataOffset >= 0 && dataOffset <= range.end - range.start);
      bytes += range.end - range.start;
      const column = columns[place];
      assert.ok(column !== undefined && columnType(column) !== undefined);
      // What is written of it is read again as it was.
      const file = encodeChunkFile(column, chunk, rows, input.subarray(range.start, range.end));
      const again = parseParquetFooter(file, file.length);
      const moved = { ...chunk, range: { start: 4, end: 4 + range.end - range.start } };
      assert.deepEqual(again.rowGroups, [{ rows, chunks: [moved] }]);
      assert.deepEqual(again.columns, [{ ...column, name: "c" }]);
    }
  }
  assert.ok(bytes <= input.length);
}

export const PARQUET_TARGETS: readonly Target[] = [
  {
    name: "Parquet footer",
    seeds: FORGERIES.map(forge),
    mutations: [mutateBytes],
    decode,
    codes: 2,
    accepts: true,
  },
];
