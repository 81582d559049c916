// Operations on buckets, and on whether they keep versions.
import { AwsError } from "../aws-error.ts";
import type { Versioning } from "./bucket-file.ts";
import { getBucket, notImplemented, objects, type S3Answer, type S3Call, type S3Operation } from "./call.ts";
import { BODY_HEADERS } from "./description.ts";
import { LISTED_OWNER } from "./listed.ts";
import { receiveNothing, receiveXml } from "./receive.ts";
import { decodeXml, encodeXml, findChild, malformedXml } from "./xml.ts";

async function listBuckets(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const Bucket = call.store.sorted.map(({ name, createdMs }) => ({
    Name: name,
    CreationDate: new Date(createdMs).toISOString(),
  }));
  const fields = { Owner: LISTED_OWNER, Buckets: { Bucket } };
  return { status: 200, xml: encodeXml("ListAllMyBucketsResult", fields) };
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

async function putBucketVersioning(call: S3Call): Promise<S3Answer> {
  const status = readVersioning(await receiveXml(call));
  objects(call).setVersioning(status);
  return { status: 200 };
}

async function getBucketVersioning(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const { versioning } = objects(call);
  const Status = versioning === "Off" ? undefined : versioning;
  return { status: 200, xml: encodeXml("VersioningConfiguration", { Status }) };
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
  PutBucketVersioning: {
    action: "s3:PutBucketVersioning",
    query: ["versioning"],
    headers: BODY_HEADERS,
    run: putBucketVersioning,
  },
  GetBucketVersioning: {
    action: "s3:GetBucketVersioning",
    query: ["versioning"],
    headers: [],
    run: getBucketVersioning,
  },
};

function readVersioning(body: Uint8Array): Exclude<Versioning, "Off"> {
  const root = decodeXml(body);
  if (root.name !== "VersioningConfiguration") throw malformedXml();
  const mfa = findChild(root, "MfaDelete")?.text;
  if (mfa !== undefined && mfa !== "Disabled") throw notImplemented("deletes that need a second factor");
  const status = findChild(root, "Status")?.text;
  if (status === undefined) {
    const message = "The versioning configuration specified in the request is invalid.";
    throw new AwsError("IllegalVersioningConfigurationException", 400, message);
  }
  if (status !== "Enabled" && status !== "Suspended") throw malformedXml();
  return status;
}
