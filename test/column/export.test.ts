// Security case B6: what is exported holds values and zeros, nothing that merely lay in memory.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parseBatch } from "../../core/column/batch.ts";
import { parseFooter } from "../../core/column/footer.ts";
import { encodeTable } from "../../core/column/table.ts";
import { vectorOf } from "./cells.ts";
import { tableArbitrary } from "./model.ts";

function clearBit(bytes: Uint8Array, start: number, bit: number): void {
  const at = start + (bit >> 3);
  bytes[at] = (bytes[at] ?? 0) & ~(1 << (bit & 7));
}

test("null slots, spare bits and padding are zero whatever lay there, and buffers begin at multiples of 64", () => {
  fc.assert(
    fc.property(tableArbitrary(), (columns) => {
      const rows = columns[0]?.cells.length ?? 0;
      const fields = columns.map(({ field }) => field);
      const file = encodeTable(fields, [{ rows, columns: columns.map(vectorOf) }]);
      const layout = parseFooter(file, file.length);
      const [block] = layout.batches;
      assert.ok(block !== undefined);
      assert.equal(block.body.start % 64, 0);
      const batch = parseBatch(file.subarray(block.metadata.start, block.metadata.end), block, layout.fields);
      // Clear what means something; the rest of the body must be zero already.
      const rest = file.slice();
      for (const [i, { validity, offsets, values }] of batch.columns.entries()) {
        for (const range of [validity, offsets, values]) assert.equal(range.start % 64, 0);
        const cells = columns[i]?.cells ?? [];
        const width = (values.end - values.start) / Math.max(rows, 1);
        cells.forEach((cell, row) => {
          if (validity.end > 0 && cell !== null) clearBit(rest, validity.start, row);
          if (offsets.end > 0) return;
          if (fields[i]?.type.kind === "bool") {
            if (cell !== null) clearBit(rest, values.start, row);
          } else if (cell !== null) {
            rest.fill(0, values.start + row * width, values.start + (row + 1) * width);
          }
        });
        if (offsets.end > 0) {
          const view = new DataView(file.buffer);
          cells.forEach((cell, row) => {
            const [start, end] = [
              view.getInt32(offsets.start + 4 * row, true),
              view.getInt32(offsets.start + 4 * row + 4, true),
            ];
            if (cell !== null) rest.fill(0, values.start + start, values.start + end);
          });
          rest.fill(0, offsets.start, offsets.end);
        }
      }
      assert.ok(rest.subarray(block.body.start, block.body.end).every((byte) => byte === 0));
    }),
    { numRuns: 300 },
  );
});

test("a dictionary lists what the caller gave and nothing else", () => {
  const field = { name: "d", type: { kind: "utf8" as const }, dictionary: { id: 0, bits: 8 as const } };
  const file = encodeTable([field], [{ rows: 1, columns: [vectorOf({ field, cells: ["kept"] })] }]);
  assert.ok(Buffer.from(file).includes("kept"));
  assert.ok(!Buffer.from(file).includes("dropped"));
});
