// What a bucket holds, in memory: the versions of every key, newest first, and two sorted lists of keys: of all, and
// of those that are there, whose newest version is no delete marker.
import { compareKeys, findIndex } from "./listing.ts";
import type { Version } from "./version.ts";

export class VersionIndex {
  readonly #versions = new Map<string, readonly Version[]>();
  #allKeys: string[] = [];
  #currentKeys: string[] = [];

  /** In any order; of two with the same key and id the newer one counts. */
  load(versions: readonly Version[]): void {
    for (const version of versions.toSorted((a, b) => a.sequence - b.sequence)) {
      const { key } = version.info;
      this.#versions.set(key, replace(this.of(key), version));
    }
    this.#allKeys = [...this.#versions.keys()].sort(compareKeys);
    this.#currentKeys = this.#allKeys.filter((key) => this.current(key) !== null);
  }

  get allKeys(): readonly string[] {
    return this.#allKeys;
  }

  get currentKeys(): readonly string[] {
    return this.#currentKeys;
  }

  /** Newest first; none for a key that is not known. */
  of(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  find(key: string, id: string): Version | null {
    return this.of(key).find((version) => version.id === id) ?? null;
  }

  /** The newest version, unless it is a delete marker. */
  current(key: string): Version | null {
    const [newest] = this.of(key);
    return newest === undefined || newest.isMarker ? null : newest;
  }

  /** As the newest of its key; one with the same id gives way. */
  add(version: Version): void {
    this.#set(version.info.key, replace(this.of(version.info.key), version));
  }

  remove({ id, info: { key } }: Version): void {
    this.#set(
      key,
      this.of(key).filter((version) => version.id !== id),
    );
  }

  #set(key: string, versions: readonly Version[]): void {
    const wasThere = this.current(key) !== null;
    const wasKnown = this.#versions.has(key);
    if (versions.length === 0) this.#versions.delete(key);
    else this.#versions.set(key, versions);
    keep(this.#allKeys, key, wasKnown, versions.length > 0);
    keep(this.#currentKeys, key, wasThere, this.current(key) !== null);
  }
}

function replace(versions: readonly Version[], newest: Version): readonly Version[] {
  return [newest, ...versions.filter(({ id }) => id !== newest.id)];
}

function keep(sorted: string[], key: string, was: boolean, is: boolean): void {
  if (was === is) return;
  if (is) sorted.splice(findIndex(sorted, key), 0, key);
  else sorted.splice(findIndex(sorted, key), 1);
}
