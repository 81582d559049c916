// The reads that wait for bytes of one connection, filled in the order in which they were asked for. A connection that
// can do so reads straight into the memory of the first; others hand over what came, which is copied once.
import type { Intake } from "./transport.ts";

interface Waiting {
  readonly target: Uint8Array;
  filled: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Where bytes go that nobody waits for yet: the most that is read ahead of a request. */
const SPARE_BYTES = 64 * 1024;
const NOTHING = new Uint8Array(0);

export class ReadQueue implements Intake {
  readonly #waiting: Waiting[] = [];
  /** Came before it was asked for; empty while a read waits. */
  #rest: Uint8Array = NOTHING;
  #spare: Uint8Array | null = null;
  /** Whose memory the connection has; null when it has the spare. */
  #lent: Waiting | null = null;
  #dropped: (() => void) | null = null;
  #onChange: (more: boolean) => void = () => undefined;

  /** `onChange` is told after each arrival whether more is wanted. */
  listen(onChange: (more: boolean) => void): void {
    this.#onChange = onChange;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  /** Takes of the rest what `target` holds; returns how much that was. */
  takeRest(target: Uint8Array): number {
    const held = Math.min(this.#rest.length, target.length);
    target.set(this.#rest.subarray(0, held));
    this.#rest = held === this.#rest.length ? NOTHING : this.#rest.subarray(held);
    return held;
  }

  takeAll(): Uint8Array {
    const rest = this.#rest;
    this.#rest = NOTHING;
    return rest;
  }

  putBack(bytes: Uint8Array): void {
    this.#rest = joined(bytes, this.#rest);
  }

  /** Resolves when `target` is full, of which the first `filled` bytes are there. */
  wait(target: Uint8Array, filled: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ target, filled, resolve, reject });
    });
  }

  /** Ends every read that waits. */
  fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** From now on nothing is kept; `onMore` is called at what still comes, once. */
  drop(onMore: () => void): void {
    this.#dropped = onMore;
    if (this.#rest.length > 0) this.#report();
    this.#rest = NOTHING;
  }

  memory(): Uint8Array {
    this.#lent = this.#waiting[0] ?? null;
    if (this.#lent !== null) return this.#lent.target.subarray(this.#lent.filled);
    this.#spare ??= new Uint8Array(SPARE_BYTES);
    return this.#spare;
  }

  filled(bytes: number): boolean {
    if (this.#lent === null) return this.take((this.#spare ?? NOTHING).subarray(0, bytes));
    // Of a read that failed meanwhile nobody hears any more.
    if (this.#lent === this.#waiting[0]) this.#advance(this.#lent, bytes);
    return this.#changed();
  }

  /** What came; the caller may reuse its memory. Returns whether more is wanted. */
  take(chunk: Uint8Array): boolean {
    let at = 0;
    for (let head = this.#waiting[0]; head !== undefined && at < chunk.length; head = this.#waiting[0]) {
      const part = chunk.subarray(at, at + head.target.length - head.filled);
      head.target.set(part, head.filled);
      at += part.length;
      this.#advance(head, part.length);
    }
    if (at < chunk.length) {
      if (this.#dropped === null) this.#rest = joined(this.#rest, chunk.subarray(at));
      else this.#report();
    }
    return this.#changed();
  }

  #advance(head: Waiting, bytes: number): void {
    head.filled += bytes;
    if (head.filled < head.target.length) return;
    this.#waiting.shift();
    head.resolve();
  }

  #changed(): boolean {
    const more = this.#waiting.length > 0 || this.#dropped !== null;
    this.#onChange(more);
    return more;
  }

  #report(): void {
    this.#dropped?.();
    this.#dropped = (): void => undefined;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
