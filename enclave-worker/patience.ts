// How long honest bytes can keep a thread computing, in milliseconds of its processor time. Everything that is done with
// decrypted bytes is linear in them, so each step may take a constant and so much a row, a cell, a byte: ten times and
// more of what was measured, since a step that is ended ends the job. What takes longer has met bytes that were made for it.
import type { ColumnBatch, Vector } from "../core/column/vector.ts";
import type { Program, Secrets } from "../jobs/registry.ts";

/** With what the watchdog itself needs, a step over few bytes ends within a second. */
const LEAST_MS = 750;

/** Footers and the metadata of blocks: some megabytes at most, each byte looked at once. */
export const METADATA_MS: number = LEAST_MS;

/** Of what a part of a CSV text, and what was left of the one before, is made into: some milliseconds a column of it. */
export const CSV_MS: number = 4 * LEAST_MS;

/** Checks of columns: a null count, offsets and UTF-8 byte by byte, codes. */
const READ_MS_PER_BYTE = 5e-5;
/** A string of a dictionary is an object. */
const DICTIONARY_MS_PER_VALUE = 0.02;

/** What a kernel may take for a cell, and for a byte of text. The table is whole: a new kind says what it needs. */
const KERNEL_MS: Readonly<Record<Program["kind"], { readonly cell: number; readonly byte: number }>> = {
  aggregate: { cell: 0.005, byte: 5e-5 },
  // A row may have as many partners as JOIN_SIZE allows, and is aggregated for two owners.
  join: { cell: 0.2, byte: 0.001 },
  build: { cell: 0.005, byte: 5e-5 },
  tokenize: { cell: 0.1, byte: 0.001 },
  survey: { cell: 0.1, byte: 0.001 },
  discover: { cell: 0.1, byte: 0.001 },
  reveal: { cell: 0.1, byte: 0.001 },
};

/** Of the check of so many bytes of columns. */
export function readMs(bytes: number): number {
  return LEAST_MS + bytes * READ_MS_PER_BYTE;
}

export function dictionaryMs(values: number, bytes: number): number {
  return readMs(bytes) + values * DICTIONARY_MS_PER_VALUE;
}

export function kernelMs(kind: Program["kind"], { rows, columns }: ColumnBatch): number {
  const { cell, byte } = KERNEL_MS[kind];
  const bytes = columns.reduce((sum, vector) => sum + textBytes(vector), 0);
  // A job of no column still looks at each row.
  return LEAST_MS + rows * (columns.length + 1) * cell + bytes * byte;
}

/** Of what a kernel does before its first batch: of a join, each held row is put where its key is found. */
export function startMs(kind: Program["kind"], { held }: Secrets): number {
  return held === undefined ? LEAST_MS : kernelMs(kind, held);
}

/** Of what a kernel hands over when an object has ended: at most a group for each of its rows. */
export function finishMs({ kind, columns }: Program, rows: number): number {
  return LEAST_MS + rows * (columns.length + 1) * KERNEL_MS[kind].cell;
}

/** That a kernel may go through, the strings of a dictionary once. */
function textBytes(vector: Vector): number {
  if (vector.layout === "dictionary") return vector.values.reduce((sum, { length }) => sum + length, 0);
  return vector.layout === "utf8" ? vector.bytes.length : 0;
}
