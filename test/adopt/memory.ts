// An object in memory as a source of bytes, honest or not.
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { ByteSource, OpenedFile } from "../../core/seal/byte-source.ts";

/** `change` may give other bytes for the reads from number `from` on. */
export class MemorySource implements ByteSource {
  reads = 0;
  readonly #bytes: Uint8Array;
  readonly #change: (read: number, offset: number, honest: Uint8Array) => Uint8Array;

  constructor(
    bytes: Uint8Array,
    change: (read: number, offset: number, honest: Uint8Array) => Uint8Array = (_read, _offset, honest) =>
      honest,
  ) {
    this.#bytes = bytes;
    this.#change = change;
  }

  readInto(offset: number, target: Uint8Array): Promise<void> {
    const honest = this.#bytes.slice(offset, offset + target.length);
    const given = this.#change(this.reads++, offset, honest);
    // As the wire has it: what is short never fills the target.
    if (given.length !== target.length) return Promise.reject(new SealroomError("TRANSPORT_CLOSED"));
    target.set(given);
    return Promise.resolve();
  }
}

export async function readAll(file: OpenedFile): Promise<Uint8Array> {
  const range = { start: 0, end: file.plainBytes };
  return (await file.read([range]))(range);
}

/** The code that `work` fails with, or "ok". Anything that is no refusal of ours is thrown on. */
export async function codeOf(work: () => unknown): Promise<ErrorCode | "ok"> {
  try {
    await work();
    return "ok";
  } catch (error) {
    if (error instanceof SealroomError) return error.code;
    throw error;
  }
}
