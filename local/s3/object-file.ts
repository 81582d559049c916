// How an object lies on the disk: its bytes from offset 0, then a footer of JSON, its length (u32) and a mark. One
// file, so that one rename makes bytes and metadata visible together; at offset 0, so that a range needs no sum.
import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";

import { SealroomError } from "../../core/errors.ts";
import type { Checksum } from "./checksum.ts";

const readFile = promisify(read);

const MARK: Uint8Array = Buffer.from("SRS3OBJ1");
const TAIL_BYTES: number = 4 + MARK.length;
const MAX_FOOTER_BYTES = 64 * 1024;
/** Small writes are collected up to this: the socket hands out 64 KiB at most. */
const WRITE_BYTES = 1024 * 1024;

/** Everything that is known of an object but its bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
  /** Stored response headers: content-type and its like. */
  readonly headers: Readonly<Record<string, string>>;
  /** x-amz-meta-*, without that prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum: Checksum | null;
}

/** A file that is being written. Its name is temporary: whoever made it renames or discards it. */
export class Draft {
  readonly #path: string;
  readonly #file: FileHandle;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #bytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<Draft> {
    return new Draft(path, await open(path, "wx", 0o600));
  }

  get path(): string {
    return this.#path;
  }

  /** Takes the bytes over. Wait for the promise before the next call: that is the backpressure. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#bytes += bytes.length;
    if (this.#pendingBytes >= WRITE_BYTES) await this.#flush();
  }

  /** Writes the footer and closes the file; it is whole from now on, under its temporary name. */
  async finish(info: ObjectInfo): Promise<void> {
    if (info.bytes !== this.#bytes) throw new Error("internal: the object has another length");
    const footer = Buffer.from(JSON.stringify(info));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(footer.length);
    this.#pending.push(footer, length, MARK);
    await this.#flush();
    await this.#writing;
    await this.#file.close();
  }

  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  // One write is under way while the next is collected.
  async #flush(): Promise<void> {
    await this.#writing;
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#writing = this.#writeAll(pending);
    // Whoever waits next gets the failure; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  async #writeAll(buffers: readonly Uint8Array[]): Promise<void> {
    const total = buffers.reduce((sum, { length }) => sum + length, 0);
    const { bytesWritten } = await this.#file.writev(buffers);
    if (bytesWritten !== total) throw new Error("the disk is full");
  }
}

/** @throws SealroomError LOCAL_STATE if the file is not one that was finished */
export function readObjectInfo(path: string): ObjectInfo {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const tail = readAt(file, size - TAIL_BYTES, TAIL_BYTES);
    const footerBytes = tail.readUInt32BE(0);
    if (!tail.subarray(4).equals(MARK) || footerBytes > MAX_FOOTER_BYTES) throw new Error("no footer");
    const info = JSON.parse(
      readAt(file, size - TAIL_BYTES - footerBytes, footerBytes).toString(),
    ) as ObjectInfo;
    if (info.bytes + footerBytes + TAIL_BYTES !== size) throw new Error("another length");
    return info;
  } catch (cause) {
    throw new SealroomError("LOCAL_STATE", { file: path }, { cause });
  } finally {
    closeSync(file);
  }
}

/** The bytes of an object from the front, in fresh buffers. Closes the file when the last is out, or on a failure. */
export async function* readObject(file: number, bytes: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < bytes;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(WRITE_BYTES, bytes - at));
      const { bytesRead } = await readFile(file, buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error("an object's file is shorter than it was");
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (position < 0 || readSync(file, bytes, 0, length, position) !== length) throw new Error("cut short");
  return bytes;
}
