// Lists the keys of a bucket: by UTF-8 order, under a prefix, rolled up at a delimiter, in pages.

export interface ListingQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Only what comes after this key; or after all keys that begin with this prefix. Null from the start. */
  readonly after: Marker | null;
}

export type Marker =
  { readonly kind: "key"; readonly key: string } | { readonly kind: "prefix"; readonly prefix: string };

export interface Listing {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  /** Where the next page begins; null if this is the last. */
  readonly next: Marker | null;
}

/** `sorted`: all keys of the bucket, by compareKeys. */
export function listKeys(sorted: readonly string[], query: ListingQuery): Listing {
  const { prefix, delimiter, maxKeys, after } = query;
  const keys: string[] = [];
  const prefixes: string[] = [];
  let next: Marker | null = null;
  let index = Math.max(
    findFirst(sorted, (key) => compareKeys(key, prefix) >= 0),
    after === null ? 0 : findFirst(sorted, (key) => isAfter(key, after)),
  );
  for (let key = sorted[index]; key?.startsWith(prefix); key = sorted[index]) {
    if (keys.length + prefixes.length === maxKeys) return { keys, prefixes, next };
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      keys.push(key);
      next = { kind: "key", key };
      index++;
    } else {
      const marker: Marker = { kind: "prefix", prefix: key.slice(0, end + delimiter.length) };
      prefixes.push(marker.prefix);
      next = marker;
      index = findFirst(sorted, (other) => isAfter(other, marker));
    }
  }
  return { keys, prefixes, next: null };
}

/** By UTF-8 bytes, which is by code points: UTF-16 puts what needs surrogates before U+E000. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Opaque to the client. */
export function encodeMarker(marker: Marker): string {
  const text = marker.kind === "key" ? `k${marker.key}` : `p${marker.prefix}`;
  return Buffer.from(text).toString("base64url");
}

/** Null if this is no token of ours. */
export function decodeMarker(token: string): Marker | null {
  const text = Buffer.from(token, "base64url").toString();
  if (Buffer.from(text).toString("base64url") !== token) return null;
  if (text.startsWith("k")) return { kind: "key", key: text.slice(1) };
  return text.startsWith("p") ? { kind: "prefix", prefix: text.slice(1) } : null;
}

/** The index at which a key stands or would be put in. */
export function findIndex(sorted: readonly string[], key: string): number {
  return findFirst(sorted, (other) => compareKeys(other, key) >= 0);
}

function isAfter(key: string, marker: Marker): boolean {
  if (marker.kind === "key") return compareKeys(key, marker.key) > 0;
  return !key.startsWith(marker.prefix) && compareKeys(key, marker.prefix) > 0;
}

/** The first index from which on the condition holds. */
export function findFirst(sorted: readonly string[], holds: (key: string) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle] ?? "")) high = middle;
    else low = middle + 1;
  }
  return low;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit;
}
