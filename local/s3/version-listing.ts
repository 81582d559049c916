// Lists the versions of a bucket: keys by UTF-8 order, of each the newest first; under a prefix, rolled up at a
// delimiter, in pages.
import { compareKeys, findFirst } from "./listing.ts";
import { findSequence, type Version } from "./version.ts";

export interface VersionQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Only what comes after it. Null from the start. */
  readonly after: VersionMarker | null;
}

export interface VersionMarker {
  /** A key, or a common prefix. */
  readonly key: string;
  /** The version of that key; null for all of them. */
  readonly id: string | null;
}

export interface VersionPage {
  readonly entries: readonly { readonly version: Version; readonly isLatest: boolean }[];
  readonly prefixes: readonly string[];
  /** Where the next page begins; null if this is the last. */
  readonly next: VersionMarker | null;
}

/** `sorted`: all keys of the bucket, by compareKeys. */
export function listVersions(
  sorted: readonly string[],
  versionsOf: (key: string) => readonly Version[],
  { prefix, delimiter, maxKeys, after }: VersionQuery,
): VersionPage {
  const entries: VersionPage["entries"][number][] = [];
  const prefixes: string[] = [];
  let next: VersionMarker | null = null;
  const isFull = () => entries.length + prefixes.length >= maxKeys;
  let index = Math.max(
    findFirst(sorted, (key) => compareKeys(key, prefix) >= 0),
    after === null ? 0 : findFirst(sorted, (key) => compareKeys(key, after.key) >= 0),
  );
  for (let key = sorted[index]; key?.startsWith(prefix); key = sorted[index]) {
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (end >= 0) {
      const common = key.slice(0, end + delimiter.length);
      index = findFirst(sorted, (other) => !other.startsWith(common) && compareKeys(other, common) > 0);
      // The page before ended with it.
      if (common === after?.key) continue;
      if (isFull()) return { entries, prefixes, next };
      prefixes.push(common);
      next = { key: common, id: null };
      continue;
    }
    index++;
    const versions = versionsOf(key);
    for (let at = key === after?.key ? findStart(versions, after.id) : 0; at < versions.length; at++) {
      const version = versions[at];
      if (version === undefined) break;
      if (isFull()) return { entries, prefixes, next };
      entries.push({ version, isLatest: at === 0 });
      next = { key, id: version.id };
    }
  }
  return { entries, prefixes, next: null };
}

/**
 * The first version after the marker's. That one may be gone by now, as when each page is deleted before the next is
 * asked for: what its id says of its place is enough. Of the null version it says nothing; then all are listed again.
 */
function findStart(versions: readonly Version[], id: string | null): number {
  if (id === null) return versions.length;
  const sequence = findSequence(id);
  if (sequence === null) return versions.findIndex((version) => version.id === id) + 1;
  const start = versions.findIndex((version) => version.sequence < sequence);
  return start < 0 ? versions.length : start;
}
