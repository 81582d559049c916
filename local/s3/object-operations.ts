// Operations on one object: put, get, head. Each of them is on the newest version, or reads the one that is named.
import { findRange } from "./range.ts";
import { objects, readVersionId, type S3Answer, type S3Call, type S3Operation } from "./call.ts";
import type { Bucket } from "./bucket.ts";
import { isNotModified, writePrecondition } from "./conditions.ts";
import {
  BODY_HEADERS,
  checksumHeaders,
  describedHeaders,
  describeObject,
  METADATA_PREFIX,
  versionHeaders,
} from "./description.ts";
import { MAX_PUT_BYTES, receiveBody, receiveNothing } from "./receive.ts";
import type { Version } from "./version.ts";

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
    const version = bucket.put(draft, info, check);
    const headers = { etag: `"${md5}"`, ...checksumHeaders(info), ...versionHeaders(bucket, version) };
    return { status: 200, headers };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function getObject(call: S3Call): Promise<S3Answer> {
  const id = readVersionId(call);
  await receiveNothing(call);
  const bucket = objects(call);
  const answer = readAnswer(call, bucket, bucket.get(call.key, id));
  if (answer.status === 304) return answer;
  const { file, version } = bucket.open(call.key, id);
  const { bytes } = version.info;
  // The same tick: it is the object that was just looked at.
  const range = findRange(call.headers.get("range"), bytes) ?? { start: 0, end: bytes };
  return { ...answer, object: { file, range } };
}

async function headObject(call: S3Call): Promise<S3Answer> {
  const id = readVersionId(call);
  await receiveNothing(call);
  const bucket = objects(call);
  return readAnswer(call, bucket, bucket.get(call.key, id));
}

/** The head of an answer to GET or HEAD: 200, 206, or 304 without any more. */
function readAnswer(call: S3Call, bucket: Bucket, version: Version): S3Answer {
  const { info } = version;
  const common = {
    etag: `"${info.etag}"`,
    "last-modified": new Date(info.modifiedMs).toUTCString(),
    ...versionHeaders(bucket, version),
  };
  if (isNotModified(call, info)) return { status: 304, headers: common };
  const range = findRange(call.headers.get("range"), info.bytes);
  const { start, end } = range ?? { start: 0, end: info.bytes };
  return {
    status: range === null ? 200 : 206,
    headers: {
      ...describedHeaders(info),
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

const READ_HEADERS = ["x-amz-checksum-mode"];

export const OBJECT_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  PutObject: {
    action: "s3:PutObject",
    query: [],
    headers: [...BODY_HEADERS, METADATA_PREFIX],
    run: putObject,
  },
  GetObject: { action: "s3:GetObject", query: [], headers: READ_HEADERS, run: getObject },
  GetObjectVersion: {
    action: "s3:GetObjectVersion",
    query: ["versionId"],
    headers: READ_HEADERS,
    run: getObject,
  },
  HeadObject: { action: "s3:GetObject", query: [], headers: READ_HEADERS, run: headObject },
  HeadObjectVersion: {
    action: "s3:GetObjectVersion",
    query: ["versionId"],
    headers: READ_HEADERS,
    run: headObject,
  },
};
