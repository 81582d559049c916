// Ordered rows cut into objects: near `rowsPerObject` rows, and only where a unit starts, so that no unit spans two
// objects. A unit larger than that makes its object larger.
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { chunkColumns, chunkShape, type ChunkColumn, type ChunkShape } from "./chunk-column.ts";
import type { Stretch } from "./bit-builder.ts";
import type { SealColumn } from "./source.ts";
import { UnitStarts } from "./unit-start.ts";

export interface RowPart extends Stretch {
  readonly columns: readonly ChunkColumn[];
  /** One byte a row of the chunk; null when each row is a unit. */
  readonly starts: Uint8Array | null;
}

/** Ends an object a little early, so that a unit that begins near the end does not open another batch. */
const SLACK = 1 / 64;

interface Held {
  /** Kept alive: the columns are views on its memory. */
  readonly chunk: DuckDBDataChunk;
  readonly columns: readonly ChunkColumn[];
  readonly starts: Uint8Array | null;
  readonly rows: number;
  at: number;
}

export class RowStream {
  readonly #chunks: AsyncIterator<DuckDBDataChunk, void, void>;
  readonly #columns: readonly SealColumn[];
  readonly #unitColumn: number | null;
  readonly #enough: number;
  readonly #unitStarts = new UnitStarts();
  #shapes: readonly ChunkShape[] | null = null;
  #held: Held | null = null;
  #inObject = 0;
  #rows = 0;

  constructor(
    chunks: AsyncIterable<DuckDBDataChunk, void, void>,
    columns: readonly SealColumn[],
    unitColumn: number | null,
    rowsPerObject: number,
  ) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#columns = columns;
    this.#unitColumn = unitColumn;
    this.#enough = unitColumn === null ? rowsPerObject : rowsPerObject - Math.floor(rowsPerObject * SLACK);
  }

  /** Rows given out so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Begins the next object; false when no rows are left. */
  async nextObject(): Promise<boolean> {
    this.#inObject = 0;
    return (await this.#hold()) !== null;
  }

  /** At most `most` rows of the present object; null at its end. Valid until the next call. */
  async take(most: number): Promise<RowPart | null> {
    const held = await this.#hold();
    if (held === null) return null;
    const left = Math.min(held.rows - held.at, most);
    const rows = this.#rowsOfObject(held, left);
    if (rows === 0) return null;
    const part = { columns: held.columns, starts: held.starts, from: held.at, to: held.at + rows };
    held.at += rows;
    this.#inObject += rows;
    this.#rows += rows;
    return part;
  }

  /** How many of the next `left` rows still belong to the present object. */
  #rowsOfObject({ starts, at }: Held, left: number): number {
    const untilEnough = Math.max(0, this.#enough - this.#inObject);
    if (untilEnough >= left) return left;
    if (starts === null) return untilEnough;
    const next = starts.indexOf(1, at + untilEnough);
    return next < 0 ? left : Math.min(left, next - at);
  }

  async #hold(): Promise<Held | null> {
    if (this.#held !== null && this.#held.at < this.#held.rows) return this.#held;
    const { value: chunk, done } = await this.#chunks.next();
    if (done === true) {
      this.#held = null;
      return null;
    }
    this.#shapes ??= this.#columns.map(({ arrowType }, i) =>
      chunkShape(chunk.getColumnVector(i).type, arrowType),
    );
    const columns = chunkColumns(chunk, this.#shapes);
    const rows = chunk.rowCount;
    const unit = this.#unitColumn === null ? undefined : columns[this.#unitColumn];
    const starts = unit === undefined ? null : this.#unitStarts.mark(unit, rows);
    this.#held = { chunk, columns, starts, rows, at: 0 };
    return this.#held;
  }

  /** Lets go of the rows that were not taken. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
