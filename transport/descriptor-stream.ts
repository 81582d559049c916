// A connected socket's descriptor as a Node stream: what net.Socket is for the kinds of sockets that Node knows. Bytes
// move only when the kernel says that they can, and only as far as both sides want: a reader who stops fills the
// kernel's buffers, not ours. Leaves out time limits (core/wire/byte-stream.ts has them) and how a connection is made.
import { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import { MAX_WRITE_BYTES } from "../core/wire/byte-stream.ts";
import type { Intake } from "../core/wire/transport.ts";
import { AGAIN, NOT_CONNECTED, refused } from "./errno.ts";
import { READABLE, WRITABLE } from "./native/addon.ts";

/** The calls on one connected, non-blocking descriptor. Counts, or below zero an errno. */
export interface Channel {
  /** Never with an empty `into`. 0: the peer has ended. */
  receive(into: Uint8Array): number;
  send(from: Uint8Array): number;
  /** Nothing more will be sent. */
  finish(): number;
  /** The fault that the kernel holds; 0 for none. */
  fault(): number;
  /** Called once. `ready` hears of what is wanted; a number below zero when the kernel reports a fault. */
  watch(ready: (events: number) => void): void;
  /** READABLE, WRITABLE, their sum, or 0. After a fault was reported nothing is wanted until asked for again. */
  want(events: number): number;
  close(): void;
}

export interface StreamOptions {
  /** Given, the stream reads into it and gives no data by itself. */
  readonly intake?: Intake | undefined;
  /** The most that is handed to the kernel at once. */
  readonly writeBytes?: number | undefined;
}

const READ_BYTES = 64 * 1024;
/** What a writer may have waiting, to be handed to the kernel without a turn of the event loop in between. */
const WRITTEN_AHEAD_BYTES = 256 * 1024;
/** One connection that never runs dry must not keep the others waiting. */
const READS_A_TURN = 16;

interface Outgoing {
  readonly bytes: Uint8Array;
  sent: number;
  readonly done: (error?: Error | null) => void;
}

/** Where bytes come in on their way to a reader: copied before anything else runs, so one a thread will do. */
const passing = new Uint8Array(READ_BYTES);

/** Errors it ends with: TRANSPORT_CLOSED. */
export class DescriptorStream extends Duplex {
  readonly #channel: Channel;
  readonly #intake: Intake | undefined;
  readonly #writeBytes: number;
  #wanted = 0;
  #isReading = false;
  #hasEnded = false;
  #outgoing: Outgoing | null = null;

  constructor(channel: Channel, { intake, writeBytes = MAX_WRITE_BYTES }: StreamOptions = {}) {
    super({ allowHalfOpen: false, writableHighWaterMark: WRITTEN_AHEAD_BYTES });
    this.#channel = channel;
    this.#intake = intake;
    this.#writeBytes = writeBytes;
    channel.watch((events) => {
      this.#onReady(events);
    });
  }

  override _read(): void {
    if (this.#intake === undefined) this.#read();
  }

  /** With an intake, reading begins and ends with these two: nothing passes through the stream's own buffer. */
  override resume(): this {
    if (this.#intake !== undefined) this.#read();
    return super.resume();
  }

  override pause(): this {
    if (this.#intake !== undefined) {
      this.#isReading = false;
      this.#want();
    }
    return super.pause();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#outgoing = { bytes: chunk, sent: 0, done };
    this.#send();
  }

  override _final(done: (error?: Error | null) => void): void {
    const result = this.#channel.finish();
    // Where the peer has gone already there is nobody left to tell.
    done(result < 0 && result !== NOT_CONNECTED ? refused("TRANSPORT_CLOSED", result) : null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.close();
    const outgoing = this.#outgoing;
    this.#outgoing = null;
    done(error);
    outgoing?.done(error ?? new SealroomError("TRANSPORT_CLOSED"));
  }

  #read(): void {
    if (this.#hasEnded) return;
    this.#isReading = true;
    this.#want();
  }

  #want(): void {
    const wanted = (this.#isReading ? READABLE : 0) | (this.#outgoing === null ? 0 : WRITABLE);
    if (wanted === this.#wanted || this.destroyed) return;
    this.#wanted = wanted;
    const result = this.#channel.want(wanted);
    // Not watched it would wait for ever.
    if (result < 0) this.destroy(refused("TRANSPORT_CLOSED", result));
  }

  #onReady(events: number): void {
    if (this.destroyed) return;
    if (events < 0) {
      this.#onFault();
    } else {
      if ((events & WRITABLE) !== 0) this.#send();
      if ((events & READABLE) !== 0) this.#receive();
      this.#want();
    }
  }

  /** What came before the fault is still to be had, and the read after it names the fault. */
  #onFault(): void {
    this.#wanted = 0;
    if (this.#receive() === AGAIN) this.destroy(refused("TRANSPORT_CLOSED", this.#channel.fault()));
    else this.#want();
  }

  /** What the last call gave; AGAIN when nothing is to be read. */
  #receive(): number {
    let count = AGAIN;
    for (let turn = 0; turn < READS_A_TURN && this.#isReading && !this.destroyed; turn += 1) {
      const memory = this.#intake?.memory() ?? passing;
      count = this.#channel.receive(memory);
      if (count === AGAIN) return count;
      if (count < 0) {
        this.destroy(refused("TRANSPORT_CLOSED", count));
      } else if (count === 0) {
        this.#end();
      } else {
        this.#isReading = this.#intake?.filled(count) ?? this.push(memory.slice(0, count));
        // The kernel has no more for now.
        if (count < memory.length) return count;
      }
    }
    return count;
  }

  #end(): void {
    this.#isReading = false;
    this.#hasEnded = true;
    this.push(null);
    // With an intake nobody takes data from the stream, so nobody would come upon its end.
    if (this.#intake !== undefined) this.read(0);
  }

  #send(): void {
    const outgoing = this.#outgoing;
    if (outgoing === null) return;
    const { bytes, done } = outgoing;
    while (outgoing.sent < bytes.length) {
      const count = this.#channel.send(bytes.subarray(outgoing.sent, outgoing.sent + this.#writeBytes));
      // A peer decides how much room there is; none must not keep the event loop.
      if (count === AGAIN || count === 0) {
        this.#want();
        return;
      }
      if (count < 0) {
        this.#outgoing = null;
        done(refused("TRANSPORT_CLOSED", count));
        return;
      }
      outgoing.sent += count;
    }
    this.#outgoing = null;
    done();
  }
}
