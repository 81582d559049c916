// Operations of multipart uploads.
import { AwsError, invalidArgument } from "../aws-error.ts";
import { getBucket, readCount, type S3Answer, type S3Call, type S3Operation } from "./call.ts";
import { checksumTypes, HEADER_PREFIX, parseAlgorithm } from "./checksum.ts";
import { writePrecondition } from "./conditions.ts";
import {
  BODY_HEADERS,
  checksumHeaders,
  describeObject,
  METADATA_PREFIX,
  versionHeaders,
} from "./description.ts";
import type { ObjectInfo } from "./object-file.ts";
import { MAX_PUT_BYTES, receiveBody, receiveNothing, receiveXml } from "./receive.ts";
import type { PartName, Upload, UploadStart } from "./uploads.ts";
import { decodeXml, encodeXml, findChild, malformedXml, type XmlElement, type XmlFields } from "./xml.ts";

const MAX_PART_NUMBER = 10_000;
const MAX_PARTS = 1000;

async function createUpload(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const { uploads } = getBucket(call);
  const start = {
    key: call.key,
    ...describeObject(call),
    initiatedMs: call.nowMs,
    checksum: readChecksumChoice(call),
  };
  const { id } = uploads.begin(start);
  const headers =
    start.checksum === null
      ? {}
      : {
          [`${HEADER_PREFIX}algorithm`]: start.checksum.algorithm,
          [`${HEADER_PREFIX}type`]: start.checksum.type,
        };
  const fields = { Bucket: call.bucketName, Key: call.key, UploadId: id };
  return { status: 200, headers, xml: encodeXml("InitiateMultipartUploadResult", fields) };
}

