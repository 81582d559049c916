// Sends a range of an open object: the data path of local runs. A few buffers go round between the disk and the
// socket, so that reading and sending overlap and a slow client holds little memory.
import { closeSync, read } from "node:fs";
import type { ServerResponse } from "node:http";
import { promisify } from "node:util";

import type { ByteRange } from "./range.ts";

const BUFFER_BYTES = 256 * 1024;
/** Of one answer, and of those that wait for the next one. */
const BUFFERS = 3;
const MAX_SPARE_BUFFERS = 32;
const readFile = promisify(read);
const spareBuffers: Buffer[] = [];

/** The whole answer. The response is destroyed if the file is not what it was; the file is closed either way. */
export async function sendRange(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  { file, range: { start, end } }: { readonly file: number; readonly range: ByteRange },
): Promise<void> {
  const loop = new BufferLoop(() => response.destroyed);
  response.once("close", () => {
    loop.wake();
  });
  try {
    response.writeHead(status, headers);
    for (let at = start; at < end;) {
      const buffer = await loop.take();
      if (buffer === null) return;
      const { bytesRead } = await readFile(file, buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) throw new Error("an object's file is shorter than it was");
      at += bytesRead;
      response.write(buffer.subarray(0, bytesRead), (error) => {
        // After a failure the system may still hold the buffer.
        if (!error) loop.give(buffer);
      });
    }
    response.end();
  } catch (error) {
    response.destroy(error instanceof Error ? error : new Error("reading failed"));
  } finally {
    closeSync(file);
  }
}

class BufferLoop {
  readonly #isOver: () => boolean;
  #inUse = 0;
  #waiting: (() => void) | null = null;

  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** A buffer that nobody uses, once this answer has fewer than its share; null if the client is gone. */
  async take(): Promise<Buffer | null> {
    while (this.#inUse === BUFFERS && !this.#isOver()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    if (this.#isOver()) return null;
    this.#inUse++;
    return spareBuffers.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  give(buffer: Buffer): void {
    this.#inUse--;
    if (spareBuffers.length < MAX_SPARE_BUFFERS) spareBuffers.push(buffer);
    this.wake();
  }

  wake(): void {
    this.#waiting?.();
    this.#waiting = null;
  }
}
