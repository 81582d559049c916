// Copying an object, or one version of it, within the local S3.
import { createHash } from "node:crypto";

import { AwsError, invalidArgument } from "../aws-error.ts";
import type { Bucket, OpenObject } from "./bucket.ts";
import { checkAllowed, objects, type S3Answer, type S3Call, type S3Operation } from "./call.ts";
import { HEADER_PREFIX, newHasher, parseAlgorithm, type Algorithm, type Checksum } from "./checksum.ts";
import { isNotModified, preconditionFailed, writePrecondition } from "./conditions.ts";
import { describeObject, METADATA_PREFIX, versionHeaders } from "./description.ts";
import { readObject, type Draft, type ObjectInfo } from "./object-file.ts";
import { receiveNothing } from "./receive.ts";
import { parseVersionId } from "./version.ts";
import { encodeXml } from "./xml.ts";

const ALGORITHM_HEADER = `${HEADER_PREFIX}algorithm`;
const CONDITION_PREFIX = "x-amz-copy-source-if-";

async function copyObject(call: S3Call): Promise<S3Answer> {
  await receiveNothing(call);
  const bucket = objects(call);
  const check = writePrecondition(call);
  const source = parseSource(call.headers.get("x-amz-copy-source") ?? "");
  checkAllowed(call, source.id === null ? "s3:GetObject" : "s3:GetObjectVersion");
  const directive = call.headers.get("x-amz-metadata-directive") ?? "COPY";
  if (directive !== "COPY" && directive !== "REPLACE") {
    throw invalidArgument("x-amz-metadata-directive is unknown");
  }
  const isSame = source.bucketName === call.bucketName && source.key === call.key && source.id === null;
  if (directive === "COPY" && isSame) {
    throw new AwsError("InvalidRequest", 400, "This copy request is illegal: it would change nothing.");
  }
  const from = call.store.get(source.bucketName).bucket;
  const algorithm = call.headers.get(ALGORITHM_HEADER);
  const draft = await bucket.createDraft();
  try {
    const described = directive === "REPLACE" ? describeObject(call) : {};
    const opened = openSource(call, from, source);
    const chosen = algorithm === undefined ? null : parseAlgorithm(algorithm);
    const copied = await copyBytes(opened, draft, chosen);
    const info = { ...opened.version.info, ...copied, ...described, key: call.key, modifiedMs: call.nowMs };
    await draft.finish(info);
    const version = bucket.put(draft, info, check);
    return {
      status: 200,
      headers: {
        ...versionHeaders(bucket, version),
        ...(from.versioning === "Off" ? {} : { "x-amz-copy-source-version-id": opened.version.id }),
      },
      xml: encodeXml("CopyObjectResult", {
        LastModified: new Date(call.nowMs).toISOString(),
        ETag: `"${info.etag}"`,
        ...(info.checksum === null
          ? {}
          : {
              [`Checksum${info.checksum.algorithm}`]: info.checksum.value,
              ChecksumType: info.checksum.type,
            }),
      }),
    };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

export const COPY_OPERATIONS: Readonly<Record<string, S3Operation>> = {
  CopyObject: {
    action: "s3:PutObject",
    query: [],
    headers: [
      "x-amz-copy-source",
      CONDITION_PREFIX,
      "x-amz-metadata-directive",
      ALGORITHM_HEADER,
      METADATA_PREFIX,
    ],
    run: copyObject,
  },
};

interface Source {
  readonly bucketName: string;
  readonly key: string;
  /** Null for the newest version. */
  readonly id: string | null;
}

/** `bucket/key[?versionId=id]`, percent-encoded, with or without a slash in front. */
function parseSource(header: string): Source {
  const [path = "", query] = header.split(/\?(?=versionId=[^?]*$)/);
  let text: string;
  try {
    text = decodeURIComponent(path).replace(/^\//, "");
  } catch {
    throw invalidArgument("x-amz-copy-source is not well encoded");
  }
  const slash = text.indexOf("/");
  if (slash < 1 || slash === text.length - 1) throw invalidArgument("x-amz-copy-source must be bucket/key");
  const id = query === undefined ? null : parseVersionId(query.slice("versionId=".length));
  return { bucketName: text.slice(0, slash), key: text.slice(slash + 1), id };
}

function openSource({ headers }: S3Call, from: Bucket, { key, id }: Source): OpenObject {
  const isMarker = id !== null && from.versions(key).some((version) => version.id === id && version.isMarker);
  if (isMarker) {
    const message =
      "The source of a copy request may not specifically refer to a delete marker by version id.";
    throw new AwsError("InvalidRequest", 400, message);
  }
  const conditions = new Map(
    [...headers].flatMap(([name, value]) =>
      name.startsWith(CONDITION_PREFIX) ? [[name.slice("x-amz-copy-source-".length), value] as const] : [],
    ),
  );
  if (isNotModified({ headers: conditions }, from.get(key, id).info)) throw preconditionFailed();
  return from.open(key, id);
}

/** The copy is one object however its source was uploaded: tag and checksum are of the whole. */
async function copyBytes(
  { file, version: { info } }: OpenObject,
  draft: Draft,
  chosen: Algorithm | null,
): Promise<Pick<ObjectInfo, "etag" | "checksum">> {
  const algorithm = chosen ?? info.checksum?.algorithm ?? null;
  const hasher = algorithm === null ? null : newHasher(algorithm);
  const md5 = createHash("md5");
  for await (const data of readObject(file, info.bytes)) {
    md5.update(data);
    hasher?.update(data);
    await draft.write(data);
  }
  const value = hasher?.digest().toString("base64") ?? "";
  const checksum: Checksum | null = algorithm === null ? null : { algorithm, value, type: "FULL_OBJECT" };
  return { etag: md5.digest("hex"), checksum };
}
