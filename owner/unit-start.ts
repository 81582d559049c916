// Which rows of an ordered table are the first of their unit: those whose unit differs from the row before, also
// across chunks. Compares bytes as they lie; equal units have equal bytes.
import type { ChunkColumn } from "./chunk-column.ts";

export class UnitStarts {
  #last: Uint8Array | null = null;

  /** One byte a row, 1 where a unit starts. Call for each chunk in order; units are never null. */
  mark(unit: ChunkColumn, rows: number): Uint8Array {
    const starts = new Uint8Array(rows);
    if (rows === 0) return starts;
    const at = (row: number): Uint8Array => valueBytes(unit, row);
    const first = at(0);
    starts[0] = this.#last !== null && Buffer.compare(this.#last, first) === 0 ? 0 : 1;
    if (unit.text !== null) markText(unit.text.offsets, unit.text.bytes, starts);
    else markFixed(unit.data, unit.shape.width, starts);
    this.#last = at(rows - 1).slice();
    return starts;
  }
}

function valueBytes({ text, data, shape }: ChunkColumn, row: number): Uint8Array {
  return text === null
    ? data.subarray(row * shape.width, (row + 1) * shape.width)
    : text.bytes.subarray(text.offsets[row], text.offsets[row + 1]);
}

function markFixed(data: Uint8Array, width: number, starts: Uint8Array): void {
  for (let row = 1; row < starts.length; row += 1) {
    const start = row * width;
    for (let i = 0; i < width; i += 1) {
      if (data[start + i] !== data[start + i - width]) {
        starts[row] = 1;
        break;
      }
    }
  }
}

function markText(offsets: Int32Array, bytes: Uint8Array, starts: Uint8Array): void {
  for (let row = 1; row < starts.length; row += 1) {
    const before = offsets[row - 1] ?? 0;
    const start = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - start;
    if (length !== start - before) {
      starts[row] = 1;
      continue;
    }
    for (let i = 0; i < length; i += 1) {
      if (bytes[start + i] !== bytes[before + i]) {
        starts[row] = 1;
        break;
      }
    }
  }
}
