// Deleting: of a key, which leaves a delete marker where versions are kept; of one version, for good; of many at once.
import { AwsError } from "../aws-error.ts";
import type { Bucket, Precondition } from "./bucket.ts";
import {
  checkAllowed,
  notImplemented,
  objects,
  readVersionId,
  type S3Answer,
  type S3Call,
  type S3Operation,
} from "./call.ts";
import { matchPrecondition, UNCONDITIONAL, writePrecondition } from "./conditions.ts";
import { BODY_HEADERS } from "./description.ts";
import { receiveNothing, receiveXml } from "./receive.ts";
import { parseVersionId } from "./version.ts";
import { decodeXml, encodeXml, findChild, malformedXml, type XmlElement, type XmlFields } from "./xml.ts";

const MAX_KEYS = 1000;
const DELETE_VERSION = "s3:DeleteObjectVersion";

async function deleteObject(call: S3Call): Promise<S3Answer> {
  const id = readVersionId(call);
  await receiveNothing(call);
  const check = writePrecondition(call);
  const { isMarker, version } = await remove(objects(call), { key: call.key, id, check }, call.nowMs);
  return {
    status: 204,
    headers: {
      ...(isMarker ? { "x-amz-delete-marker": "true" } : {}),
      ...(version === null ? {} : { "x-amz-version-id": version }),
    },
  };
}

async function deleteObjects(call: S3Call): Promise<S3Answer> {
  const body = await receiveXml(call);
  const bucket = objects(call);
  const root = decodeXml(body);
  const entries = root.children.filter(({ name }) => name === "Object");
  const isQuiet = findChild(root, "Quiet")?.text === "true";
  if (root.name !== "Delete" || entries.length === 0 || entries.length > MAX_KEYS) throw malformedXml();
  // All of them are read before the first is deleted.
  const named = entries.map(readEntry);
  const deleted: XmlFields[] = [];
  const failed: XmlFields[] = [];
  for (const entry of named) {
    try {
      deleted.push(await deleteEntry(call, bucket, entry));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed.push({ Key: entry.key, VersionId: entry.id, Code: error.code, Message: error.message });
    }
  }
  const xml = encodeXml("DeleteResult", { Deleted: isQuiet ? [] : deleted, Error: failed });
  return { status: 200, xml };
}

async function deleteEntry(call: S3Call, bucket: Bucket, { key, id: text, etag }: Entry): Promise<XmlFields> {
  const id = text === undefined ? null : parseVersionId(text);
  if (id !== null) checkAllowed(call, DELETE_VERSION);
  const { isMarker, version } = await remove(bucket, { key, id, check: matchPrecondition(etag) }, call.nowMs);
  const marker = isMarker ? { DeleteMarker: true, DeleteMarkerVersionId: version ?? undefined } : {};
  return { Key: key, VersionId: id ?? undefined, ...marker };
}

export const DELETE_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  DeleteObject: { action: "s3:DeleteObject", query: [], headers: [], run: deleteObject },
  DeleteObjectVersion: { action: DELETE_VERSION, query: ["versionId"], headers: [], run: deleteObject },
  DeleteObjects: { action: "s3:DeleteObject", query: ["delete"], headers: BODY_HEADERS, run: deleteObjects },
};

interface Removal {
  readonly key: string;
  /** Null to delete the key; else the version that is to go for good. */
  readonly id: string | null;
  readonly check: Precondition;
}

interface Removed {
  /** A delete marker was made, or it was one that went. */
  readonly isMarker: boolean;
  /** Of the marker that was made, or of what went; null where versions are not kept. */
  readonly version: string | null;
}

async function remove(bucket: Bucket, { key, id, check }: Removal, nowMs: number): Promise<Removed> {
  if (id === null) {
    const marker = await bucket.delete(key, nowMs, check);
    return { isMarker: marker !== null, version: marker?.id ?? null };
  }
  // A condition is on what is there now; S3's word on one beside a version is not clear enough to act on.
  if (check !== UNCONDITIONAL) throw notImplemented("a condition beside a version");
  const erased = bucket.erase(key, id, check);
  return { isMarker: erased?.isMarker ?? false, version: id };
}

interface Entry {
  readonly key: string;
  readonly id: string | undefined;
  readonly etag: string | undefined;
}

function readEntry(entry: XmlElement): Entry {
  const key = findChild(entry, "Key")?.text ?? "";
  const id = findChild(entry, "VersionId")?.text;
  const etag = findChild(entry, "ETag")?.text;
  const known = 1 + (id === undefined ? 0 : 1) + (etag === undefined ? 0 : 1);
  // A condition that is passed over would delete more than was asked.
  if (key === "" || entry.children.length !== known) throw malformedXml();
  return { key, id, etag };
}
