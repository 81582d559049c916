// The rows between reading and sealing: records in buckets by the first bits of their unit's keyed hash, each bucket a
// chain of pages. Pages are kept in memory as far as the limit goes, and go to an encrypted file past it.
import { recordMemory, type RecordMemory } from "./record-layout.ts";
import type { SpillFile, SpilledPage } from "./spill-file.ts";

export interface StoreLimits {
  /** A power of two; 1 keeps the rows in the order in which they come. */
  readonly buckets: number;
  readonly pageWords: number;
  /** How much of the pages is kept in memory, and about how much there will be. */
  readonly keptWords: number;
  readonly expectedWords: number;
}

type Page = Int32Array | SpilledPage;

/**
 * Pages are kept in few large stretches, which the system fills with memory as they are used: each buffer of its own
 * would make the garbage collector look for more to collect, where there is nothing.
 */
const ARENA_WORDS = 64 * 1024 * 1024;

/** Which of 2^bits buckets a hash belongs to, by the bits after those that are the same for all. */
export function bucketOf(high: number, skip: number, bits: number): number {
  return ((high << skip) >>> 1) >>> (31 - bits);
}

export class RecordStore {
  readonly buckets: number;
  /** Of a hash, that say which bucket. */
  readonly bits: number;
  /** The page that is being filled of each bucket, one after another. */
  readonly open: RecordMemory;
  /** By bucket, in words of `open`: where the next record goes, and where its page ends. */
  readonly heads: Int32Array;
  readonly ends: Int32Array;
  readonly #limits: StoreLimits;
  readonly #spill: SpillFile;
  readonly #pages: readonly Page[][];
  readonly #words: Float64Array;
  #keptWords = 0;
  #arena: Int32Array = new Int32Array(0);
  #arenaUsed = 0;

  constructor(limits: StoreLimits, spill: SpillFile) {
    const { buckets, pageWords } = limits;
    this.#limits = limits;
    this.#spill = spill;
    this.buckets = buckets;
    this.bits = Math.log2(buckets);
    this.open = recordMemory(buckets * pageWords);
    this.heads = Int32Array.from({ length: buckets }, (_, bucket) => bucket * pageWords);
    this.ends = this.heads.map((head) => head + pageWords);
    this.#pages = Array.from({ length: buckets }, () => []);
    this.#words = new Float64Array(buckets);
  }

  /** How many words of records a bucket has. */
  words(bucket: number): number {
    return (this.#words[bucket] ?? 0) + this.#filled(bucket);
  }

  /** A record longer than this has a page to itself. */
  get longest(): number {
    return this.#limits.pageWords;
  }

  /** Puts the open page away and begins another. */
  turnPage(bucket: number): void {
    const filled = this.#filled(bucket);
    if (filled === 0) return;
    const start = bucket * this.#limits.pageWords;
    this.#put(bucket, this.open.words, start, start + filled);
    this.heads[bucket] = start;
  }

  /** A page of its own, after all that the bucket has. */
  addPage(bucket: number, records: Int32Array, words: number): void {
    this.turnPage(bucket);
    this.#put(bucket, records, 0, words);
  }

  /** Adds the record that stands at `at`. @throws OWNER_SPILL */
  add(bucket: number, records: Int32Array, at: number): void {
    const size = records[at] ?? 0;
    if (size > this.longest) {
      this.addPage(bucket, records.slice(at, at + size), size);
      return;
    }
    if ((this.heads[bucket] ?? 0) + size > (this.ends[bucket] ?? 0)) this.turnPage(bucket);
    const head = this.heads[bucket] ?? 0;
    for (let i = 0; i < size; i += 1) this.open.words[head + i] = records[at + i] ?? 0;
    this.heads[bucket] = head + size;
  }

  #put(bucket: number, from: Int32Array, start: number, end: number): void {
    const words = end - start;
    const isKept = this.#keptWords + words <= this.#limits.keptWords;
    const page = isKept
      ? this.#keep(from.subarray(start, end))
      : this.#spill.write(new Uint8Array(from.buffer, from.byteOffset + start * 4, words * 4));
    this.#pages[bucket]?.push(page);
    this.#words[bucket] = (this.#words[bucket] ?? 0) + words;
  }

  #keep(page: Int32Array): Int32Array {
    if (this.#arenaUsed + page.length > this.#arena.length) {
      const left = this.#limits.keptWords - this.#keptWords;
      this.#arena = new Int32Array(
        Math.max(page.length, Math.min(ARENA_WORDS, this.#limits.expectedWords, left)),
      );
      this.#arenaUsed = 0;
    }
    const kept = this.#arena.subarray(this.#arenaUsed, this.#arenaUsed + page.length);
    kept.set(page);
    this.#arenaUsed += page.length;
    this.#keptWords += page.length;
    return kept;
  }

  #filled(bucket: number): number {
    return (this.heads[bucket] ?? 0) - bucket * this.#limits.pageWords;
  }

  /** The sizes of a bucket's pages, in words, in their order. */
  pageWords(bucket: number): readonly number[] {
    this.turnPage(bucket);
    return (this.#pages[bucket] ?? []).map((page) =>
      page instanceof Int32Array ? page.length : page.bytes / 4,
    );
  }

  /** Takes a bucket's first page out, into `into` from word `at` on. Returns its words, 0 when there is none left. */
  takePage(bucket: number, into: Int32Array, at: number): number {
    this.turnPage(bucket);
    const page = this.#pages[bucket]?.shift();
    if (page === undefined) return 0;
    if (page instanceof Int32Array) {
      into.set(page, at);
      return page.length;
    }
    this.#spill.read(page, new Uint8Array(into.buffer, into.byteOffset + at * 4, page.bytes));
    return page.bytes / 4;
  }
}
