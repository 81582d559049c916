// Ordered rows cut into objects: near `rowsPerObject` rows, and only where a unit starts, so that no unit spans two
// objects. A unit larger than that makes its object larger.
import type { RecordBlock } from "../order/record-order.ts";

/** Some rows of a block. */
export interface RecordPart extends RecordBlock {
  /** Where each row's next text stands, in words: columns of text are taken in their order, each moves it on. */
  readonly cursors: Int32Array;
}

/** Ends an object a little early, so that a unit that begins near the end does not open another batch. */
const SLACK = 1 / 64;
/** Records of so many rows stay in the cache while column after column is gathered from them. */
const PART_ROWS = 2_048;

export class RowStream {
  readonly #blocks: Iterator<RecordBlock, void, void>;
  readonly #fixedWords: number;
  readonly #enough: number;
  readonly #cursors = new Int32Array(PART_ROWS);
  #block: RecordBlock | null = null;
  #at = 0;
  #inObject = 0;
  #rows = 0;

  /** @param fixedWords of a record, before its texts */
  constructor(
    blocks: Iterable<RecordBlock, void, void>,
    rowsPerObject: number,
    { unit, fixedWords }: { readonly unit: number | null; readonly fixedWords: number },
  ) {
    this.#blocks = blocks[Symbol.iterator]();
    this.#fixedWords = fixedWords;
    this.#enough = unit === null ? rowsPerObject : rowsPerObject - Math.floor(rowsPerObject * SLACK);
  }

  /** Rows given out so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Begins the next object; false when no rows are left. */
  nextObject(): boolean {
    this.#inObject = 0;
    return this.#hold() !== null;
  }

  /** At most `most` rows of the present object; null at its end. Valid until the next call. */
  take(most: number): RecordPart | null {
    const block = this.#hold();
    if (block === null) return null;
    const from = this.#at;
    const rows = this.#rowsOfObject(block, Math.min(block.rows - from, most, PART_ROWS));
    if (rows === 0) return null;
    this.#at += rows;
    this.#inObject += rows;
    this.#rows += rows;
    const at = block.at.subarray(from, from + rows);
    const starts = block.starts?.subarray(from, from + rows) ?? null;
    for (let row = 0; row < rows; row += 1) this.#cursors[row] = (at[row] ?? 0) + this.#fixedWords;
    return { memory: block.memory, rows, at, starts, cursors: this.#cursors };
  }

  /** How many of the next `left` rows still belong to the present object. */
  #rowsOfObject({ starts }: RecordBlock, left: number): number {
    const untilEnough = Math.max(0, this.#enough - this.#inObject);
    if (untilEnough >= left) return left;
    if (starts === null) return untilEnough;
    const next = starts.indexOf(1, this.#at + untilEnough);
    return next < 0 ? left : Math.min(left, next - this.#at);
  }

  #hold(): RecordBlock | null {
    if (this.#block !== null && this.#at < this.#block.rows) return this.#block;
    const { value, done } = this.#blocks.next();
    this.#block = done === true ? null : value;
    this.#at = 0;
    return this.#block;
  }
}
