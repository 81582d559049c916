// Keys that a table of hashes puts all in one place: each costs as many steps as there are before it.

/** The steps of jobs/aggregate/word-table.ts for keys of two words, up to the last one, which keys can choose freely. */
function mix(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
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
