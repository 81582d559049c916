// Checks the Signature Version 4 of a request against the table of local credentials. Everything in the request is
// the caller's until the last line. Leaves out presigned URLs: a signature stands in the Authorization header.
import { timingSafeEqual } from "node:crypto";

import {
  ALGORITHM,
  canonicalRequest,
  scopeText,
  sign,
  signingKey,
  stringToSign,
  type Query,
  type SigningScope,
} from "../core/sigv4.ts";
import type { Principal } from "../owner/policy/principal.ts";
import type { CredentialTable } from "./credentials.ts";

export interface SignedRequest {
  readonly method: string;
  /** As on the request line, without the query. */
  readonly path: string;
  readonly query: Query;
  /** Lower-case names; a header that came twice has its values joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payloadHash: string;
}

export interface SignatureRules {
  readonly credentials: CredentialTable;
  readonly service: string;
  /** Null for any region: a bucket of the stand-in has none. */
  readonly region: string | null;
  readonly nowMs: number;
  readonly maxSkewMs: number;
}

/** What the signatures of a streamed body are chained to. */
export interface VerifiedSignature {
  readonly principal: Principal;
  readonly signature: string;
  readonly key: Uint8Array;
  readonly date: string;
  readonly scope: string;
}

export type SignatureReason = "missing" | "malformed" | "unknown" | "token" | "skewed" | "scope" | "mismatch";

export class SignatureFault extends Error {
  readonly reason: SignatureReason;
  constructor(reason: SignatureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

const AUTHORIZATION = new RegExp(
  `^${ALGORITHM} Credential=([A-Z0-9]{16,128})/([0-9]{8})/([a-z0-9-]{1,64})/([a-z0-9-]{1,64})/aws4_request, ?` +
    "SignedHeaders=([a-z0-9;_.-]{1,2048}), ?Signature=([0-9a-f]{64})$",
);

/** Who sent this request. @throws SignatureFault; SealroomError SIGV4_REQUEST if the path is not encoded well. */
export function verifySignature(request: SignedRequest, rules: SignatureRules): VerifiedSignature {
  const { accessKeyId, scope, signedHeaders, signature } = parseAuthorization(
    request.headers.get("authorization"),
  );
  checkScope(scope, rules);
  checkHeaders(request.headers, signedHeaders);
  const date = checkDate(request.headers.get("x-amz-date"), scope, rules);

  const known = rules.credentials.get(accessKeyId);
  if (known === undefined) throw new SignatureFault("unknown", "no such access key");
  if (!equalText(known.sessionToken, request.headers.get("x-amz-security-token") ?? "")) {
    throw new SignatureFault("token", "the session token is not that of the access key");
  }

  const key = signingKey(known.secretAccessKey, scope);
  const canonical = canonicalRequest({ ...request, signedHeaders }, scope.service);
  if (!equalText(sign(key, stringToSign(date, scope, canonical)), signature)) {
    throw new SignatureFault("mismatch", "the signature is not that of this request");
  }
  return { principal: known.principal, signature, key, date, scope: scopeText(scope) };
}

/** In time that depends on the lengths alone. */
export function equalText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Of a list of names and values in turn, as Node hands out raw headers. */
export function collectHeaders(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = (rawHeaders[index + 1] ?? "").trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly scope: SigningScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined) throw new SignatureFault("missing", "the request is not signed");
  const [, accessKeyId, day, region, service, names, signature] = AUTHORIZATION.exec(header) ?? [];
  if (!accessKeyId || !day || !region || !service || !names || !signature) {
    throw new SignatureFault("malformed", "the Authorization header is malformed");
  }
  const signedHeaders = names.split(";");
  const isSorted = signedHeaders.every(
    (name, index) => index === 0 || (signedHeaders[index - 1] ?? "") < name,
  );
  if (!isSorted) throw new SignatureFault("malformed", "SignedHeaders is not in order");
  return { accessKeyId, scope: { day, region, service }, signedHeaders, signature };
}

function checkScope(scope: SigningScope, { service, region }: SignatureRules): void {
  if (scope.service !== service || (region !== null && scope.region !== region)) {
    throw new SignatureFault("scope", "the credential's scope is another service or region");
  }
}

// A header that is not signed could be added on the way: those that change what a request means must be.
function checkHeaders(headers: ReadonlyMap<string, string>, signedHeaders: readonly string[]): void {
  const signed = new Set(signedHeaders);
  const mandatory = ["host", ...[...headers.keys()].filter((name) => name.startsWith("x-amz-"))];
  for (const name of mandatory) {
    if (!signed.has(name)) throw new SignatureFault("malformed", `the header ${name} must be signed`);
  }
  for (const name of signed) {
    if (!headers.has(name)) throw new SignatureFault("mismatch", `the signed header ${name} is not there`);
  }
}

function checkDate(date: string | undefined, scope: SigningScope, rules: SignatureRules): string {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date ?? "");
  if (date === undefined || match === null || !date.startsWith(scope.day)) {
    throw new SignatureFault("malformed", "x-amz-date is missing, malformed or not the day of the scope");
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const skew = Math.abs(Date.UTC(year, month - 1, day, hour, minute, second) - rules.nowMs);
  if (!(skew <= rules.maxSkewMs)) {
    throw new SignatureFault("skewed", "the request's time is too far from ours");
  }
  return date;
}
