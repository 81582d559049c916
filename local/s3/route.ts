// Which operation a request is, and what it names. Addressing is by path only: /bucket/key.
import { AwsError } from "../aws-error.ts";
import { BUCKET_OPERATIONS } from "./bucket-operations.ts";
import { notImplemented, type S3Operation } from "./call.ts";
import { COPY_OPERATIONS } from "./copy-operation.ts";
import { DELETE_OPERATIONS } from "./delete-operations.ts";
import { LISTING_OPERATIONS } from "./listing-operations.ts";
import { OBJECT_OPERATIONS } from "./object-operations.ts";
import { UPLOAD_OPERATIONS } from "./upload-operations.ts";

const MAX_KEY_BYTES = 1024;
/** Of every request; the signature's own, and what the SDK says of itself. */
const COMMON_HEADERS = ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent"];
const COMMON_QUERY = ["x-id"];

const OPERATIONS: ReadonlyMap<string, S3Operation> = new Map(
  Object.entries({
    ...BUCKET_OPERATIONS,
    ...LISTING_OPERATIONS,
    ...OBJECT_OPERATIONS,
    ...COPY_OPERATIONS,
    ...DELETE_OPERATIONS,
    ...UPLOAD_OPERATIONS,
  }),
);

/** By method and by how much of a path there is; the first whose marks (query, or header) are all there is meant. */
const ROUTES: readonly (readonly [method: string, level: Level, marks: readonly string[], name: string])[] = [
  ["GET", "service", [], "ListBuckets"],
  ["PUT", "bucket", ["versioning"], "PutBucketVersioning"],
  ["PUT", "bucket", [], "CreateBucket"],
  ["HEAD", "bucket", [], "HeadBucket"],
  ["DELETE", "bucket", [], "DeleteBucket"],
  ["GET", "bucket", ["location"], "GetBucketLocation"],
  ["GET", "bucket", ["versioning"], "GetBucketVersioning"],
  ["GET", "bucket", ["versions"], "ListObjectVersions"],
  ["GET", "bucket", ["uploads"], "ListMultipartUploads"],
  ["GET", "bucket", [], "ListObjects"],
  ["POST", "bucket", ["delete"], "DeleteObjects"],
  ["POST", "object", ["uploads"], "CreateMultipartUpload"],
  ["POST", "object", ["uploadId"], "CompleteMultipartUpload"],
  ["PUT", "object", ["uploadId"], "UploadPart"],
  ["GET", "object", ["uploadId"], "ListParts"],
  ["DELETE", "object", ["uploadId"], "AbortMultipartUpload"],
  ["PUT", "object", ["x-amz-copy-source"], "CopyObject"],
  ["PUT", "object", [], "PutObject"],
  ["GET", "object", ["versionId"], "GetObjectVersion"],
  ["GET", "object", [], "GetObject"],
  ["HEAD", "object", ["versionId"], "HeadObjectVersion"],
  ["HEAD", "object", [], "HeadObject"],
  ["DELETE", "object", ["versionId"], "DeleteObjectVersion"],
  ["DELETE", "object", [], "DeleteObject"],
];

type Level = "service" | "bucket" | "object";

export interface Target {
  readonly bucketName: string;
  readonly key: string;
}

/** `path` as on the request line. @throws AwsError InvalidURI, KeyTooLongError */
export function parseTarget(path: string): Target {
  const [, bucketName = "", rest = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  let target: Target;
  try {
    target = { bucketName: decodeURIComponent(bucketName), key: decodeURIComponent(rest) };
  } catch {
    throw new AwsError("InvalidURI", 400, "Couldn't parse the specified URI.");
  }
  if (Buffer.byteLength(target.key) > MAX_KEY_BYTES) {
    throw new AwsError("KeyTooLongError", 400, "Your key is too long");
  }
  return target;
}

/**
 * A query parameter or an x-amz- header that the operation does not know asks for something that would silently not
 * happen (encryption, a tag, a lock): it is refused. @throws AwsError NotImplemented, MethodNotAllowed
 */
export function findOperation(
  method: string,
  { bucketName, key }: Target,
  query: ReadonlyMap<string, string>,
  headers: ReadonlyMap<string, string>,
): S3Operation {
  const level = key !== "" ? "object" : bucketName !== "" ? "bucket" : "service";
  const route = ROUTES.find(
    ([routeMethod, routeLevel, marks]) =>
      routeMethod === method &&
      routeLevel === level &&
      marks.every((mark) => query.has(mark) || headers.has(mark)),
  );
  const operation = OPERATIONS.get(route?.[3] ?? "");
  if (operation === undefined) {
    throw new AwsError("MethodNotAllowed", 405, "The specified method is not allowed against this resource.");
  }
  for (const name of query.keys()) {
    if (!COMMON_QUERY.includes(name) && !operation.query.includes(name)) {
      throw notImplemented(`the parameter ${name}`);
    }
  }
  for (const name of headers.keys()) {
    if (name.startsWith("x-amz-") && !COMMON_HEADERS.includes(name) && !isKnown(operation.headers, name)) {
      throw notImplemented(`the header ${name}`);
    }
  }
  return operation;
}

/** A known name that ends in a hyphen stands for all that begin with it. */
function isKnown(known: readonly string[], name: string): boolean {
  return known.some((entry) => (entry.endsWith("-") ? name.startsWith(entry) : name === entry));
}
