// One input's chunks as values of the sealed types: what to ask DuckDB for, and how many rows did not convert. A value of
// a CSV file comes twice, as DuckDB casts it and as it stands, and counts only where it looks like its type.
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { CHUNK_ROWS, vectorData, vectorValidity } from "./duckdb-vector.ts";
import type { RecordField } from "../order/record-layout.ts";
import type { Speller } from "./spelling.ts";
import { loadNulls, TextVectors, type TextSource, type TextVector } from "./text-vector.ts";

/** How DuckDB gives one column. */
export interface ReadColumn {
  readonly field: RecordField;
  /** SQL of the value: null where the input is null, or where it does not convert. */
  readonly value: string;
  /** SQL of the text that a value was cast from, and what it must look like; null where `exact` says enough. */
  readonly raw: { readonly text: string; readonly looksRight: Speller } | null;
}

export interface ReadPlan {
  readonly columns: readonly ReadColumn[];
  /** SQL conditions that hold for every row that converts. */
  readonly exact: readonly string[];
  readonly nullTokens: readonly string[];
}

/** One column of the present chunk; arrays may be longer than its rows. */
export interface ChunkColumn {
  /** One byte a row, 1 = null. */
  readonly nulls: Uint8Array;
  readonly hasNulls: boolean;
  /** Values as DuckDB lays them out; empty for text. */
  readonly data: Uint8Array;
  readonly text: TextVector | null;
}

const NO_DATA = new Uint8Array(0);

export class ChunkReader {
  /** What to ask for, in this order. */
  readonly expressions: readonly string[];
  readonly #plan: ReadPlan;
  readonly #texts: TextVectors;
  readonly #textPlaces: readonly number[];
  /** By column: which of the texts is it, or was it cast from; -1 for none. */
  readonly #textOf: readonly number[];
  readonly #nulls: readonly Uint8Array[];
  readonly #tokens: readonly Buffer[];
  #badRows = 0;

  constructor(plan: ReadPlan) {
    const { columns, exact, nullTokens } = plan;
    this.#plan = plan;
    const raws = columns.flatMap(({ raw }) => (raw === null ? [] : [raw.text]));
    const bad = exact.length === 0 ? [] : [`NOT (${exact.join(" AND ")})`];
    this.expressions = [...columns.map(({ value }) => value), ...raws, ...bad];
    const textPlaces: number[] = [];
    let rawPlace = columns.length;
    this.#textOf = columns.map(({ field, raw }, i) => {
      if (field.layout === "text") textPlaces.push(i);
      else if (raw !== null) textPlaces.push(rawPlace++);
      else return -1;
      return textPlaces.length - 1;
    });
    this.#textPlaces = textPlaces;
    this.#texts = new TextVectors(textPlaces.length);
    this.#nulls = columns.map(() => new Uint8Array(CHUNK_ROWS));
    this.#tokens = nullTokens.map((token) => Buffer.from(token));
  }

  /** Rows so far of which some value did not convert exactly; a row may count more than once. */
  get badRows(): number {
    return this.#badRows;
  }

  /** What the texts of the present chunk are parts of. */
  get sources(): readonly TextSource[] {
    return this.#texts.sources;
  }

  /** Valid until the next chunk, and no longer than DuckDB's. */
  read(chunk: DuckDBDataChunk): readonly ChunkColumn[] {
    const rows = chunk.rowCount;
    this.#texts.load(chunk, this.#textPlaces);
    this.#countInexact(chunk, rows);
    return this.#plan.columns.map(({ field, raw }, i) => {
      const text = this.#texts.columns[this.#textOf[i] ?? -1] ?? null;
      if (field.layout === "text" && text !== null) {
        return { nulls: text.nulls, hasNulls: has(text.nulls, rows), data: NO_DATA, text };
      }
      const nulls = this.#nulls[i] ?? NO_DATA;
      const data = vectorData(chunk, i, rows * field.width);
      loadNulls(nulls, vectorValidity(chunk, i, rows), rows);
      if (raw !== null && text !== null) this.#checkSpelling(text, nulls, rows, raw.looksRight);
      return { nulls, hasNulls: has(nulls, rows), data, text: null };
    });
  }

  #countInexact(chunk: DuckDBDataChunk, rows: number): void {
    if (this.#plan.exact.length === 0) return;
    const flags = vectorData(chunk, this.expressions.length - 1, rows);
    for (let row = 0; row < rows; row += 1) this.#badRows += flags[row] === 0 ? 0 : 1;
  }

  /** Null where the text is null or stands for it; else there is a value, and the text looks right, or the row is bad. */
  #checkSpelling(text: TextVector, nulls: Uint8Array, rows: number, looksRight: Speller): void {
    const { lengths, starts, sources } = text;
    const texts = this.#texts.sources;
    const tokens = this.#tokens;
    for (let row = 0; row < rows; row += 1) {
      const hasValue = nulls[row] === 0;
      nulls[row] = text.nulls[row] ?? 0;
      if (text.nulls[row] === 1) continue;
      const bytes = texts[sources[row] ?? 0]?.bytes ?? NO_DATA;
      const start = starts[row] ?? 0;
      const end = start + (lengths[row] ?? 0);
      if (tokens.length > 0 && isToken(tokens, bytes, start, end)) nulls[row] = 1;
      else if (!hasValue || !looksRight(bytes, start, end)) this.#badRows += 1;
    }
  }
}

function has(flags: Uint8Array, rows: number): boolean {
  const first = flags.indexOf(1);
  return first >= 0 && first < rows;
}

function isToken(tokens: readonly Buffer[], bytes: Uint8Array, start: number, end: number): boolean {
  for (const token of tokens) {
    if (token.length === end - start && token.compare(bytes, start, end) === 0) return true;
  }
  return false;
}
