// Operations on buckets and on their lists of objects.
import type { Bucket } from "./bucket.ts";
import {
  getBucket,
  invalidArgument,
  objects,
  readCount,
  type S3Answer,
  type S3Call,
  type S3Operation,
} from "./call.ts";
import { decodeMarker, encodeMarker, listKeys, type Marker } from "./listing.ts";
import { BODY_HEADERS } from "./object-operations.ts";
import { receiveNothing, receiveXml } from "./receive.ts";
import { decodeXml, encodeXml, findChild, malformedXml, type XmlElement } from "./xml.ts";

const MAX_KEYS = 1000;
const OWNER = { ID: "0".repeat(64), DisplayName: "local" };

async function listBuckets(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const Bucket = call.store.sorted.map(({ name, createdMs }) => ({
    Name: name,
    CreationDate: new Date(createdMs).toISOString(),
  }));
  return { status: 200, xml: encodeXml("ListAllMyBucketsResult", { Owner: OWNER, Buckets: { Bucket } }) };
}

async function createBucket(call: S3Call): Promise<S3Answer> {
  // The location constraint says a region; here all buckets are in one place.
  const body = await receiveXml(call);
  if (body.length > 0 && decodeXml(body).name !== "CreateBucketConfiguration") throw malformedXml();
  call.store.create(call.bucketName, call.nowMs);
  return { status: 200, headers: { location: `/${call.bucketName}` } };
}

async function headBucket(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  getBucket(call);
  return { status: 200 };
}

async function deleteBucket(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  call.store.delete(call.bucketName);
  return { status: 204 };
}

async function getBucketLocation(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  getBucket(call);
  return { status: 200, xml: encodeXml("LocationConstraint", {}) };
}

async function listObjects(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const { query } = call;
  if (query.get("list-type") !== "2") throw invalidArgument("only the second version of listing is served");
  const encodingType = query.get("encoding-type");
  if (encodingType !== undefined && encodingType !== "url") {
    throw invalidArgument("encoding-type must be url");
  }
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const maxKeys = readCount(call, "max-keys", MAX_KEYS, 0, MAX_KEYS);
  const bucket = objects(call);
  const { keys, prefixes, next } = listKeys(bucket.sortedKeys, {
    prefix,
    delimiter,
    maxKeys,
    after: findMarker(query.get("continuation-token"), query.get("start-after")),
  });

  const encode = encodingType === "url" ? encodeKey : (text: string) => text;
  const encodeIfThere = (name: string) => {
    const value = query.get(name);
    return value === undefined ? undefined : encode(value);
  };
  const xml = encodeXml("ListBucketResult", {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: encodeIfThere("delimiter"),
    StartAfter: encodeIfThere("start-after"),
    ContinuationToken: query.get("continuation-token"),
    MaxKeys: maxKeys,
    KeyCount: keys.length + prefixes.length,
    EncodingType: encodingType,
    IsTruncated: next !== null,
    NextContinuationToken: next === null ? undefined : encodeMarker(next),
    Contents: keys.map((key) => ({
      ...describeEntry(bucket, key, encode),
      ...(query.get("fetch-owner") === "true" ? { Owner: OWNER } : {}),
    })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  });
  return { status: 200, xml };
}

async function deleteObjects(call: S3Call): Promise<S3Answer> {
  const body = await receiveXml(call);
  const bucket = objects(call);
  const root = decodeXml(body);
  const entries = root.children.filter(({ name }) => name === "Object");
  const isQuiet = findChild(root, "Quiet")?.text === "true";
  if (root.name !== "Delete" || entries.length === 0 || entries.length > MAX_KEYS) throw malformedXml();
  const keys = entries.map(readKey);
  for (const key of keys) bucket.delete(key, () => undefined);
  const Deleted = isQuiet ? [] : keys.map((Key) => ({ Key }));
  return { status: 200, xml: encodeXml("DeleteResult", { Deleted }) };
}

export const BUCKET_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  ListBuckets: { action: "s3:ListAllMyBuckets", query: [], headers: [], run: listBuckets },
  CreateBucket: { action: "s3:CreateBucket", query: [], headers: BODY_HEADERS, run: createBucket },
  HeadBucket: { action: "s3:ListBucket", query: [], headers: [], run: headBucket },
  DeleteBucket: { action: "s3:DeleteBucket", query: [], headers: [], run: deleteBucket },
  GetBucketLocation: {
    action: "s3:GetBucketLocation",
    query: ["location"],
    headers: [],
    run: getBucketLocation,
  },
  ListObjects: {
    action: "s3:ListBucket",
    query: [
      "list-type",
      "prefix",
      "delimiter",
      "max-keys",
      "continuation-token",
      "start-after",
      "encoding-type",
      "fetch-owner",
    ],
    headers: [],
    run: listObjects,
  },
  DeleteObjects: { action: "s3:DeleteObject", query: ["delete"], headers: BODY_HEADERS, run: deleteObjects },
};

function findMarker(token: string | undefined, startAfter: string | undefined): Marker | null {
  if (token === undefined) return startAfter === undefined ? null : { kind: "key", key: startAfter };
  const marker = decodeMarker(token);
  if (marker === null) throw invalidArgument("The continuation token provided is incorrect");
  return marker;
}

function describeEntry(
  bucket: Bucket,
  key: string,
  encode: (text: string) => string,
): Record<string, string | number> {
  const info = bucket.get(key);
  return {
    Key: encode(key),
    LastModified: new Date(info.modifiedMs).toISOString(),
    ETag: `"${info.etag}"`,
    Size: info.bytes,
    StorageClass: "STANDARD",
  };
}

function readKey(entry: XmlElement): string {
  const key = findChild(entry, "Key")?.text ?? "";
  // A version or a condition that is passed over would delete more than was asked.
  if (key === "" || entry.children.length !== 1) throw malformedXml();
  return key;
}

// As S3 encodes keys: slashes stay.
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/");
}
