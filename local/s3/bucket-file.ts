// What a bucket remembers of itself, in a small file beside its objects, replaced whole.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SealroomError } from "../../core/errors.ts";

const BUCKET_FILE = "bucket.json";

/** S3 has no way back to "Off". */
export type Versioning = "Off" | "Enabled" | "Suspended";

export interface BucketState {
  readonly createdMs: number;
  readonly versioning: Versioning;
}

export function writeBucketFile(directory: string, state: BucketState): void {
  const unfinished = join(directory, "bucket.new");
  writeFileSync(unfinished, JSON.stringify(state), { mode: 0o600 });
  renameSync(unfinished, join(directory, BUCKET_FILE));
}

/** A bucket whose making was cut short has no file yet; it is empty, and is there from now on. @throws SealroomError LOCAL_STATE */
export function readBucketFile(directory: string): BucketState {
  const path = join(directory, BUCKET_FILE);
  try {
    const { createdMs, versioning = "Off" } = JSON.parse(readFileSync(path, "utf8")) as Partial<BucketState>;
    if (typeof createdMs !== "number" || !["Off", "Enabled", "Suspended"].includes(versioning)) {
      throw new Error("not the state of a bucket");
    }
    return { createdMs, versioning };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { createdMs: 0, versioning: "Off" };
    }
    throw new SealroomError("LOCAL_STATE", { file: path }, { cause: error });
  }
}
