// The batch that is being filled, against a naive list: stretches of chunks at any offset, nulls at any place.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { MAX_BUFFER_BYTES } from "../../core/column/batch.ts";
import type { ChunkColumn } from "../../owner/chunk-column.ts";
import { FlagBuilder } from "../../owner/bit-builder.ts";
import { columnBuilder } from "../../owner/column-builder.ts";
import { cellsOf, typeOf } from "../column/model.ts";
import { refused } from "./refused.ts";

const NO_DATA = new Uint8Array(0);

function validityOf(cells: readonly unknown[]): Uint8Array | null {
  if (!cells.includes(null)) return null;
  const bits = new Uint8Array(Math.ceil(cells.length / 64) * 8).fill(0xff);
  cells.forEach((cell, i) => {
    if (cell === null) bits[i >> 3] = (bits[i >> 3] ?? 0) & ~(1 << (i & 7));
  });
  return bits;
}

function textColumn(cells: readonly (string | null)[]): ChunkColumn {
  const encoded = cells.map((cell) => Buffer.from(cell ?? ""));
  const offsets = new Int32Array(cells.length + 1);
  encoded.forEach((bytes, i) => (offsets[i + 1] = (offsets[i] ?? 0) + bytes.length));
  const text = { offsets, bytes: new Uint8Array(Buffer.concat(encoded)) };
  return { shape: { layout: "text", width: 0 }, validity: validityOf(cells), data: NO_DATA, text };
}

/** A decimal as DuckDB keeps it in so many bytes. */
function decimalColumn(cells: readonly (bigint | null)[], width: 2 | 4 | 8 | 16): ChunkColumn {
  const data = new Uint8Array(cells.length * width);
  cells.forEach((cell, row) => {
    for (let i = 0; i < width; i += 1) {
      data[row * width + i] = Number(((cell ?? 77n) >> BigInt(8 * i)) & 0xffn);
    }
  });
  return { shape: { layout: "decimal", width }, validity: validityOf(cells), data, text: null };
}

/** Chunks of cells, and for each the part of it that is taken. */
function chunksOf<T>(
  cell: fc.Arbitrary<T>,
): fc.Arbitrary<readonly { cells: readonly (T | null)[]; from: number; to: number }[]> {
  const chunk = fc
    .oneof(
      fc.array(fc.option(cell), { minLength: 1, maxLength: 70 }),
      fc.array(cell, { minLength: 1, maxLength: 70 }),
    )
    .chain((cells) =>
      fc
        .tuple(fc.nat(cells.length), fc.nat(cells.length))
        .map(([a, b]) => ({ cells: cells as (T | null)[], from: Math.min(a, b), to: Math.max(a, b) })),
    );
  return fc.array(chunk, { maxLength: 8 });
}

test("text and its nulls come out as they went in", () => {
  const builder = columnBuilder(typeOf("utf8"), null, 8);
  fc.assert(
    fc.property(chunksOf(fc.string({ unit: "grapheme", maxLength: 20 })), (chunks) => {
      builder.clear();
      for (const { cells, from, to } of chunks) builder.append(textColumn(cells), { from, to });
      assert.deepEqual(
        cellsOf(builder.vector()),
        chunks.flatMap(({ cells, from, to }) => cells.slice(from, to)),
      );
    }),
  );
});

for (const [width, digits] of [
  [2, 4],
  [4, 9],
  [8, 18],
  [16, 38],
] as const) {
  test(`decimals that DuckDB keeps in ${width} bytes widen to 16 with their sign`, () => {
    const builder = columnBuilder(typeOf(`decimal(${digits},2)`), null, 8);
    const most = 10n ** BigInt(digits) - 1n;
    fc.assert(
      fc.property(chunksOf(fc.bigInt(-most, most)), (chunks) => {
        builder.clear();
        for (const { cells, from, to } of chunks) builder.append(decimalColumn(cells, width), { from, to });
        assert.deepEqual(
          cellsOf(builder.vector()),
          chunks.flatMap(({ cells, from, to }) => cells.slice(from, to)),
        );
      }),
    );
  });
}

test("flags become bits at any offset", () => {
  const builder = new FlagBuilder();
  fc.assert(
    fc.property(chunksOf(fc.boolean()), (chunks) => {
      builder.clear();
      for (const { cells, from, to } of chunks) {
        builder.append(
          Uint8Array.from(cells, (flag) => (flag === true ? 1 : 0)),
          { from, to },
        );
      }
      assert.deepEqual(
        cellsOf(builder.vector()),
        chunks.flatMap(({ cells, from, to }) => cells.slice(from, to).map((flag) => flag === true)),
      );
    }),
  );
});

test("more text in one batch than a sealed table may have is refused before it is allocated", async () => {
  const builder = columnBuilder(typeOf("utf8"), null, 8);
  const text = { offsets: Int32Array.of(0, MAX_BUFFER_BYTES + 1), bytes: NO_DATA };
  const column: ChunkColumn = { shape: { layout: "text", width: 0 }, validity: null, data: NO_DATA, text };
  await refused("OWNER_TEXT", () => {
    builder.append(column, { from: 0, to: 1 });
  });
});
