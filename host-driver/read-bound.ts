// The most bytes that a job asks of S3 for one object, from what is public of it.
import { valueWidth } from "../core/column/batch.ts";
import { FOOTER_GUESS_BYTES } from "../core/column/footer.ts";
import { BATCH_ROWS, findColumnType } from "../core/column/type.ts";
import type { ColumnEntry, Manifest, ObjectEntry } from "../core/manifest/manifest.ts";
import { FRAME_OVERHEAD } from "../core/seal/size.ts";
import { DEFAULT_FRAME_LENGTH } from "../core/seal/writer.ts";

/** A frame of a sealed object as `seal` writes it. */
const FRAME_BYTES = DEFAULT_FRAME_LENGTH + FRAME_OVERHEAD;
/** What is read of an object's beginning, to find its header. */
const PREFIX_BYTES = 4096;
/** What a column, or a batch, takes of a footer at the most, its name left out. */
const FOOTER_ENTRY_BYTES = 512;

/**
 * How often adopted objects, whose layout only their readers know, are read at the most: once as a whole; then
 * footer and dictionaries, and each batch, which may share its first and last chunk with another.
 */
const ADOPTED_READINGS = 4;

/**
 * The most bytes of one object that are read, from what is public of it: the header, the footer, where its batches and
 * dictionaries lie, then the wanted dictionaries and each batch. No step reads a frame twice, so none reads more than
 * the object; a range that begins and ends inside frames reads two more than it fills.
 */
export function readBound(
  object: ObjectEntry,
  { schema, unit }: Manifest,
  used: readonly ColumnEntry[],
): number {
  const { bytes, rows } = object;
  if ("envelope" in object) return ADOPTED_READINGS * bytes;
  const frames = (count: number): number => Math.min(bytes, count * FRAME_BYTES);
  const batches = Math.max(1, Math.ceil(rows / BATCH_ROWS));
  const texts = schema.filter(({ type }) => type === "utf8").length;
  const names = schema.reduce((sum, { name }) => sum + 4 * name.length + FOOTER_ENTRY_BYTES, 0);
  const isShort = names + batches * FOOTER_ENTRY_BYTES < FOOTER_GUESS_BYTES;
  const footer = isShort ? frames(2) : bytes + frames(2);
  const layout = frames(2 * batches) + frames(2 * texts);
  // Neighbours share a frame: dictionaries with a batch, and a batch with the next.
  let body = Math.min((batches + 1) * bytes, bytes + batches * FRAME_BYTES);
  const widths = used.map(({ type }) => fixedWidth(type));
  if (!widths.includes(null)) {
    // Values and validity of each column, and the marks of units: two buffers each at most.
    const buffers = 2 * widths.length + (unit === "row" ? 0 : 2);
    const perRow = widths.reduce((sum: number, width) => sum + (width ?? 0), 0) + buffers / 8;
    body = Math.min(body, Math.ceil(perRow * rows) + batches * buffers * 2 * FRAME_BYTES);
  }
  return Math.min(bytes, PREFIX_BYTES) + footer + layout + body;
}

/** Bytes of a value; null for text, whose length nobody but the owner knows. */
function fixedWidth(typeName: string): number | null {
  const type = findColumnType(typeName);
  return type === undefined || type.kind === "utf8" ? null : valueWidth(type);
}
