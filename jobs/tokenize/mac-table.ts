// A set of 16-byte MACs, each with its place: by open addressing, as the MACs of a secret key are spread evenly whatever
// the values are. Held in shared memory, so that threads look places up without copies.
import { BLOCK_BYTES } from "../../core/crypto.ts";

const WORDS = BLOCK_BYTES / 4;
const FIRST_PLACES = 1024;
const EMPTY = -1;

/** What threads are sent: views on shared memory. */
export interface SharedMacs {
  /** By the first word, then onward: a place, or -1. As many as a power of two. */
  readonly slots: Int32Array;
  /** Four words a place. */
  readonly macs: Uint32Array;
}

export class MacTable {
  size = 0;
  #slots = shared(Int32Array, 2 * FIRST_PLACES).fill(EMPTY);
  #macs = shared(Uint32Array, WORDS * FIRST_PLACES);

  /** Valid until the next add. */
  get shared(): SharedMacs {
    return { slots: this.#slots, macs: this.#macs };
  }

  /** The place of the MAC at word `at` of `macs`: a new one, the last, where it had none. */
  add(macs: Uint32Array, at: number): number {
    const found = findPlace(this.shared, macs, at);
    if (found !== EMPTY) return found;
    if ((this.size + 1) * WORDS > this.#macs.length) this.#grow();
    const place = this.size++;
    for (let word = 0; word < WORDS; word++) this.#macs[place * WORDS + word] = macs[at + word] ?? 0;
    this.#enter(place);
    return place;
  }

  #grow(): void {
    const macs = shared(Uint32Array, 2 * this.#macs.length);
    macs.set(this.#macs);
    this.#macs = macs;
    this.#slots = shared(Int32Array, 2 * this.#slots.length).fill(EMPTY);
    for (let place = 0; place < this.size; place++) this.#enter(place);
  }

  #enter(place: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#macs[place * WORDS] ?? 0) & mask;
    while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask;
    this.#slots[slot] = place;
  }
}

/** The place of the MAC at word `at` of `sought`, or -1. */
export function findPlace({ slots, macs }: SharedMacs, sought: Uint32Array, at: number): number {
  const mask = slots.length - 1;
  for (let slot = (sought[at] ?? 0) & mask; ; slot = (slot + 1) & mask) {
    const place = slots[slot] ?? EMPTY;
    if (place === EMPTY) return EMPTY;
    let differs = 0;
    for (let word = 0; word < WORDS; word++) {
      differs |= (macs[place * WORDS + word] ?? 0) ^ (sought[at + word] ?? 0);
    }
    if (differs === 0) return place;
  }
}

function shared<A>(
  Ctor: { new (buffer: SharedArrayBuffer): A; readonly BYTES_PER_ELEMENT: number },
  length: number,
): A {
  return new Ctor(new SharedArrayBuffer(length * Ctor.BYTES_PER_ELEMENT));
}
