// What stands beside an object's bytes: what a request says of them, and the headers that say it again in an answer.
import { AwsError } from "../aws-error.ts";
import type { Bucket } from "./bucket.ts";
import type { S3Call } from "./call.ts";
import { HEADER_PREFIX } from "./checksum.ts";
import type { ObjectInfo } from "./object-file.ts";
import type { Version } from "./version.ts";

export const METADATA_PREFIX = "x-amz-meta-";
const MAX_METADATA_BYTES = 2048;
const STORED_HEADERS = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
];

const CHECKSUMS = ["crc32", "crc32c", "crc64nvme", "md5", "sha1", "sha256", "sha512"].map(
  (name) => HEADER_PREFIX + name,
);
/** Of requests with a body that is streamed or checked. */
export const BODY_HEADERS: readonly string[] = [
  ...CHECKSUMS,
  "x-amz-sdk-checksum-algorithm",
  "x-amz-decoded-content-length",
  "x-amz-trailer",
];

/** Content type and its like, and the user's metadata: what stays with an object. @throws AwsError MetadataTooLarge */
export function describeObject({ headers }: S3Call): Pick<ObjectInfo, "headers" | "metadata"> {
  const stored = STORED_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    // aws-chunked is how the body came, not how the object is encoded.
    const kept = name === "content-encoding" ? value?.replace(/(?:^|, *)aws-chunked(?=,|$)/, "") : value;
    return kept === undefined || kept === "" ? [] : [[name, kept.replace(/^, */, "")] as const];
  });
  const metadata = [...headers].flatMap(([name, value]) =>
    name.startsWith(METADATA_PREFIX) ? [[name.slice(METADATA_PREFIX.length), value] as const] : [],
  );
  const bytes = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > MAX_METADATA_BYTES) {
    throw new AwsError(
      "MetadataTooLarge",
      400,
      "Your metadata headers exceed the maximum allowed metadata size",
    );
  }
  return { headers: Object.fromEntries(stored), metadata: Object.fromEntries(metadata) };
}

/** Of an answer to GET or HEAD, without what depends on the range. */
export function describedHeaders({ headers, metadata }: ObjectInfo): Record<string, string> {
  return {
    "content-type": "binary/octet-stream",
    ...headers,
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [METADATA_PREFIX + name, value])),
  };
}

export function checksumHeaders({ checksum }: Pick<ObjectInfo, "checksum">): Record<string, string> {
  if (checksum === null) return {};
  return {
    [`${HEADER_PREFIX}${checksum.algorithm.toLowerCase()}`]: checksum.value,
    [`${HEADER_PREFIX}type`]: checksum.type,
  };
}

/** Nothing where the bucket never kept versions. */
export function versionHeaders({ versioning }: Bucket, { id }: Version): Record<string, string> {
  return versioning === "Off" ? {} : { "x-amz-version-id": id };
}
