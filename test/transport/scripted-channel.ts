// A channel whose kernel does what a test says: how much each call takes or gives, and when it reports what.
import type { Channel } from "../../transport/descriptor-stream.ts";

export class ScriptedChannel implements Channel {
  /** Answers to receive: bytes that come, or a result without any; then nothing comes. */
  readonly incoming: (Uint8Array | number)[] = [];
  /** Of every want from now on. */
  wantResult = 0;
  /** Answers to send: how much is taken at most, or an errno; then everything is taken. */
  readonly taking: number[] = [];
  readonly sent: number[][] = [];
  readonly wants: number[] = [];
  pendingFault = 0;
  finished = 0;
  closed = 0;
  ready: (events: number) => void = () => undefined;

  readonly #again: number;

  constructor(again: number) {
    this.#again = again;
  }

  receive(into: Uint8Array): number {
    const next = this.incoming.shift() ?? this.#again;
    if (typeof next === "number") return next;
    const part = next.subarray(0, into.length);
    into.set(part);
    if (part.length < next.length) this.incoming.unshift(next.subarray(part.length));
    return part.length;
  }

  send(from: Uint8Array): number {
    const next = this.taking.shift() ?? from.length;
    if (next < 0) return next;
    const taken = Math.min(next, from.length);
    this.sent.push([...from.subarray(0, taken)]);
    return taken;
  }

  finish(): number {
    this.finished += 1;
    return 0;
  }

  fault(): number {
    return this.pendingFault;
  }

  watch(ready: (events: number) => void): void {
    this.ready = ready;
  }

  want(events: number): number {
    this.wants.push(events);
    return this.wantResult;
  }

  close(): void {
    this.closed += 1;
  }
}
