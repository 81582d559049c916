// A plain CSV file's records as chunks of the sealed types.
import type { ColumnType } from "../../core/column/type.ts";
import { NullTokens } from "../../core/csv/nulls.ts";
import { valueMemory, valuesPutter, type PutValues } from "../../core/csv/put.ts";
import type { CsvFields, CsvSource } from "../../core/csv/records.ts";
import type { ChunkColumn } from "./chunk-reader.ts";
import { CHUNK_ROWS } from "./duckdb-vector.ts";
import type { PlainCsv } from "./plain-csv.ts";
import type { RecordField } from "../order/record-layout.ts";

/** Which column of the file becomes which of the table. */
export interface PlainSelection {
  readonly place: number;
  readonly type: ColumnType;
  readonly field: RecordField;
}

const NO_DATA = new Uint8Array(0);

interface Reading {
  readonly column: CsvFields;
  readonly nulls: Uint8Array;
  readonly data: Uint8Array;
  /** Null for text. */
  readonly put: PutValues | null;
}

export class PlainReader {
  readonly sources: readonly CsvSource[];
  readonly #csv: PlainCsv;
  readonly #readings: readonly Reading[];
  readonly #tokens: NullTokens;
  /** All texts are part of the one source. */
  readonly #zeros = new Int32Array(CHUNK_ROWS);

  constructor(csv: PlainCsv, selections: readonly PlainSelection[], nullTokens: readonly string[]) {
    this.#csv = csv;
    this.sources = [csv.source];
    this.#tokens = new NullTokens(nullTokens);
    this.#readings = selections.map(({ place, type, field }) => {
      const column = csv.columns[place];
      if (column === undefined) throw new RangeError("no such field");
      const memory = valueMemory(type.kind === "utf8" ? 0 : (CHUNK_ROWS * field.width) / 4);
      const put = type.kind === "utf8" ? null : valuesPutter(type, field.width, memory);
      return { column, nulls: new Uint8Array(CHUNK_ROWS), data: memory.bytes, put };
    });
  }

  /** The next chunk, null at the end; valid until the next call. @throws CsvFault */
  read(): { readonly rows: number; readonly columns: readonly ChunkColumn[] } | null {
    const rows = this.#csv.next();
    if (rows === 0) return null;
    return { rows, columns: this.#readings.map((reading) => this.#readColumn(reading, rows)) };
  }

  #readColumn({ column, nulls, data, put }: Reading, rows: number): ChunkColumn {
    const { starts, lengths } = column;
    const { bytes } = this.#csv.source;
    const hasNulls = this.#tokens.mark(bytes, column, put === null ? "text" : "value", nulls, rows);
    if (put === null) {
      if (hasNulls) for (let row = 0; row < rows; row += 1) if (nulls[row] === 1) lengths[row] = 0;
      return { nulls, hasNulls, data: NO_DATA, text: { lengths, starts, nulls, sources: this.#zeros } };
    }
    put(bytes, column, nulls, rows);
    return { nulls, hasNulls, data, text: null };
  }
}
