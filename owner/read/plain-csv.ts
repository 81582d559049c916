// A CSV file in its plainest form, as core/csv/ reads it, where a file of another form is no error: DuckDB reads it then,
// which knows what to make of it or what to say. So this decides nothing; it is here for speed: DuckDB parses as fast, but
// its bindings copy every vector, which with the garbage halves the speed of `seal`.
import { closeSync, openSync, readSync } from "node:fs";
import { CsvFault } from "../../core/csv/fault.ts";
import { CsvRecords, type CsvFields, type CsvSource } from "../../core/csv/records.ts";
import { CHUNK_ROWS } from "./duckdb-vector.ts";

const BOM = 0xef;

export class PlainCsv {
  readonly #records: CsvRecords;
  readonly #descriptor: number;
  #isAtEnd = false;

  /** @param columns fields in each record */
  constructor(path: string, delimiter: string, columns: number) {
    this.#descriptor = openSync(path, "r");
    this.#records = new CsvRecords(delimiter, columns, CHUNK_ROWS);
  }

  get columns(): readonly CsvFields[] {
    return this.#records.columns;
  }

  /** The text that the fields lie in. */
  get source(): CsvSource {
    return this.#records.source;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Passes over the header. @throws CsvFault */
  skipHeader(): void {
    const begin = this.#fill();
    // DuckDB's to read, as whatever else may stand before a header.
    if (begin[0] === BOM || this.#records.next(1) === 0) throw new CsvFault("header");
  }

  /** The next records; how many, 0 at the end. What is found is valid until the next call. @throws CsvFault */
  next(): number {
    let rows = this.#records.next();
    while (rows === 0 && !this.#isAtEnd) {
      this.#fill();
      rows = this.#records.next();
    }
    return rows;
  }

  /** What was read, in the end nothing. */
  #fill(): Uint8Array {
    const room = this.#records.room();
    const read = readSync(this.#descriptor, room, 0, room.length, null);
    this.#isAtEnd = read === 0;
    this.#records.filled(read);
    if (this.#isAtEnd) this.#records.end();
    return room.subarray(0, read);
  }
}
