// Exact reads and bounded writes over one connection. The peer is not trusted: it may send too little, too
// much, or nothing for ever; each ends in one typed error. Leaves out messages (message.ts).
import type { Duplex } from "node:stream";
import { SealroomError } from "../errors.ts";
import { ReadQueue } from "./read-queue.ts";
import type { Dialer, HostPort } from "./transport.ts";

/** vsock carries writes of this size best; the emulator needs less (DESIGN 5.5). */
export const MAX_WRITE_BYTES: number = 64 * 1024;

/**
 * Reads are answered in the order in which they were asked for, and several may wait; writes come one after another.
 * Bytes are taken from the socket only while a read is waiting, so a fast peer fills its own buffers, not ours.
 */
export class ByteStream {
  readonly #stream: Duplex;
  readonly #idleMs: number;
  readonly #reads: ReadQueue;
  #failure: SealroomError | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #onData = (chunk: Uint8Array): void => {
    this.#reads.take(chunk);
  };
  readonly #onEnd = (cause?: unknown): void => {
    this.#fail("TRANSPORT_CLOSED", cause instanceof Error ? cause : undefined);
  };

  /**
   * `idleMs`: the longest that the connection may make no progress while something is waited for (TRANSPORT_TIMEOUT).
   * `reads`: given when the connection reads into it (dialStream).
   */
  constructor(stream: Duplex, idleMs: number, reads: ReadQueue = new ReadQueue()) {
    this.#stream = stream;
    this.#idleMs = idleMs;
    this.#reads = reads;
    reads.listen((more) => {
      if (!more) this.#rest();
      else if (reads.isWaiting) this.#progress();
    });
    stream.on("data", this.#onData);
    stream.pause();
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
    stream.on("error", this.#onEnd);
  }

  /** Fills `target` whole. Errors: TRANSPORT_CLOSED, TRANSPORT_TIMEOUT. */
  async readInto(target: Uint8Array): Promise<void> {
    const held = this.#reads.takeRest(target);
    if (held === target.length) return;
    if (this.#failure !== null) throw this.#failure;
    const full = this.#reads.wait(target, held);
    this.#progress();
    this.#stream.resume();
    await full;
  }

  async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.readInto(bytes);
    return bytes;
  }

  /** True when the peer has ended the connection and every byte it sent has been read. */
  async atEnd(): Promise<boolean> {
    if (this.#reads.hasRest) return false;
    if (this.#failure !== null) return true;
    const one = new Uint8Array(1);
    try {
      await this.readInto(one);
    } catch (error) {
      if (error instanceof SealroomError && error.code === "TRANSPORT_CLOSED") return true;
      throw error;
    }
    this.#reads.putBack(one);
    return false;
  }

  /** Writes with backpressure, at most MAX_WRITE_BYTES at a time. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_WRITE_BYTES) {
      if (this.#failure !== null) throw this.#failure;
      const piece = bytes.subarray(at, at + MAX_WRITE_BYTES);
      if (!this.#stream.write(piece)) await this.#drained();
      if (this.#reads.isWaiting) this.#progress();
    }
  }

  /**
   * Hands the connection over as a plain stream; what was read ahead is put back first. Throws TRANSPORT_CLOSED when it
   * has ended: a stream that has takes nothing back, and says so in an event that nobody would hear.
   */
  release(): Duplex {
    if (this.#failure !== null) throw this.#failure;
    this.#stream.pause();
    this.#stream.off("data", this.#onData);
    for (const event of ["end", "close", "error"]) this.#stream.off(event, this.#onEnd);
    if (this.#reads.hasRest) this.#stream.unshift(this.#reads.takeAll());
    return this.#stream;
  }

  /**
   * Says that nothing more will be read. `onMore` is called if the peer sends something all the same. From now on its
   * hanging up is seen at once, which it is not while bytes that nobody reads stand before it.
   */
  closeReading(onMore: () => void): void {
    this.#reads.drop(onMore);
    this.#stream.resume();
  }

  /**
   * Leaves it to the peer to close, so that it gets to read what it was told even if it is in the middle of sending.
   * What it still sends is dropped, and after the idle limit so is the peer.
   */
  leaveToPeer(): void {
    const stream = this.#stream;
    this.#reads.drop(() => undefined);
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

  /** Nobody waits for bytes. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#stream.pause();
  }

  #progress(): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(() => {
      this.#giveUp(() => this.#timer === timer && this.#reads.isWaiting);
    }, this.#idleMs);
    this.#timer = timer;
  }

  /**
   * Timers go before sockets: a process that was held up finds the limit over and has not yet seen what came meanwhile,
   * on any of its connections. So there is one more look, and only then is the peer to blame.
   */
  #giveUp(isWaiting: () => boolean): void {
    setImmediate(() => {
      if (!isWaiting()) return;
      this.#fail("TRANSPORT_TIMEOUT");
      this.#stream.destroy();
    });
  }

  #fail(code: "TRANSPORT_CLOSED" | "TRANSPORT_TIMEOUT", cause?: Error): void {
    this.#failure ??= new SealroomError(code, {}, cause === undefined ? {} : { cause });
    clearTimeout(this.#timer);
    this.#reads.fail(this.#failure);
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stream = this.#stream;
      let isWaiting = true;
      const done = (then: () => void) => (): void => {
        isWaiting = false;
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
        this.#giveUp(() => isWaiting);
      }, this.#idleMs);
      stream.on("drain", onDrain);
      stream.on("close", onClose);
    });
  }
}

/** Connects so that bytes are read straight into the memory they are for, where the transport can. Error: TRANSPORT_CONNECT. */
export async function dialStream(dialer: Dialer, port: HostPort, idleMs: number): Promise<ByteStream> {
  const reads = new ReadQueue();
  return new ByteStream(await dialer.connect(port, reads), idleMs, reads);
}
