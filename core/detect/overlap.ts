// Candidates that overlap one another in a chain, and which of them stand: the longest first, of equally long ones the
// one that begins first, each unless it overlaps one that stands. Linear in the candidates: lengths are bounded, so they
// are sorted by counting. Its memory grows to the longest chain and is kept.
import { NONE } from "./detector.ts";

/** Only web addresses are longer, and sorted among those of this length: of two that overlap, the first is the longer. */
const MAX_SPAN_BYTES = 512;

/** States of a candidate. */
const FREE = 0;
const TAKEN = 1;
const DEAD = 2;

/** What stands, and what it has of its chain: up to the next that stands, from the chain's start and to its end. */
export type Emit = (detector: number, start: number, end: number, from: number, to: number) => void;

export class Chain {
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #detectors = new Uint8Array(64);
  /** Of a candidate, the next one of its length. */
  #next = new Int32Array(64);
  #states = new Uint8Array(64);
  readonly #heads = new Int32Array(MAX_SPAN_BYTES + 1).fill(NONE);
  #count = 0;
  #end = NONE;
  #shortest = MAX_SPAN_BYTES;
  #longest = 0;

  /** Candidates come by ascending start, one a start; those before are settled where this one overlaps none of them. */
  add(detector: number, start: number, end: number, emit: Emit): void {
    if (start >= this.#end) this.settle(emit);
    if (this.#count === this.#starts.length) this.#grow();
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#detectors[this.#count] = detector;
    this.#count++;
    this.#end = Math.max(this.#end, end);
    const length = Math.min(end - start, MAX_SPAN_BYTES);
    this.#shortest = Math.min(this.#shortest, length);
    this.#longest = Math.max(this.#longest, length);
  }

  /** Emits what stands, by ascending start. */
  settle(emit: Emit): void {
    if (this.#count > 1) this.#choose();
    else this.#states[0] = TAKEN;
    let from = this.#starts[0] ?? 0;
    for (let index = this.#nextTaken(0), next; index < this.#count; index = next) {
      next = this.#nextTaken(index + 1);
      const to = next < this.#count ? (this.#starts[next] ?? 0) : this.#end;
      emit(this.#detectors[index] ?? 0, this.#starts[index] ?? 0, this.#ends[index] ?? 0, from, to);
      from = to;
    }
    this.#count = 0;
    this.#end = NONE;
    this.#shortest = MAX_SPAN_BYTES;
    this.#longest = 0;
  }

  #nextTaken(first: number): number {
    let index = first;
    while (index < this.#count && this.#states[index] !== TAKEN) index++;
    return index;
  }

  #choose(): void {
    const heads = this.#heads;
    for (let index = this.#count - 1; index >= 0; index--) {
      const length = Math.min((this.#ends[index] ?? 0) - (this.#starts[index] ?? 0), MAX_SPAN_BYTES);
      this.#next[index] = heads[length] ?? NONE;
      heads[length] = index;
      this.#states[index] = FREE;
    }
    for (let length = this.#longest; length >= this.#shortest; length--) {
      for (let index = heads[length] ?? NONE; index !== NONE; index = this.#next[index] ?? NONE) {
        if (this.#states[index] === FREE) this.#take(index);
      }
      heads[length] = NONE;
    }
  }

  /** Those that overlap it begin before its end, and, being no longer than it, after its start less its length. */
  #take(index: number): void {
    const start = this.#starts[index] ?? 0;
    const end = this.#ends[index] ?? 0;
    for (let other = index + 1; other < this.#count && (this.#starts[other] ?? 0) < end; other++) {
      this.#states[other] = DEAD;
    }
    const first = start - (end - start);
    for (let other = index - 1; other >= 0 && (this.#starts[other] ?? 0) > first; other--) {
      if ((this.#ends[other] ?? 0) > start) this.#states[other] = DEAD;
    }
    this.#states[index] = TAKEN;
  }

  #grow(): void {
    const size = this.#starts.length * 2;
    this.#starts = grown(this.#starts, size);
    this.#ends = grown(this.#ends, size);
    this.#next = grown(this.#next, size);
    const detectors = new Uint8Array(size);
    detectors.set(this.#detectors);
    this.#detectors = detectors;
    this.#states = new Uint8Array(size);
  }
}

function grown(values: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(values);
  return larger;
}
