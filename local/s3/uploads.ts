// Multipart uploads of one bucket: each a directory with what was said when it began, and its parts as object files
// under their numbers. Completing copies the parts into one draft. They outlive a restart, as in S3.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { SealroomError } from "../../core/errors.ts";
import { AwsError } from "../aws-error.ts";
import {
  compositeChecksum,
  newHasher,
  type Algorithm,
  type Checksum,
  type ChecksumType,
} from "./checksum.ts";
import { compareKeys } from "./listing.ts";
import { readObject, readObjectInfo, type Draft, type ObjectInfo } from "./object-file.ts";

export const MIN_PART_BYTES: number = 5 * 1024 * 1024;
const STARTED_FILE = "upload.json";

/** What was said when the upload began. */
export interface UploadStart {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly initiatedMs: number;
  readonly checksum: { readonly algorithm: Algorithm; readonly type: ChecksumType } | null;
}

export interface PartName {
  readonly number: number;
  readonly etag: string;
  /** Base64, if the client repeats it. */
  readonly checksum: string | null;
}

export class Upload {
  readonly id: string;
  readonly start: UploadStart;
  readonly directory: string;
  readonly parts: Map<number, ObjectInfo> = new Map<number, ObjectInfo>();

  constructor(id: string, start: UploadStart, directory: string) {
    this.id = id;
    this.start = start;
    this.directory = directory;
  }

  /** The finished draft becomes the part; one of the same number is replaced. */
  putPart(number: number, draft: Draft, info: ObjectInfo): void {
    renameSync(draft.path, this.#path(number));
    this.parts.set(number, info);
  }

  /** The parts in the order named. @throws AwsError InvalidPart, InvalidPartOrder, EntityTooSmall */
  select(names: readonly PartName[]): readonly ObjectInfo[] {
    if (names.some(({ number }, index) => index > 0 && (names[index - 1]?.number ?? 0) >= number)) {
      throw new AwsError("InvalidPartOrder", 400, "The list of parts was not in ascending order.");
    }
    const parts = names.map(({ number, etag, checksum }) => {
      const part = this.parts.get(number);
      if (part?.etag !== etag || (checksum !== null && part.checksum?.value !== checksum)) {
        throw new AwsError("InvalidPart", 400, "One or more of the specified parts could not be found.");
      }
      return part;
    });
    if (parts.slice(0, -1).some(({ bytes }) => bytes < MIN_PART_BYTES)) {
      throw new AwsError(
        "EntityTooSmall",
        400,
        "Your proposed upload is smaller than the minimum allowed size",
      );
    }
    return parts;
  }

  /** Writes the parts one after another into the draft. */
  async assemble(
    draft: Draft,
    parts: readonly ObjectInfo[],
  ): Promise<Pick<ObjectInfo, "bytes" | "etag" | "checksum">> {
    const { checksum } = this.start;
    const hasher = checksum?.type === "FULL_OBJECT" ? newHasher(checksum.algorithm) : null;
    for (const part of parts) {
      const file = openSync(this.#path(Number(part.key)), "r");
      for await (const bytes of readObject(file, part.bytes)) {
        hasher?.update(bytes);
        await draft.write(bytes);
      }
    }
    const digests = createHash("md5");
    for (const part of parts) digests.update(Buffer.from(part.etag, "hex"));
    return {
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      etag: `${digests.digest("hex")}-${parts.length}`,
      checksum: this.#checksum(parts, hasher?.digest() ?? null),
    };
  }

  #checksum(parts: readonly ObjectInfo[], digest: Buffer | null): Checksum | null {
    const { checksum } = this.start;
    if (checksum === null) return null;
    const { algorithm } = checksum;
    if (digest !== null) return { algorithm, value: digest.toString("base64"), type: "FULL_OBJECT" };
    const values = parts.flatMap((part) =>
      part.checksum?.algorithm === algorithm ? [part.checksum.value] : [],
    );
    return values.length === parts.length ? compositeChecksum(algorithm, values) : null;
  }

  #path(number: number): string {
    return join(this.directory, `part-${number}`);
  }
}

export class Uploads {
  readonly #directory: string;
  readonly #uploads = new Map<string, Upload>();

  constructor(bucketDirectory: string) {
    this.#directory = join(bucketDirectory, "uploads");
  }

  /** @throws SealroomError LOCAL_STATE */
  load(): void {
    for (const id of readdirSync(this.#directory)) {
      const directory = join(this.#directory, id);
      const start = readStart(join(directory, STARTED_FILE));
      // It died while it began: nobody was told its id.
      if (start === null) {
        rmSync(directory, { recursive: true });
        continue;
      }
      const upload = new Upload(id, start, directory);
      for (const name of readdirSync(directory)) {
        const number = /^part-(\d+)$/.exec(name)?.[1];
        if (number !== undefined) upload.parts.set(Number(number), readObjectInfo(join(directory, name)));
      }
      this.#uploads.set(id, upload);
    }
  }

  begin(start: UploadStart): Upload {
    const id = randomBytes(24).toString("base64url");
    const directory = join(this.#directory, id);
    mkdirSync(directory, { mode: 0o700 });
    const unfinished = join(directory, "upload.new");
    writeFileSync(unfinished, JSON.stringify(start), { mode: 0o600 });
    renameSync(unfinished, join(directory, STARTED_FILE));
    const upload = new Upload(id, start, directory);
    this.#uploads.set(id, upload);
    return upload;
  }

  /** @throws AwsError NoSuchUpload, also if it is of another key */
  get(id: string, key: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.start.key !== key) {
      throw new AwsError("NoSuchUpload", 404, "The specified multipart upload does not exist.");
    }
    return upload;
  }

  /** Takes it out, so that nothing else happens to it; its files stay until `remove`. */
  claim(upload: Upload): void {
    this.#uploads.delete(upload.id);
  }

  /** Puts it back: completing failed, and the client may try again. */
  restore(upload: Upload): void {
    this.#uploads.set(upload.id, upload);
  }

  remove(upload: Upload): void {
    this.#uploads.delete(upload.id);
    rmSync(upload.directory, { recursive: true, force: true });
  }

  /** By key; those of one key by their ids, which is no order in time. */
  get sorted(): readonly Upload[] {
    return [...this.#uploads.values()].sort(
      (a, b) => compareKeys(a.start.key, b.start.key) || (a.id < b.id ? -1 : 1),
    );
  }

  get isEmpty(): boolean {
    return this.#uploads.size === 0;
  }
}

function readStart(path: string): UploadStart | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as UploadStart;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new SealroomError("LOCAL_STATE", { file: path }, { cause: error });
  }
}
