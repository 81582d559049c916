// A bucket: objects by key, in memory as an index and on the disk one file each. The file's name is a hash of the key,
// so that no key, however odd, reaches outside or collides; the key itself stands in the footer.
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { AwsError } from "../aws-error.ts";
import { compareKeys, findIndex } from "./listing.ts";
import { Draft, readObjectInfo, type ObjectInfo } from "./object-file.ts";

const OBJECT_FILE = /^[0-9a-f]{64}$/;

/** An open object: the descriptor is the caller's to close, and keeps its bytes whatever happens to the key. */
export interface OpenObject {
  readonly file: number;
  readonly info: ObjectInfo;
}

/** Looked at in the instant in which a key changes; throws to keep it as it is. */
export type Precondition = (existing: ObjectInfo | null) => void;

export class Bucket {
  readonly name: string;
  readonly createdMs: number;
  readonly directory: string;
  readonly #objects = new Map<string, ObjectInfo>();
  readonly #sorted: string[] = [];

  constructor(name: string, directory: string, createdMs: number) {
    this.name = name;
    this.directory = directory;
    this.createdMs = createdMs;
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
    for (const entry of readdirSync(join(this.directory, "objects"), {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile() || !OBJECT_FILE.test(entry.name)) continue;
      const info = readObjectInfo(join(entry.parentPath, entry.name));
      this.#objects.set(info.key, info);
      this.#sorted.push(info.key);
    }
    this.#sorted.sort(compareKeys);
  }

  get sortedKeys(): readonly string[] {
    return this.#sorted;
  }

  find(key: string): ObjectInfo | null {
    return this.#objects.get(key) ?? null;
  }

  /** @throws AwsError NoSuchKey */
  get(key: string): ObjectInfo {
    const info = this.#objects.get(key);
    if (info === undefined) throw new AwsError("NoSuchKey", 404, "The specified key does not exist.");
    return info;
  }

  // Opened in the same tick as looked up: a rename in between would pair new bytes with old metadata.
  open(key: string): OpenObject {
    const info = this.get(key);
    return { file: openSync(this.#path(key), "r"), info };
  }

  createDraft(): Promise<Draft> {
    return Draft.create(join(this.directory, "drafts", randomUUID()));
  }

  /** Makes the finished draft the object of its key, or leaves everything as it was. */
  put(draft: Draft, info: ObjectInfo, check: Precondition): void {
    check(this.find(info.key));
    const path = this.#path(info.key);
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    renameSync(draft.path, path);
    if (!this.#objects.has(info.key)) this.#sorted.splice(findIndex(this.#sorted, info.key), 0, info.key);
    this.#objects.set(info.key, info);
  }

  /** A key that is not there is deleted already. */
  delete(key: string, check: Precondition): void {
    check(this.find(key));
    if (!this.#objects.delete(key)) return;
    this.#sorted.splice(findIndex(this.#sorted, key), 1);
    rmSync(this.#path(key));
  }

  #path(key: string): string {
    const name = createHash("sha256").update(key).digest("hex");
    return join(this.directory, "objects", name.slice(0, 2), name);
  }
}
