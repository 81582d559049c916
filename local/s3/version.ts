// One version of a key, and the name of its file: a hash of the key, so that no key, however odd, reaches outside or
// collides; then what puts the versions of a key in order, and what tells the null version and delete markers apart.
// All of that is in the name, so that it is settled by the rename that makes the version visible.
import { createHash, randomBytes } from "node:crypto";

import { invalidArgument } from "../aws-error.ts";
import type { ObjectInfo } from "./object-file.ts";

/** The id of the one version of a key that was written while versions were not, or no longer, kept. */
export const NULL_VERSION = "null";

const FILE_NAME = /^([0-9a-f]{64})(?:\.([0-9a-f]{12})\.(null|[0-9a-f]{20})(\.deleted)?)?$/;
const VERSION_ID = /^([0-9a-f]{12})[0-9a-f]{20}$/;

export interface Version {
  readonly id: string;
  /** Greater is newer; 0 if it was written before the bucket ever kept versions. */
  readonly sequence: number;
  /** A delete marker: from the outside the key is not there while this is its newest version. */
  readonly isMarker: boolean;
  readonly info: ObjectInfo;
}

/** What the name of a version's file says of it. */
export type VersionName = Omit<Version, "info"> & { readonly keyHash: string };

export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Never of another version, also of one long gone: an id is drawn, not counted. */
export function drawVersionId(sequence: number): string {
  return encodeSequence(sequence) + randomBytes(10).toString("hex");
}

export function encodeFileName({ keyHash, id, sequence, isMarker }: VersionName): string {
  if (sequence === 0) return keyHash;
  const tag = id === NULL_VERSION ? id : id.slice(12);
  return `${keyHash}.${encodeSequence(sequence)}.${tag}${isMarker ? ".deleted" : ""}`;
}

/** Null if this is no version's file. */
export function decodeFileName(name: string): VersionName | null {
  const [, keyHash, sequence, tag = NULL_VERSION, deleted] = FILE_NAME.exec(name) ?? [];
  if (keyHash === undefined) return null;
  const id = sequence === undefined || tag === NULL_VERSION ? NULL_VERSION : sequence + tag;
  return { keyHash, id, sequence: parseInt(sequence ?? "0", 16), isMarker: deleted !== undefined };
}

/** @throws AwsError InvalidArgument if no version could have this id */
export function parseVersionId(text: string): string {
  if (text === "") throw invalidArgument("Version id cannot be the empty string");
  if (text !== NULL_VERSION && !VERSION_ID.test(text)) throw invalidArgument("Invalid version id specified");
  return text;
}

/** Of an id that is well formed; null for the null version, whose id does not tell. */
export function findSequence(id: string): number | null {
  const [, sequence] = VERSION_ID.exec(id) ?? [];
  return sequence === undefined ? null : parseInt(sequence, 16);
}

function encodeSequence(sequence: number): string {
  return sequence.toString(16).padStart(12, "0");
}
