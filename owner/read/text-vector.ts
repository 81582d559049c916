// Where the texts of a chunk lie, found once for all loops that read them. DuckDB keeps up to 12 bytes inside the
// vector and the address of longer ones; those of a CSV file point into the file as it was read, row after row, so a
// few views cover them all.
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { CHUNK_ROWS, memoryAt, vectorData, vectorValidity } from "./duckdb-vector.ts";

/** The texts of one column of a chunk; arrays may be longer than its rows. */
export interface TextVector {
  /** In bytes; 0 where null. */
  readonly lengths: Int32Array;
  /** Of which source a row's text is a part, and from which byte on. */
  readonly sources: Int32Array;
  readonly starts: Int32Array;
  /** One byte a row, 1 = null. */
  readonly nulls: Uint8Array;
}

/** Bytes that texts lie in. Words are read askew, so they begin at a word and end with one. */
export interface TextSource {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

const STRING_BYTES = 16;
const INLINE_BYTES = 12;
/**
 * Texts nearer than this share a view. Memory between two bytes that are there, less than the smallest page apart, is
 * there too; nothing but texts is read of it.
 */
const NEAR_BYTES = 4_096;

/** The text columns of one chunk after another. */
export class TextVectors {
  readonly columns: readonly TextVector[];
  #sources: TextSource[] = [];
  readonly #addresses: readonly Float64Array[];
  readonly #runs = new AddressRuns();

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => ({
      lengths: new Int32Array(CHUNK_ROWS),
      sources: new Int32Array(CHUNK_ROWS),
      starts: new Int32Array(CHUNK_ROWS),
      nulls: new Uint8Array(CHUNK_ROWS),
    }));
    this.#addresses = this.columns.map(() => new Float64Array(CHUNK_ROWS));
  }

  get sources(): readonly TextSource[] {
    return this.#sources;
  }

  /** @param places of the columns in the chunk, one for each of `columns` */
  load(chunk: DuckDBDataChunk, places: readonly number[]): void {
    const rows = chunk.rowCount;
    this.#sources = [];
    this.#runs.clear();
    for (const [i, column] of this.columns.entries()) {
      this.#loadInline(chunk, places[i] ?? 0, column, i, rows);
    }
    if (this.#runs.isEmpty) return;
    const first = this.#sources.length;
    this.#sources.push(...this.#runs.open());
    for (const [i, column] of this.columns.entries()) this.#placeLong(column, i, rows, first);
  }

  #loadInline(chunk: DuckDBDataChunk, place: number, column: TextVector, index: number, rows: number): void {
    const bytes = vectorData(chunk, place, rows * STRING_BYTES);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, rows * 4);
    this.#sources.push({ words, bytes });
    const addresses = this.#addresses[index] ?? new Float64Array(0);
    const { lengths, sources, starts, nulls } = column;
    loadNulls(nulls, vectorValidity(chunk, place, rows), rows);
    for (let row = 0; row < rows; row += 1) {
      const length = nulls[row] === 0 ? (words[row * 4] ?? 0) : 0;
      lengths[row] = length;
      sources[row] = index;
      starts[row] = row * STRING_BYTES + 4;
      if (length <= INLINE_BYTES) continue;
      // User-space addresses are below 2^53.
      const address = (words[row * 4 + 3] ?? 0) * 0x1_0000_0000 + ((words[row * 4 + 2] ?? 0) >>> 0);
      addresses[row] = address;
      this.#runs.add(address, address + length);
    }
  }

  #placeLong(column: TextVector, index: number, rows: number, first: number): void {
    const addresses = this.#addresses[index] ?? new Float64Array(0);
    const { lengths, sources, starts } = column;
    for (let row = 0; row < rows; row += 1) {
      if ((lengths[row] ?? 0) <= INLINE_BYTES) continue;
      const address = addresses[row] ?? 0;
      const run = this.#runs.find(address);
      sources[row] = first + run;
      starts[row] = address - this.#runs.start(run);
    }
  }
}

/** One byte a row, 1 = null, from bits that are 1 where not. */
export function loadNulls(nulls: Uint8Array, validity: Uint8Array | null, rows: number): void {
  if (validity === null) {
    nulls.fill(0, 0, rows);
    return;
  }
  for (let row = 0; row < rows; row += 1) {
    nulls[row] = (((validity[row >> 3] ?? 0) >> (row & 7)) & 1) ^ 1;
  }
}

/** Stretches of memory that hold the texts of a chunk, as few as nearness allows. */
class AddressRuns {
  readonly #pieces: { start: number; end: number }[] = [];
  #runs: readonly { readonly start: number; readonly end: number }[] = [];
  #start = Infinity;
  #end = -Infinity;
  #last = 0;

  get isEmpty(): boolean {
    return this.#start === Infinity;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#start = Infinity;
    this.#end = -Infinity;
  }

  add(start: number, end: number): void {
    if (start >= this.#start - NEAR_BYTES && start <= this.#end + NEAR_BYTES) {
      if (start < this.#start) this.#start = start;
      if (end > this.#end) this.#end = end;
      return;
    }
    if (!this.isEmpty) this.#pieces.push({ start: this.#start, end: this.#end });
    this.#start = start;
    this.#end = end;
  }

  /** Views on the runs. Call when all texts are added. */
  open(): readonly TextSource[] {
    this.#pieces.push({ start: this.#start, end: this.#end });
    this.#pieces.sort((a, b) => a.start - b.start);
    const runs: { start: number; end: number }[] = [];
    for (const { start, end } of this.#pieces) {
      const last = runs.at(-1);
      if (last === undefined || start > last.end + NEAR_BYTES) runs.push({ start: start - (start % 4), end });
      else if (end > last.end) last.end = end;
    }
    this.#runs = runs;
    this.#last = 0;
    return runs.map(({ start, end }) => {
      const bytes = memoryAt(start, Math.ceil((end - start) / 4) * 4);
      return { words: new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), bytes };
    });
  }

  start(run: number): number {
    return this.#runs[run]?.start ?? 0;
  }

  find(address: number): number {
    const last = this.#runs[this.#last];
    if (last !== undefined && address >= last.start && address < last.end) return this.#last;
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle]?.start ?? 0) <= address) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low;
  }
}
