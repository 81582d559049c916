// A file that is read by position, in pieces of bounded size: images are larger than what anyone wants in memory twice.
import type { FileHandle } from "node:fs/promises";
import { SealroomError } from "../../core/errors.ts";

export interface ByteFile {
  readonly size: number;
  /** Exactly these bytes, in memory of their own. Errors: IMAGE_CHANGED. */
  read(start: number, length: number): Promise<Uint8Array>;
}

const PIECE_BYTES = 1024 * 1024;

/** The handle stays its opener's. */
export async function byteFile(handle: FileHandle): Promise<ByteFile> {
  const { size } = await handle.stat();
  return {
    size,
    read: async (start, length) => {
      checkRange(size, start, length);
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
        if (bytesRead === 0) throw new SealroomError("IMAGE_CHANGED");
        filled += bytesRead;
      }
      return bytes;
    },
  };
}

export async function* readPieces(file: ByteFile, start: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += PIECE_BYTES) {
    yield await file.read(start + at, Math.min(PIECE_BYTES, length - at));
  }
}

/** Writes at places of a file. The handle stays its opener's. */
export function writerOf(handle: FileHandle): (bytes: Uint8Array, start: number) => Promise<void> {
  return async (bytes, start) => {
    for (let done = 0; done < bytes.length;) {
      done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
    }
  };
}

/** What is read was checked against the size before: nothing is allocated for a length that a file only claims. */
export function checkRange(size: number, start: number, length: number): void {
  const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(length) && start >= 0 && length >= 0;
  if (!isInside || start + length > size) throw new Error("internal: a range outside the file");
}
