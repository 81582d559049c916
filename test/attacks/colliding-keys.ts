// Keys that a table of hashes puts all in one place: each costs as many steps as there are before it.

/** The steps of jobs/aggregate/word-table.ts for keys of two words, up to the last one, which keys can choose freely. */
function mix(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** What `mix` makes a hash of. */
function unmix(hash: number): number {
  let word = hash ^ (hash >>> 16);
  word = Math.imul(word, 0x7ed1b41d);
  word ^= (word >>> 13) ^ (word >>> 26);
  word = Math.imul(word, 0xa5cb9243);
  return word ^ (word >>> 16);
}

/** 64-bit integers of one hash, all of them different. */
export function collidingKeys(count: number): BigInt64Array {
  const words = new Int32Array(2 * count);
  for (let key = 0; key < count; key++) {
    words[2 * key] = key;
    words[2 * key + 1] = Math.imul(mix(Math.imul(2, 0x9e3779b1) ^ key), 0x9e3779b1);
  }
  return new BigInt64Array(words.buffer);
}

const SLOT_BITS = 17;

/** Pairs of different numbers below 2^17, all in one slot of a table of so many: as a flat list, one pair after another. */
export function collidingPairs(most: number): number[] {
  // By their upper bits: the last words, before the first is mixed in, that end in the first slot.
  const ends = new Map<number, number[]>();
  for (let upper = 0; upper < 2 ** (32 - SLOT_BITS); upper++) {
    const word = unmix(upper << SLOT_BITS);
    const key = word >>> SLOT_BITS;
    ends.set(key, [...(ends.get(key) ?? []), word]);
  }
  const pairs: number[] = [];
  for (let first = 0; first < 2 ** SLOT_BITS && pairs.length < 2 * most; first++) {
    const mixed = Math.imul(mix(Math.imul(2, 0x9e3779b1) ^ first), 0x9e3779b1);
    for (const end of ends.get(mixed >>> SLOT_BITS) ?? []) pairs.push(first, (mixed ^ end) >>> 0);
  }
  return pairs;
}
