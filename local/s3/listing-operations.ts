// Lists of what a bucket holds: objects, versions, and uploads that are under way; each in pages.
import { invalidArgument } from "../aws-error.ts";
import { getBucket, objects, readCount, type S3Answer, type S3Call, type S3Operation } from "./call.ts";
import { describeListed, LISTED_OWNER, MAX_LISTED, readEncoding } from "./listed.ts";
import { compareKeys, decodeMarker, encodeMarker, listKeys, type Marker } from "./listing.ts";
import { receiveNothing } from "./receive.ts";
import type { Upload } from "./uploads.ts";
import { listVersions, type VersionMarker } from "./version-listing.ts";
import { parseVersionId } from "./version.ts";
import { encodeXml } from "./xml.ts";

async function listObjects(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const { query } = call;
  if (query.get("list-type") !== "2") throw invalidArgument("only the second version of listing is served");
  const { encodingType, encode, encodeParameter } = readEncoding(call);
  const maxKeys = readCount(call, "max-keys", MAX_LISTED, 0, MAX_LISTED);
  const bucket = objects(call);
  const { keys, prefixes, next } = listKeys(bucket.currentKeys, {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    maxKeys,
    after: findMarker(query.get("continuation-token"), query.get("start-after")),
  });
  const xml = encodeXml("ListBucketResult", {
    Name: bucket.name,
    Prefix: encodeParameter("prefix") ?? "",
    Delimiter: encodeParameter("delimiter"),
    StartAfter: encodeParameter("start-after"),
    ContinuationToken: query.get("continuation-token"),
    MaxKeys: maxKeys,
    KeyCount: keys.length + prefixes.length,
    EncodingType: encodingType,
    IsTruncated: next !== null,
    NextContinuationToken: next === null ? undefined : encodeMarker(next),
    Contents: keys.map((key) => ({
      Key: encode(key),
      ...describeListed(bucket.get(key, null).info),
      ...(query.get("fetch-owner") === "true" ? { Owner: LISTED_OWNER } : {}),
    })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  });
  return { status: 200, xml };
}

async function listObjectVersions(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const { query } = call;
  const { encodingType, encode, encodeParameter } = readEncoding(call);
  const maxKeys = readCount(call, "max-keys", MAX_LISTED, 0, MAX_LISTED);
  const bucket = objects(call);
  const { entries, prefixes, next } = listVersions(bucket.allKeys, (key) => bucket.versions(key), {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    maxKeys,
    after: findVersionMarker(query.get("key-marker"), query.get("version-id-marker")),
  });
  const describe = (wantMarkers: boolean) =>
    entries
      .filter(({ version }) => version.isMarker === wantMarkers)
      .map(({ version: { id, info }, isLatest }) => ({
        Key: encode(info.key),
        VersionId: id,
        IsLatest: isLatest,
        ...(wantMarkers ? { LastModified: new Date(info.modifiedMs).toISOString() } : describeListed(info)),
        Owner: LISTED_OWNER,
      }));
  const xml = encodeXml("ListVersionsResult", {
    Name: bucket.name,
    Prefix: encodeParameter("prefix") ?? "",
    Delimiter: encodeParameter("delimiter"),
    KeyMarker: encodeParameter("key-marker") ?? "",
    VersionIdMarker: query.get("version-id-marker") ?? "",
    NextKeyMarker: next === null ? undefined : encode(next.key),
    NextVersionIdMarker: next?.id ?? undefined,
    MaxKeys: maxKeys,
    EncodingType: encodingType,
    IsTruncated: next !== null,
    Version: describe(false),
    DeleteMarker: describe(true),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  });
  return { status: 200, xml };
}

async function listUploads(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const { query } = call;
  const { encodingType, encode, encodeParameter } = readEncoding(call);
  const maxUploads = readCount(call, "max-uploads", MAX_LISTED, 1, MAX_LISTED);
  const prefix = query.get("prefix") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const isAfter = ({ id, start: { key } }: Upload) => {
    const order = compareKeys(key, keyMarker);
    return order > 0 || (order === 0 && keyMarker !== "" && idMarker !== "" && id > idMarker);
  };
  const all = getBucket(call).uploads.sorted.filter(
    (upload) => upload.start.key.startsWith(prefix) && isAfter(upload),
  );
  const page = all.slice(0, maxUploads);
  const last = page.length < all.length ? page.at(-1) : undefined;
  const xml = encodeXml("ListMultipartUploadsResult", {
    Bucket: call.bucketName,
    KeyMarker: encodeParameter("key-marker") ?? "",
    UploadIdMarker: idMarker,
    NextKeyMarker: last === undefined ? undefined : encode(last.start.key),
    NextUploadIdMarker: last?.id,
    Prefix: encodeParameter("prefix") ?? "",
    EncodingType: encodingType,
    MaxUploads: maxUploads,
    IsTruncated: last !== undefined,
    Upload: page.map(({ id, start: { key, initiatedMs, checksum } }) => ({
      UploadId: id,
      Key: encode(key),
      Initiated: new Date(initiatedMs).toISOString(),
      StorageClass: "STANDARD",
      Owner: LISTED_OWNER,
      ...(checksum === null ? {} : { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type }),
    })),
  });
  return { status: 200, xml };
}

const COMMON = ["prefix", "encoding-type"];

export const LISTING_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  ListObjects: {
    action: "s3:ListBucket",
    query: [
      ...COMMON,
      "list-type",
      "delimiter",
      "max-keys",
      "continuation-token",
      "start-after",
      "fetch-owner",
    ],
    headers: [],
    run: listObjects,
  },
  ListObjectVersions: {
    action: "s3:ListBucketVersions",
    query: [...COMMON, "versions", "delimiter", "max-keys", "key-marker", "version-id-marker"],
    headers: [],
    run: listObjectVersions,
  },
  ListMultipartUploads: {
    action: "s3:ListBucketMultipartUploads",
    query: [...COMMON, "uploads", "max-uploads", "key-marker", "upload-id-marker"],
    headers: [],
    run: listUploads,
  },
};

function findMarker(token: string | undefined, startAfter: string | undefined): Marker | null {
  if (token === undefined) return startAfter === undefined ? null : { kind: "key", key: startAfter };
  const marker = decodeMarker(token);
  if (marker === null) throw invalidArgument("The continuation token provided is incorrect");
  return marker;
}

function findVersionMarker(key: string | undefined, id: string | undefined): VersionMarker | null {
  if (id === undefined) return key === undefined || key === "" ? null : { key, id: null };
  if (id === "") throw invalidArgument("A version-id marker cannot be empty.");
  if (key === undefined || key === "") {
    throw invalidArgument("A version-id marker cannot be specified without a key marker.");
  }
  return { key, id: parseVersionId(id) };
}