async function uploadPart(call: S3Call): Promise<S3Answer> {
  const { bucket, uploads } = getBucket(call);
  const number = readCount(call, "partNumber", 0, 1, MAX_PART_NUMBER + 1);
  if (number < 1 || number > MAX_PART_NUMBER) {
    throw invalidArgument(`partNumber must be 1 to ${MAX_PART_NUMBER}`);
  }
  getUpload(call);
  const draft = await bucket.createDraft();
  try {
    const { bytes, md5, checksum } = await receiveBody(call, MAX_PUT_BYTES, (data) => draft.write(data));
    const info: ObjectInfo = {
      key: String(number),
      bytes,
      etag: md5,
      modifiedMs: call.nowMs,
      headers: {},
      metadata: {},
      checksum,
    };
    await draft.finish(info);
    // Again: it may have been completed or aborted meanwhile.
    uploads.get(call.query.get("uploadId") ?? "", call.key).putPart(number, draft, info);
    return { status: 200, headers: { etag: `"${md5}"`, ...checksumHeaders(info) } };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

async function completeUpload(call: S3Call): Promise<S3Answer> {
  // Here a checksum in the headers is that of the object, not of this body.
  const ofBody = new Map([...call.headers].filter(([name]) => !name.startsWith(HEADER_PREFIX)));
  const body = decodeXml(await receiveXml({ ...call, headers: ofBody }));
  const { bucket, uploads } = getBucket(call);
  const check = writePrecondition(call);
  const draft = await bucket.createDraft();
  let claimed: Upload | null = null;
  try {
    const upload = getUpload(call);
    const parts = upload.select(readParts(body, upload));
    check(bucket.find(call.key));
    // From here on no part is added, and nobody else completes it.
    uploads.claim(upload);
    claimed = upload;
    const assembled = await upload.assemble(draft, parts);
    checkAssembled(call, assembled);
    const { key, headers: stored, metadata } = upload.start;
    const info = { key, headers: stored, metadata, modifiedMs: call.nowMs, ...assembled };
    await draft.finish(info);
    const headers = versionHeaders(bucket, bucket.put(draft, info, check));
    uploads.remove(upload);
    const xml = encodeXml("CompleteMultipartUploadResult", completeFields(call, info));
    return { status: 200, headers, xml };
  } catch (error) {
    if (claimed !== null) uploads.restore(claimed);
    await draft.discard();
    throw error;
  }
}

async function abortUpload(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  getBucket(call).uploads.remove(getUpload(call));
  return { status: 204 };
}

async function listParts(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const upload = getUpload(call);
  const maxParts = readCount(call, "max-parts", MAX_PARTS, 1, MAX_PARTS);
  const after = readCount(call, "part-number-marker", 0, 0, MAX_PART_NUMBER);
  const all = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = all.slice(0, maxParts);
  const xml = encodeXml("ListPartsResult", {
    Bucket: call.bucketName,
    Key: call.key,
    UploadId: upload.id,
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
    MaxParts: maxParts,
    IsTruncated: page.length < all.length,
    StorageClass: "STANDARD",
    Part: page.map(([number, info]) => ({
      PartNumber: number,
      LastModified: new Date(info.modifiedMs).toISOString(),
      ETag: `"${info.etag}"`,
      Size: info.bytes,
      ...(info.checksum === null ? {} : { [`Checksum${info.checksum.algorithm}`]: info.checksum.value }),
    })),
  });
  return { status: 200, xml };
}

export const UPLOAD_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  CreateMultipartUpload: {
    action: "s3:PutObject",
    query: ["uploads"],
    headers: [`${HEADER_PREFIX}algorithm`, `${HEADER_PREFIX}type`, METADATA_PREFIX],
    run: createUpload,
  },
  UploadPart: {
    action: "s3:PutObject",
    query: ["partNumber", "uploadId"],
    headers: BODY_HEADERS,
    run: uploadPart,
  },
  CompleteMultipartUpload: {
    action: "s3:PutObject",
    query: ["uploadId"],
    headers: [...BODY_HEADERS, `${HEADER_PREFIX}type`, "x-amz-mp-object-size"],
    run: completeUpload,
  },
  AbortMultipartUpload: {
    action: "s3:AbortMultipartUpload",
    query: ["uploadId"],
    headers: [],
    run: abortUpload,
  },
  ListParts: {
    action: "s3:ListMultipartUploadParts",
    query: ["uploadId", "max-parts", "part-number-marker"],
    headers: [],
    run: listParts,
  },
};

function getUpload(call: S3Call): Upload {
  return getBucket(call).uploads.get(call.query.get("uploadId") ?? "", call.key);
}

function readChecksumChoice({ headers }: S3Call): UploadStart["checksum"] {
  const name = headers.get(`${HEADER_PREFIX}algorithm`);
  const type = headers.get(`${HEADER_PREFIX}type`);
  if (name === undefined) {
    if (type !== undefined) throw invalidArgument("a checksum type needs a checksum algorithm");
    return null;
  }
  const algorithm = parseAlgorithm(name);
  const types = checksumTypes(algorithm);
  const chosen = types.find((known) => known === (type ?? types[0]));
  if (chosen === undefined) throw invalidArgument(`${algorithm} has no checksum of this type`);
  return { algorithm, type: chosen };
}

function readParts(root: XmlElement, { start }: Upload): readonly PartName[] {
  const parts = root.children;
  if (root.name !== "CompleteMultipartUpload" || parts.length === 0 || parts.length > MAX_PART_NUMBER) {
    throw malformedXml();
  }
  return parts.map((part) => {
    const number = Number(findChild(part, "PartNumber")?.text);
    const etag = findChild(part, "ETag")?.text.replace(/^"(.*)"$/, "$1");
    if (part.name !== "Part" || !Number.isInteger(number) || etag === undefined) throw malformedXml();
    const checksum = start.checksum === null ? null : findChild(part, `Checksum${start.checksum.algorithm}`);
    return { number, etag, checksum: checksum?.text ?? null };
  });
}

type Assembled = Pick<ObjectInfo, "bytes" | "etag" | "checksum">;

/** What the client expects of the whole. @throws AwsError BadDigest, InvalidRequest */
function checkAssembled({ headers }: S3Call, { bytes, checksum }: Assembled): void {
  for (const [name, value] of headers) {
    const isChecksum = name.startsWith(HEADER_PREFIX) && name !== `${HEADER_PREFIX}type`;
    if (isChecksum && checksumHeaders({ checksum })[name] !== value) {
      throw new AwsError(
        "BadDigest",
        400,
        "The checksum you specified did not match the calculated checksum.",
      );
    }
  }
  const expected = headers.get("x-amz-mp-object-size");
  if (expected !== undefined && expected !== String(bytes)) {
    throw new AwsError("InvalidRequest", 400, "x-amz-mp-object-size is not the size of the parts together");
  }
}

function completeFields(call: S3Call, { etag, checksum }: Assembled): XmlFields {
  return {
    Location: `/${call.bucketName}/${encodeURIComponent(call.key)}`,
    Bucket: call.bucketName,
    Key: call.key,
    ETag: `"${etag}"`,
    ...(checksum === null
      ? {}
      : { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }),
  };
}
