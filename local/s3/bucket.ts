// A bucket: versions by key, in memory as an index and on the disk one file each. Whatever becomes of a key is one
// rename or one removal, so that whoever kills the process finds the version of before or the one of after.
import { randomUUID } from "node:crypto";
import { mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { SealroomError } from "../../core/errors.ts";
import { AwsError } from "../aws-error.ts";
import { writeBucketFile, type BucketState, type Versioning } from "./bucket-file.ts";
import { Draft, readObjectInfo, type ObjectInfo } from "./object-file.ts";
import { VersionIndex } from "./version-index.ts";
import {
  decodeFileName,
  drawVersionId,
  encodeFileName,
  hashKey,
  NULL_VERSION,
  type Version,
} from "./version.ts";

/** An open object: the descriptor is the caller's to close, and keeps its bytes whatever happens to the key. */
export interface OpenObject {
  readonly file: number;
  readonly version: Version;
}

/** Looked at in the instant in which a key changes, with what is there then; throws to keep it as it is. */
export type Precondition = (existing: ObjectInfo | null) => void;

export class Bucket {
  readonly name: string;
  readonly directory: string;
  readonly #index = new VersionIndex();
  #state: BucketState;
  #sequence = 0;

  constructor(name: string, directory: string, state: BucketState) {
    this.name = name;
    this.directory = directory;
    this.#state = state;
  }

  /** Makes the directories, if need be, and reads what is there. @throws SealroomError LOCAL_STATE */
  load(): void {
    for (const part of ["objects", "drafts", "uploads"]) {
      mkdirSync(join(this.directory, part), { recursive: true, mode: 0o700 });
    }
    // What was not finished when the process ended never was an object.
    for (const name of readdirSync(join(this.directory, "drafts"))) {
      rmSync(join(this.directory, "drafts", name));
    }
    const versions = [...this.#readVersions()];
    this.#index.load(versions);
    this.#sequence = versions.reduce((max, { sequence }) => Math.max(max, sequence), 0);
    // The process ended between the new null version and the removal of the old one.
    for (const version of versions) {
      if (this.#index.find(version.info.key, version.id) !== version) rmSync(this.#path(version));
    }
  }

  get createdMs(): number {
    return this.#state.createdMs;
  }

  get versioning(): Versioning {
    return this.#state.versioning;
  }

  setVersioning(versioning: Exclude<Versioning, "Off">): void {
    const state = { ...this.#state, versioning };
    writeBucketFile(this.directory, state);
    this.#state = state;
  }

  /** Keys that are there, by compareKeys. */
  get currentKeys(): readonly string[] {
    return this.#index.currentKeys;
  }

  /** Keys that are there or were, and left a version or a delete marker. */
  get allKeys(): readonly string[] {
    return this.#index.allKeys;
  }

  /** Newest first. */
  versions(key: string): readonly Version[] {
    return this.#index.of(key);
  }

  find(key: string): ObjectInfo | null {
    return this.#index.current(key)?.info ?? null;
  }

  /** `id` null for the newest. @throws AwsError NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker */
  get(key: string, id: string | null): Version {
    if (id !== null) return this.#getVersion(key, id);
    const [newest] = this.#index.of(key);
    if (newest === undefined || newest.isMarker) {
      const headers = newest === undefined ? {} : markerHeaders(newest);
      throw new AwsError("NoSuchKey", 404, "The specified key does not exist.", headers);
    }
    return newest;
  }

  // Opened in the same tick as looked up: a rename in between would pair new bytes with old metadata.
  open(key: string, id: string | null): OpenObject {
    const version = this.get(key, id);
    return { file: openSync(this.#path(version), "r"), version };
  }

  createDraft(): Promise<Draft> {
    return Draft.create(join(this.directory, "drafts", randomUUID()));
  }

  /** Makes the finished draft the newest version of its key, or leaves everything as it was. */
  put(draft: Draft, info: ObjectInfo, check: Precondition): Version {
    check(this.find(info.key));
    return this.#place(draft, info, "object");
  }

  /**
   * Deletes a key: leaves a delete marker where versions are kept, or were; where not, a key that is not there is
   * deleted already. Returns the marker.
   */
  async delete(key: string, nowMs: number, check: Precondition): Promise<Version | null> {
    if (this.versioning === "Off") {
      this.erase(key, NULL_VERSION, check);
      return null;
    }
    const info = { key, bytes: 0, etag: "", modifiedMs: nowMs, headers: {}, metadata: {}, checksum: null };
    const draft = await this.createDraft();
    try {
      await draft.finish(info);
      check(this.find(key));
      return this.#place(draft, info, "marker");
    } catch (error) {
      await draft.discard();
      throw error;
    }
  }

  /** Removes one version for good; null if there is none of that id. */
  erase(key: string, id: string, check: Precondition): Version | null {
    check(this.find(key));
    const version = this.#index.find(key, id);
    if (version === null) return null;
    rmSync(this.#path(version));
    this.#index.remove(version);
    return version;
  }

  #place(draft: Draft, info: ObjectInfo, kind: "object" | "marker"): Version {
    // In a bucket that never kept versions, the new file has the name of the old one and takes its place.
    const sequence = this.versioning === "Off" ? 0 : ++this.#sequence;
    const id = this.versioning === "Enabled" ? drawVersionId(sequence) : NULL_VERSION;
    const version: Version = { id, sequence, isMarker: kind === "marker", info };
    const before = this.#index.find(info.key, id);
    const path = this.#path(version);
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    renameSync(draft.path, path);
    this.#index.add(version);
    if (before !== null && before.sequence !== sequence) rmSync(this.#path(before));
    return version;
  }

  #getVersion(key: string, id: string): Version {
    const version = this.#index.find(key, id);
    if (version === null) {
      throw new AwsError("NoSuchVersion", 404, "The specified version does not exist.");
    }
    if (version.isMarker) {
      const headers = {
        allow: "DELETE",
        "last-modified": new Date(version.info.modifiedMs).toUTCString(),
        ...markerHeaders(version),
      };
      const message = "The specified method is not allowed against this resource.";
      throw new AwsError("MethodNotAllowed", 405, message, headers);
    }
    return version;
  }

  *#readVersions(): Generator<Version> {
    const root = join(this.directory, "objects");
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const name = entry.isFile() ? decodeFileName(entry.name) : null;
      if (name === null) continue;
      const { keyHash, ...version } = name;
      const path = join(entry.parentPath, entry.name);
      const info = readObjectInfo(path);
      if (hashKey(info.key) !== keyHash || (version.sequence > 0 && this.versioning === "Off")) {
        throw new SealroomError("LOCAL_STATE", { file: path });
      }
      yield { ...version, info };
    }
  }

  #path(version: Version): string {
    const keyHash = hashKey(version.info.key);
    return join(
      this.directory,
      "objects",
      keyHash.slice(0, 2),
      encodeFileName({ keyHash, id: version.id, sequence: version.sequence, isMarker: version.isMarker }),
    );
  }
}

function markerHeaders({ id }: Version): Record<string, string> {
  return { "x-amz-delete-marker": "true", "x-amz-version-id": id };
}
