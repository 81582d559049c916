// A CSV text out of an opened object, from its beginning to its end in parts of one length: what is read, and in which
// order, follows from the text's length alone (DESIGN 1.4).
import type { ColumnBatch } from "../column/vector.ts";
import type { OpenedFile } from "../seal/byte-source.ts";
import { CsvReader, type CsvShape } from "./reader.ts";

export const CSV_PART_BYTES: number = 1024 * 1024;

/**
 * Every record in batches, each valid until the one after the next. The next part travels while one is worked on.
 * @param run does a piece of work on one part, which waits for nothing
 * @throws CsvFault, what reading throws
 */
export async function* csvBatches(
  file: OpenedFile,
  shape: Omit<CsvShape, "bytes">,
  run: <T>(work: () => T) => T,
): AsyncGenerator<ColumnBatch, void, void> {
  const reader = new CsvReader({ ...shape, bytes: file.plainBytes });
  const pull = async (start: number): Promise<Uint8Array> => {
    const range = { start, end: Math.min(start + CSV_PART_BYTES, file.plainBytes) };
    return start < range.end ? (await file.read([range]))(range) : new Uint8Array(0);
  };
  let ahead = pull(0);
  for (let at = 0; at < file.plainBytes; at += CSV_PART_BYTES) {
    const part = await ahead;
    ahead = pull(at + CSV_PART_BYTES);
    ahead.catch(() => undefined);
    for (let taken = 0; taken < part.length;) {
      const from = taken;
      taken += run(() => reader.push(part.subarray(from)));
      yield* batchesOf(reader, run);
    }
  }
  reader.end();
  yield* batchesOf(reader, run);
}

function* batchesOf(reader: CsvReader, run: <T>(work: () => T) => T): Generator<ColumnBatch, void, void> {
  for (let batch = run(() => reader.next()); batch !== null; batch = run(() => reader.next())) yield batch;
}
