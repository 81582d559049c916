// One call of the local S3: who asks for what, and what an operation answers.
import type { IncomingMessage } from "node:http";

import { isAllowedByIdentity } from "../../owner/policy/principal.ts";
import { AwsError, invalidArgument } from "../aws-error.ts";
import type { VerifiedSignature } from "../signature.ts";
import type { Bucket } from "./bucket.ts";
import type { ByteRange } from "./range.ts";
import type { Store, StoredBucket } from "./store.ts";
import { parseVersionId } from "./version.ts";

export interface S3Call {
  readonly store: Store;
  readonly request: IncomingMessage;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: ReadonlyMap<string, string>;
  /** Empty where the request names none. */
  readonly bucketName: string;
  readonly key: string;
  readonly signature: VerifiedSignature;
  readonly payload: PayloadForm;
  readonly nowMs: number;
  /** Asks a client that waits for it to send the body. Nothing of a body comes before this. */
  acceptBody(): void;
}

/** What x-amz-content-sha256 says of the body. */
export type PayloadForm =
  | { readonly kind: "hash"; readonly sha256: string }
  | { readonly kind: "unsigned" }
  | { readonly kind: "chunked"; readonly isSigned: boolean; readonly hasTrailer: boolean };

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly xml?: string;
  /** An open object: the server sends the range and closes the file. */
  readonly object?: { readonly file: number; readonly range: ByteRange };
}

export interface S3Operation {
  /** `s3:GetObject`, say: what the caller must be allowed. */
  readonly action: string;
  /** Query parameters and x-amz- headers that it knows; others are refused. */
  readonly query: readonly string[];
  readonly headers: readonly string[];
  readonly run: (call: S3Call) => Promise<S3Answer>;
}

/** @throws AwsError NoSuchBucket */
export function getBucket(call: S3Call): StoredBucket {
  return call.store.get(call.bucketName);
}

export function objects(call: S3Call): Bucket {
  return getBucket(call).bucket;
}

/** A whole number of the query. @throws AwsError InvalidArgument */
export function readCount(call: S3Call, name: string, fallback: number, min: number, max: number): number {
  const text = call.query.get(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value < min) throw invalidArgument(`${name} must be a whole number from ${min}`);
  return Math.min(value, max);
}

/** The version that the query names; null where it names none. @throws AwsError InvalidArgument */
export function readVersionId(call: S3Call): string | null {
  const text = call.query.get("versionId");
  return text === undefined ? null : parseVersionId(text);
}

/** @throws AwsError AccessDenied */
export function checkAllowed({ signature: { principal } }: Pick<S3Call, "signature">, action: string): void {
  if (isAllowedByIdentity(principal, action)) return;
  throw new AwsError("AccessDenied", 403, `${principal.arn} is not authorized to perform: ${action}`);
}

export function notImplemented(what: string): AwsError {
  return new AwsError("NotImplemented", 501, `the local S3 does not implement ${what}`);
}
