// What lists of objects have in common: how keys are written in them, and what they say of an object.
import { invalidArgument } from "../aws-error.ts";
import type { S3Call } from "./call.ts";
import type { ObjectInfo } from "./object-file.ts";
import type { XmlFields } from "./xml.ts";

export const MAX_LISTED = 1000;
export const LISTED_OWNER: XmlFields = { ID: "0".repeat(64), DisplayName: "local" };

export interface KeyEncoding {
  /** As the request has it, and the answer repeats it. */
  readonly encodingType: string | undefined;
  readonly encode: (key: string) => string;
  /** Undefined where the request has no such parameter. */
  readonly encodeParameter: (name: string) => string | undefined;
}

/** @throws AwsError InvalidArgument */
export function readEncoding({ query }: S3Call): KeyEncoding {
  const encodingType = query.get("encoding-type");
  if (encodingType !== undefined && encodingType !== "url") {
    throw invalidArgument("encoding-type must be url");
  }
  const encode = encodingType === "url" ? encodeKey : (key: string) => key;
  const encodeParameter = (name: string) => {
    const value = query.get(name);
    return value === undefined ? undefined : encode(value);
  };
  return { encodingType, encode, encodeParameter };
}

export function describeListed({ modifiedMs, etag, bytes, checksum }: ObjectInfo): XmlFields {
  return {
    LastModified: new Date(modifiedMs).toISOString(),
    ETag: `"${etag}"`,
    ...(checksum === null ? {} : { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
    Size: bytes,
    StorageClass: "STANDARD",
  };
}

// As S3 encodes keys: slashes stay.
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/");
}
