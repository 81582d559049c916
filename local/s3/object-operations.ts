// Operations on one object: put, get, head, delete, copy.
import { AwsError } from "../aws-error.ts";
import {
  invalidArgument,
  notImplemented,
  objects,
  type S3Answer,
  type S3Call,
  type S3Operation,
} from "./call.ts";
import { HEADER_PREFIX } from "./checksum.ts";
import { isNotModified, writePrecondition } from "./conditions.ts";
import { readObject, type ObjectInfo } from "./object-file.ts";
import { findRange } from "./range.ts";
import { MAX_PUT_BYTES, receiveBody, receiveNothing } from "./receive.ts";
import { encodeXml } from "./xml.ts";

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

async function putObject(call: S3Call): Promise<S3Answer> {
  const bucket = objects(call);
  const check = writePrecondition(call);
  const described = describeObject(call);
  // Before the body, so that it need not be sent in vain; and again when it is whole.
  check(bucket.find(call.key));
  const draft = await bucket.createDraft();
  try {
    const { bytes, md5, checksum } = await receiveBody(call, MAX_PUT_BYTES, (data) => draft.write(data));
    const info = { key: call.key, bytes, etag: md5, modifiedMs: call.nowMs, ...described, checksum };
    await draft.finish(info);
    bucket.put(draft, info, check);
    return { status: 200, headers: { etag: `"${md5}"`, ...checksumHeaders(info) } };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function getObject(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const bucket = objects(call);
  const answer = readAnswer(call, bucket.get(call.key));
  if (answer.status === 304) return answer;
  const { file, info } = bucket.open(call.key);
  // The same tick: it is the object that was just looked at.
  const range = findRange(call.headers.get("range"), info.bytes) ?? { start: 0, end: info.bytes };
  return { ...answer, object: { file, range } };
}

async function headObject(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  return readAnswer(call, objects(call).get(call.key));
}

async function deleteObject(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  objects(call).delete(call.key, writePrecondition(call));
  return { status: 204 };
}

async function copyObject(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const bucket = objects(call);
  const check = writePrecondition(call);
  const { bucketName, key } = parseSource(call.headers.get("x-amz-copy-source") ?? "");
  const directive = call.headers.get("x-amz-metadata-directive") ?? "COPY";
  if (directive !== "COPY" && directive !== "REPLACE") {
    throw invalidArgument("x-amz-metadata-directive is unknown");
  }
  if (directive === "COPY" && bucketName === call.bucketName && key === call.key) {
    throw new AwsError("InvalidRequest", 400, "This copy request is illegal: it would change nothing.");
  }
  const from = call.store.get(bucketName).bucket;
  const draft = await bucket.createDraft();
  try {
    const described = directive === "REPLACE" ? describeObject(call) : {};
    const { file, info: source } = from.open(key);
    for await (const data of readObject(file, source.bytes)) await draft.write(data);
    const info = { ...source, ...described, key: call.key, modifiedMs: call.nowMs };
    await draft.finish(info);
    bucket.put(draft, info, check);
    const LastModified = new Date(call.nowMs).toISOString();
    return { status: 200, xml: encodeXml("CopyObjectResult", { LastModified, ETag: `"${info.etag}"` }) };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

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

export function checksumHeaders({ checksum }: Pick<ObjectInfo, "checksum">): Record<string, string> {
  if (checksum === null) return {};
  return {
    [`${HEADER_PREFIX}${checksum.algorithm.toLowerCase()}`]: checksum.value,
    [`${HEADER_PREFIX}type`]: checksum.type,
  };
}

/** The head of an answer to GET or HEAD: 200, 206, or 304 without any more. */
function readAnswer(call: S3Call, info: ObjectInfo): S3Answer {
  const common = {
    etag: `"${info.etag}"`,
    "last-modified": new Date(info.modifiedMs).toUTCString(),
  };
  if (isNotModified(call, info)) return { status: 304, headers: common };
  const range = findRange(call.headers.get("range"), info.bytes);
  const { start, end } = range ?? { start: 0, end: info.bytes };
  return {
    status: range === null ? 200 : 206,
    headers: {
      "content-type": "binary/octet-stream",
      ...info.headers,
      ...Object.fromEntries(
        Object.entries(info.metadata).map(([name, value]) => [METADATA_PREFIX + name, value]),
      ),
      ...common,
      "accept-ranges": "bytes",
      "content-length": String(end - start),
      // A checksum is of the whole, so a part comes without.
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${info.bytes}` }),
      ...(range === null && call.headers.get("x-amz-checksum-mode") === "ENABLED"
        ? checksumHeaders(info)
        : {}),
    },
  };
}

/** `bucket/key`, percent-encoded, with or without a slash in front. */
function parseSource(header: string): { readonly bucketName: string; readonly key: string } {
  if (header.includes("?")) throw notImplemented("copies of versions");
  let text: string;
  try {
    text = decodeURIComponent(header).replace(/^\//, "");
  } catch {
    throw invalidArgument("x-amz-copy-source is not well encoded");
  }
  const slash = text.indexOf("/");
  if (slash < 1 || slash === text.length - 1) throw invalidArgument("x-amz-copy-source must be bucket/key");
  return { bucketName: text.slice(0, slash), key: text.slice(slash + 1) };
}

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

export const OBJECT_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  PutObject: {
    action: "s3:PutObject",
    query: [],
    headers: [...BODY_HEADERS, METADATA_PREFIX],
    run: putObject,
  },
  GetObject: { action: "s3:GetObject", query: [], headers: ["x-amz-checksum-mode"], run: getObject },
  HeadObject: { action: "s3:GetObject", query: [], headers: ["x-amz-checksum-mode"], run: headObject },
  DeleteObject: { action: "s3:DeleteObject", query: [], headers: [], run: deleteObject },
  CopyObject: {
    action: "s3:PutObject",
    query: [],
    headers: ["x-amz-copy-source", "x-amz-metadata-directive", METADATA_PREFIX],
    run: copyObject,
  },
};
