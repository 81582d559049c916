// Sends a range of an open object: the data path of local runs. A few buffers go round between the disk and the
// socket, so that reading and sending overlap and a slow client holds no memory.
import { closeSync, read } from "node:fs";
import type { ServerResponse } from "node:http";
import { promisify } from "node:util";

import type { ByteRange } from "./range.ts";

const BUFFER_BYTES = 256 * 1024;
const BUFFERS = 3;
const readFile = promisify(read);

/** The whole answer. The response is destroyed if the file is not what it was; the file is closed either way. */
export async function sendRange(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  { file, range: { start, end } }: { readonly file: number; readonly range: ByteRange },
): Promise<void> {
  const pool = new BufferPool(Math.min(BUFFER_BYTES, end - start), () => response.destroyed);
  response.once("close", () => {
    pool.wake();
  });
  try {
    response.writeHead(status, headers);
    for (let at = start; at < end && !response.destroyed;) {
      const buffer = await pool.take();
      if (buffer === null) return;
      const { bytesRead } = await readFile(file, buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) throw new Error("an object's file is shorter than it was");
      at += bytesRead;
      response.write(buffer.subarray(0, bytesRead), () => {
        pool.give(buffer);
      });
    }
    response.end();
  } catch (error) {
    response.destroy(error instanceof Error ? error : new Error("reading failed"));
  } finally {
    closeSync(file);
  }
}

class BufferPool {
  readonly #bytes: number;
  readonly #isOver: () => boolean;
  readonly #free: Buffer[] = [];
  #made = 0;
  #waiting: (() => void) | null = null;

  constructor(bytes: number, isOver: () => boolean) {
    this.#bytes = bytes;
    this.#isOver = isOver;
  }

  /** A buffer that nobody uses; null once the client is gone. */
  async take(): Promise<Buffer | null> {
    for (;;) {
      if (this.#isOver()) return null;
      const buffer = this.#free.pop();
      if (buffer !== undefined) return buffer;
      if (this.#made < BUFFERS) {
        this.#made++;
        return Buffer.allocUnsafeSlow(this.#bytes);
      }
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer);
    this.wake();
  }

  wake(): void {
    this.#waiting?.();
    this.#waiting = null;
  }
}
