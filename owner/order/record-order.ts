// Stored records in the order in which they are sealed: buckets by their hash, in a bucket records by theirs, so that
// rows of a unit lie together and units by a keyed hash, never by value. Rows without units keep their order. A bucket
// that does not fit in memory is split by further bits of the hash.
import { SealroomError } from "../../core/errors.ts";
import { HASH_HIGH, HASH_LOW, recordMemory, type RecordLayout, type RecordMemory } from "./record-layout.ts";
import { bucketOf, RecordStore, type StoreLimits } from "./record-store.ts";
import type { SpillFile } from "./spill-file.ts";
import { sortByHash } from "./hash-sort.ts";
import { UnitCompare } from "./unit-compare.ts";

/** Records in the order of sealing; valid until the next are asked for. */
export interface RecordBlock {
  readonly memory: RecordMemory;
  /** Where each record begins, in words. */
  readonly at: Int32Array;
  readonly rows: number;
  /** One byte a row, 1 where a unit starts; null when each row is a unit. */
  readonly starts: Uint8Array | null;
}

export interface OrderLimits {
  /** How much of a bucket is sorted at once. */
  readonly loadedWords: number;
  /** For the parts of a bucket that is larger. */
  readonly split: StoreLimits;
}

const HASH_BITS = 32;

export class RecordOrder {
  readonly #layout: RecordLayout;
  readonly #limits: OrderLimits;
  readonly #spill: SpillFile;
  #memory: RecordMemory = recordMemory(0);

  constructor(layout: RecordLayout, limits: OrderLimits, spill: SpillFile) {
    this.#layout = layout;
    this.#limits = limits;
    this.#spill = spill;
  }

  /** Takes all records out of the store. @throws OWNER_MEMORY for a unit that does not fit, OWNER_SPILL */
  *blocks(store: RecordStore): Generator<RecordBlock, void, void> {
    if (this.#layout.unit === null) yield* this.#inPlace(store);
    else yield* this.#sorted(store, this.#layout.unit, 0);
  }

  *#inPlace(store: RecordStore): Generator<RecordBlock, void, void> {
    for (const words of store.pageWords(0)) {
      const memory = this.#reserve(words);
      store.takePage(0, memory.words, 0);
      const at = findRecords(memory.words, words);
      yield { memory, at, rows: at.length, starts: null };
    }
  }

  /** @param skip bits of the hash that are the same in all of the store */
  *#sorted(store: RecordStore, unit: number, skip: number): Generator<RecordBlock, void, void> {
    for (let bucket = 0; bucket < store.buckets; bucket += 1) {
      const words = store.words(bucket);
      if (words === 0) continue;
      if (words > this.#limits.loadedWords) {
        yield* this.#sorted(this.#split(store, bucket, skip + store.bits), unit, skip + store.bits);
        continue;
      }
      const memory = this.#reserve(words);
      for (let at = 0; at < words;) at += store.takePage(bucket, memory.words, at);
      const at = findRecords(memory.words, words);
      const compare = new UnitCompare(memory, this.#layout, unit);
      const starts = sortByHash(memory.words, at, compare);
      yield { memory, at, rows: at.length, starts };
    }
  }

  #split(store: RecordStore, bucket: number, skip: number): RecordStore {
    const parts = new RecordStore(this.#limits.split, this.#spill);
    if (skip + parts.bits > HASH_BITS) throw new SealroomError("OWNER_MEMORY", {});
    const first = { high: 0, low: 0, isAlone: true, rows: 0 };
    for (const words of store.pageWords(bucket)) {
      const { words: page } = this.#reserve(words);
      store.takePage(bucket, page, 0);
      for (let at = 0; at < words; at += page[at] ?? words) {
        const high = page[at + HASH_HIGH] ?? 0;
        const low = page[at + HASH_LOW] ?? 0;
        if (first.rows === 0) Object.assign(first, { high, low });
        if (high !== first.high || low !== first.low) first.isAlone = false;
        first.rows += 1;
        parts.add(bucketOf(high, skip, parts.bits), page, at);
      }
    }
    // One unit's rows: no bit of the hash parts them.
    if (first.isAlone) throw new SealroomError("OWNER_MEMORY", {});
    return parts;
  }

  /** Memory for so many words, used again and again. */
  #reserve(words: number): RecordMemory {
    if (this.#memory.words.length < words) this.#memory = recordMemory(Math.ceil(words * 1.125));
    return this.#memory;
  }
}

/** Where records begin that fill so many words. */
function findRecords(words: Int32Array, end: number): Int32Array {
  let count = 0;
  for (let at = 0; at < end; at += words[at] ?? end) count += 1;
  const starts = new Int32Array(count);
  let next = 0;
  for (let at = 0; at < end; at += words[at] ?? end) starts[next++] = at;
  return starts;
}
