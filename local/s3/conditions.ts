// Conditional requests: on reads as RFC 9110 §13.2.2 orders them, on writes as S3 has them.
import { AwsError } from "../aws-error.ts";
import type { Precondition } from "./bucket.ts";
import { notImplemented, type S3Call } from "./call.ts";
import type { ObjectInfo } from "./object-file.ts";

/** Whether the client has this very object already: the answer is 304. @throws AwsError PreconditionFailed */
export function isNotModified({ headers }: Pick<S3Call, "headers">, info: ObjectInfo): boolean {
  const match = headers.get("if-match");
  const unmodifiedSince = readDate(headers.get("if-unmodified-since"));
  if (match !== undefined) {
    if (!matchesEtag(match, info)) throw preconditionFailed();
  } else if (unmodifiedSince !== null && wholeSecond(info) > unmodifiedSince) {
    throw preconditionFailed();
  }
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== undefined) return matchesEtag(noneMatch, info);
  const modifiedSince = readDate(headers.get("if-modified-since"));
  return modifiedSince !== null && wholeSecond(info) <= modifiedSince;
}

export const UNCONDITIONAL: Precondition = () => undefined;

/** For whatever replaces or deletes an object. @throws AwsError NotImplemented for conditions that S3 does not have */
export function writePrecondition({ headers }: S3Call): Precondition {
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  if (headers.has("if-modified-since") || headers.has("if-unmodified-since")) {
    throw notImplemented("writes that depend on a date");
  }
  if (noneMatch !== undefined && (noneMatch !== "*" || match !== undefined)) {
    throw notImplemented("If-None-Match with anything but * alone");
  }
  if (noneMatch === undefined) return matchPrecondition(match);
  return (existing) => {
    if (existing !== null) throw preconditionFailed();
  };
}

/** What is there must have this tag; anything goes without one. A delete marker is nothing that is there. */
export function matchPrecondition(match: string | undefined): Precondition {
  if (match === undefined) return UNCONDITIONAL;
  return (existing) => {
    if (existing === null) throw new AwsError("NoSuchKey", 404, "The specified key does not exist.");
    if (!matchesEtag(match, existing)) throw preconditionFailed();
  };
}

function matchesEtag(header: string, { etag }: ObjectInfo): boolean {
  const candidates = header.split(",").map((part) => part.trim().replace(/^"(.*)"$/, "$1"));
  return candidates.some((candidate) => candidate === "*" || candidate === etag);
}

// What is no date is passed over, RFC 9110 §13.1.3.
function readDate(header: string | undefined): number | null {
  const time = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) ? null : time;
}

function wholeSecond({ modifiedMs }: ObjectInfo): number {
  return Math.floor(modifiedMs / 1000) * 1000;
}

export function preconditionFailed(): AwsError {
  return new AwsError(
    "PreconditionFailed",
    412,
    "At least one of the pre-conditions you specified did not hold",
  );
}
