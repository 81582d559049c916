// A CSV text as the batches that kernels take: typed columns, the wanted ones alone. Every record is looked at and has to
// have all its fields, whatever is wanted of it. In bounded memory: text comes in parts, batches have a bounded length.
import { findColumnType, type ColumnType } from "../column/type.ts";
import type { ColumnBatch } from "../column/vector.ts";
import type { ColumnEntry } from "../manifest/manifest.ts";
import { CsvColumn } from "./column.ts";
import { CSV_DELIMITERS, type CsvDialect } from "./dialect.ts";
import { CsvFault } from "./fault.ts";
import { NullTokens } from "./nulls.ts";
import { CsvRecords, type CsvFields } from "./records.ts";

export interface CsvShape {
  readonly schema: readonly Pick<ColumnEntry, "name" | "type">[];
  readonly dialect: CsvDialect;
  /** Places in the schema, in the order in which batches are to bring them. */
  readonly columns: readonly number[];
  /** Length of the text. */
  readonly bytes: number;
}

/** Records that are converted at once. */
const CHUNK_ROWS = 2_048;
/** Of a batch; of many columns fewer. */
export const CSV_BATCH_ROWS: number = 32 * CHUNK_ROWS;
const MOST_CELLS: number = 8 * CSV_BATCH_ROWS;
/** A batch that has so many bytes of text ends. */
const BATCH_TEXT_BYTES: number = 8 * 1024 * 1024;

interface Wanted {
  readonly place: number;
  readonly fields: CsvFields;
  readonly nulls: Uint8Array;
  /** In turns, so that a batch lasts while the next is read. */
  readonly turns: readonly [CsvColumn, CsvColumn];
}

export class CsvReader {
  readonly #records: CsvRecords;
  readonly #names: readonly string[] | null;
  readonly #wanted: readonly Wanted[];
  readonly #nulls: NullTokens;
  readonly #batchRows: number;
  #turn: 0 | 1 = 0;
  #rows = 0;
  #isEnded = false;
  #isHeaderPassed = false;

  constructor({ schema, dialect, columns, bytes }: CsvShape) {
    const delimiter = CSV_DELIMITERS[dialect.delimiter];
    // Each field but the last ends with a byte, and so does each record.
    const most = Math.max(1, Math.ceil(bytes / schema.length));
    const chunkRows = Math.min(CHUNK_ROWS, most);
    this.#records = new CsvRecords(delimiter, schema.length, chunkRows, bytes);
    this.#names = dialect.header === "names" ? schema.map(({ name }) => name) : null;
    this.#nulls = new NullTokens(dialect.nulls);
    this.#batchRows = Math.min(batchRows(columns.length), most);
    this.#wanted = columns.map((place) => {
      const type = columnType(schema[place]?.type);
      const fields = this.#records.columns[place];
      if (fields === undefined) throw new RangeError(`no column ${place} in the schema`);
      const column = (): CsvColumn => new CsvColumn(type, this.#batchRows, chunkRows);
      return { place, fields, nulls: new Uint8Array(chunkRows), turns: [column(), column()] };
    });
  }

  /** Takes what there is room for of a part of the text; how much. After `next` gave null. @throws CsvFault */
  push(part: Uint8Array): number {
    const room = this.#records.room();
    const taken = part.subarray(0, room.length);
    room.set(taken);
    this.#records.filled(taken.length);
    return taken.length;
  }

  /** No more text comes. */
  end(): void {
    this.#isEnded = true;
    this.#records.end();
  }

  /**
   * The next batch, valid until the one after the next; null where it needs more text, or there is none. Every batch but
   * the last has as many rows as the one before, unless texts are long.
   * @throws CsvFault
   */
  next(): ColumnBatch | null {
    if (!this.#isHeaderPassed && !this.#passHeader()) return null;
    while (!this.#isFull()) {
      const rows = this.#records.next(this.#batchRows - this.#rows);
      if (rows === 0) return this.#isEnded && this.#rows > 0 ? this.#take() : null;
      for (const column of this.#wanted) this.#add(column, rows);
      this.#rows += rows;
    }
    return this.#take();
  }

  #isFull(): boolean {
    if (this.#rows === this.#batchRows) return true;
    const text = this.#wanted.reduce((sum, { turns }) => sum + turns[this.#turn].textBytes, 0);
    return this.#rows > 0 && text >= BATCH_TEXT_BYTES;
  }

  #take(): ColumnBatch {
    const rows = this.#rows;
    const columns = this.#wanted.map(({ turns }) => turns[this.#turn].vector(rows));
    this.#turn = this.#turn === 0 ? 1 : 0;
    this.#rows = 0;
    return { rows, unitStart: null, columns };
  }

  #add({ place, fields, nulls, turns }: Wanted, rows: number): void {
    const { bytes } = this.#records.source;
    const column = turns[this.#turn];
    const hasNulls = this.#nulls.mark(
      bytes,
      fields,
      column.type.kind === "utf8" ? "text" : "value",
      nulls,
      rows,
    );
    const add = (count: number): void => {
      column.add(bytes, fields, nulls, hasNulls, count, this.#rows);
    };
    try {
      add(rows);
    } catch (error) {
      if (!(error instanceof CsvFault)) throw error;
      const record = this.#records.records - rows + firstBad(add, rows);
      throw new CsvFault(error.part, record, place);
    }
  }

  /** False where it is not there yet. */
  #passHeader(): boolean {
    const names = this.#names;
    if (names !== null) {
      if (this.#records.next(1) === 0) {
        if (this.#isEnded) throw new CsvFault("header", 0);
        return false;
      }
      const { bytes } = this.#records.source;
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const isAlike = this.#records.columns.every(({ starts, lengths }, i) => {
        const start = starts[0] ?? 0;
        return decoder.decode(bytes.subarray(start, start + (lengths[0] ?? 0))) === names[i];
      });
      if (!isAlike) throw new CsvFault("header", 0);
    }
    this.#isHeaderPassed = true;
    return true;
  }
}

function batchRows(columns: number): number {
  return Math.max(CHUNK_ROWS, Math.min(CSV_BATCH_ROWS, Math.floor(MOST_CELLS / columns)));
}

/** The first of some rows that cannot be added: those before it can. */
function firstBad(add: (rows: number) => void, rows: number): number {
  let [good, bad] = [0, rows];
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    try {
      add(middle);
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return bad - 1;
}

function columnType(name: string | undefined): ColumnType {
  const type = findColumnType(name ?? "");
  if (type === undefined) throw new RangeError("a schema names types that there are");
  return type;
}
