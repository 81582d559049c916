// Exact reads and bounded writes over one connection. The peer is not trusted: it may send too little, too
// much, or nothing for ever; each ends in one typed error. Leaves out messages (message.ts).
import type { Duplex } from "node:stream";
import { SealroomError } from "../errors.ts";

/** vsock carries writes of this size best; the emulator needs less (DESIGN 5.5). */
export const MAX_WRITE_BYTES: number = 64 * 1024;

interface PendingRead {
  readonly target: Uint8Array;
  filled: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One reader and one writer at a time. Bytes are taken from the socket only while a read is waiting, so a fast
 * peer fills its own buffers, not ours.
 */
export class ByteStream {
  readonly #stream: Duplex;
  readonly #idleMs: number;
  #rest: Uint8Array = new Uint8Array(0);
  #pending: PendingRead | null = null;
  #failure: SealroomError | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #onData = (chunk: Uint8Array): void => {
    this.#take(chunk);
  };
  readonly #onEnd = (cause?: unknown): void => {
    this.#fail("TRANSPORT_CLOSED", cause instanceof Error ? cause : undefined);
  };

  /** `idleMs`: the longest that a read or a write may make no progress (TRANSPORT_TIMEOUT). */
  constructor(stream: Duplex, idleMs: number) {
    this.#stream = stream;
    this.#idleMs = idleMs;
    stream.on("data", this.#onData);
    stream.pause();
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
    stream.on("error", this.#onEnd);
  }

  /** Fills `target` whole. Errors: TRANSPORT_CLOSED, TRANSPORT_TIMEOUT. */
  async readInto(target: Uint8Array): Promise<void> {
    if (this.#pending !== null) throw new Error("internal: two reads at once");
    const held = Math.min(this.#rest.length, target.length);
    target.set(this.#rest.subarray(0, held));
    this.#rest = this.#rest.subarray(held);
    if (held === target.length) return;
    if (this.#failure !== null) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      this.#pending = { target, filled: held, resolve, reject };
      this.#arm();
      this.#stream.resume();
    });
  }

  async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.readInto(bytes);
    return bytes;
  }

  /** True when the peer has ended the connection and every byte it sent has been read. */
  async atEnd(): Promise<boolean> {
    if (this.#rest.length > 0) return false;
    if (this.#failure !== null) return true;
    const one = new Uint8Array(1);
    try {
      await this.readInto(one);
    } catch (error) {
      if (error instanceof SealroomError && error.code === "TRANSPORT_CLOSED") return true;
      throw error;
    }
    this.#rest = joined(one, this.#rest);
    return false;
  }

  /** Writes with backpressure, at most MAX_WRITE_BYTES at a time. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_WRITE_BYTES) {
      if (this.#failure !== null) throw this.#failure;
      const piece = bytes.subarray(at, at + MAX_WRITE_BYTES);
      if (!this.#stream.write(piece)) await this.#drained();
    }
  }

  /** Hands the connection over as a plain stream; what was read ahead is put back first. */
  release(): Duplex {
    this.#stream.pause();
    this.#stream.off("data", this.#onData);
    for (const event of ["end", "close", "error"]) this.#stream.off(event, this.#onEnd);
    if (this.#rest.length > 0) this.#stream.unshift(this.#rest);
    return this.#stream;
  }

  /**
   * Says that nothing more will be read. `onMore` is called if the peer sends something all the same. From now on its
   * hanging up is seen at once, which it is not while bytes that nobody reads stand before it.
   */
  closeReading(onMore: () => void): void {
    this.#stream.off("data", this.#onData);
    this.#stream.once("data", onMore);
    if (this.#rest.length > 0) onMore();
    this.#rest = new Uint8Array(0);
    this.#stream.resume();
  }

  /**
   * Leaves it to the peer to close, so that it gets to read what it was told even if it is in the middle of sending.
   * What it still sends is dropped, and after the idle limit so is the peer.
   */
  leaveToPeer(): void {
    const stream = this.#stream;
    stream.off("data", this.#onData);
    stream.resume();
    const timer = setTimeout(() => {
      stream.destroy();
    }, this.#idleMs);
    stream.once("close", () => {
      clearTimeout(timer);
    });
  }

  destroy(): void {
    this.#fail("TRANSPORT_CLOSED");
    this.#stream.destroy();
  }

  #take(chunk: Uint8Array): void {
    const pending = this.#pending;
    if (pending === null) {
      this.#rest = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
      this.#stream.pause();
      return;
    }
    const wanted = Math.min(chunk.length, pending.target.length - pending.filled);
    pending.target.set(chunk.subarray(0, wanted), pending.filled);
    pending.filled += wanted;
    this.#arm();
    if (pending.filled < pending.target.length) return;
    this.#rest = chunk.subarray(wanted);
    this.#stream.pause();
    this.#settle();
    pending.resolve();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail("TRANSPORT_TIMEOUT");
      this.#stream.destroy();
    }, this.#idleMs);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#pending = null;
  }

  #fail(code: "TRANSPORT_CLOSED" | "TRANSPORT_TIMEOUT", cause?: Error): void {
    this.#failure ??= new SealroomError(code, {}, cause === undefined ? {} : { cause });
    const pending = this.#pending;
    if (pending === null) return;
    this.#settle();
    pending.reject(this.#failure);
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stream = this.#stream;
      const done = (then: () => void) => (): void => {
        clearTimeout(timer);
        stream.off("drain", onDrain);
        stream.off("close", onClose);
        then();
      };
      const onDrain = done(resolve);
      const onClose = done(() => {
        reject(this.#failure ?? new SealroomError("TRANSPORT_CLOSED"));
      });
      const timer = setTimeout(() => {
        this.#fail("TRANSPORT_TIMEOUT");
        stream.destroy();
      }, this.#idleMs);
      stream.on("drain", onDrain);
      stream.on("close", onClose);
    });
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
