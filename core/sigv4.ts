// AWS Signature Version 4 in the Authorization header: the enclave signs its KMS requests with it, and the
// stand-ins in local/ check what the AWS SDK sends. Pure: the time is the caller's. Leaves out presigned
// URLs, SigV4A, and the chunk signatures of streamed uploads.
import { createHash, createHmac } from "node:crypto";

import { SealroomError } from "./errors.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const EMPTY_PAYLOAD_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where a signature is good: `day` is UTC, YYYYMMDD. */
export interface SigningScope {
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

/** Names and values, not percent-encoded. A name may stand there twice. */
export type Query = readonly (readonly [string, string])[];

/** `path` is percent-encoded, as on the request line; header names are lower-case. */
export interface CanonicalRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly headers: ReadonlyMap<string, string>;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

interface RequestParts {
  readonly method: string;
  readonly host: string;
  /** Percent-encoded, as it will stand on the request line. */
  readonly path: string;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  readonly region: string;
  readonly service: string;
  readonly credentials: AwsCredentials;
  readonly timeMs: number;
}

/** With the bytes sent, or what stands for their hash (hex SHA-256, or one of S3's words like UNSIGNED-PAYLOAD). */
export type RequestToSign = RequestParts & ({ readonly body: Uint8Array } | { readonly payloadHash: string });

/**
 * All headers to send, names in lower case, `authorization` among them.
 * @throws SIGV4_REQUEST if a part of the request is malformed (a line break in a header, a bad percent escape).
 */
export function signRequest(request: RequestToSign): Record<string, string> {
  const { credentials, region, service } = request;
  const date = amzDate(request.timeMs);
  const scope = { day: date.slice(0, 8), region, service };
  const payloadHash = "body" in request ? sha256Hex(request.body) : request.payloadHash;

  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) setHeader(headers, name, value);
  setHeader(headers, "host", request.host);
  setHeader(headers, "x-amz-date", date);
  if (credentials.sessionToken !== undefined) {
    setHeader(headers, "x-amz-security-token", credentials.sessionToken);
  }
  // S3 alone demands the payload's hash as a header too; the others compute it from the body.
  if (service === "s3") setHeader(headers, "x-amz-content-sha256", payloadHash);

  const signedHeaders = [...headers.keys()].sort();
  const { method, path, query } = request;
  const canonical = canonicalRequest({ method, path, query, headers, signedHeaders, payloadHash }, service);
  const signature = sign(
    signingKey(credentials.secretAccessKey, scope),
    stringToSign(date, scope, canonical),
  );
  setHeader(
    headers,
    "authorization",
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scope)}, ` +
      `SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`,
  );
  return Object.fromEntries(headers);
}

/** The text whose hash is signed. @throws SIGV4_REQUEST */
export function canonicalRequest(request: CanonicalRequest, service: string): string {
  const lines = [
    request.method,
    service === "s3" ? reencode(request.path) : normalizedPath(request.path),
    canonicalQuery(request.query),
  ];
  for (const name of request.signedHeaders) {
    const value = request.headers.get(name);
    if (value === undefined) throw new SealroomError("SIGV4_REQUEST", { header: name });
    lines.push(`${name}:${value.trim().replace(/ +/g, " ")}`);
  }
  lines.push("", request.signedHeaders.join(";"), request.payloadHash);
  return lines.join("\n");
}

/** `date` is the x-amz-date of the request. */
export function stringToSign(date: string, scope: SigningScope, canonical: string): string {
  return [ALGORITHM, date, scopeText(scope), sha256Hex(canonical)].join("\n");
}

export function scopeText(scope: SigningScope): string {
  return `${scope.day}/${scope.region}/${scope.service}/aws4_request`;
}

export function signingKey(secretAccessKey: string, scope: SigningScope): Uint8Array {
  const steps = [scope.day, scope.region, scope.service, "aws4_request"];
  return steps.reduce<Uint8Array>(
    (key, step) => createHmac("sha256", key).update(step).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

/** Hex. */
export function sign(key: Uint8Array, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The query of a request line, without the question mark. @throws SIGV4_REQUEST for a bad percent escape. */
export function decodeQuery(text: string): Query {
  if (text === "") return [];
  return text.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 0) return [decode(pair), ""];
    return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
}

/** UTC as `YYYYMMDDTHHMMSSZ`. @throws SIGV4_REQUEST outside the years 1970 to 9999. */
export function amzDate(timeMs: number): string {
  if (!(timeMs >= 0 && timeMs < 253_402_300_800_000)) {
    throw new SealroomError("SIGV4_REQUEST", { field: "time" });
  }
  return new Date(timeMs).toISOString().replace(/\.\d+|[-:]/g, "");
}

// A line break in a value would let whoever chose it write further headers, signed by us.
function setHeader(headers: Map<string, string>, name: string, value: string): void {
  const lower = name.toLowerCase();
  const malformed = !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower) || /[\r\n\0]/.test(value);
  if (malformed || headers.has(lower)) throw new SealroomError("SIGV4_REQUEST", { header: lower });
  headers.set(lower, value);
}

// S3 signs the path as it is, encoded once; only the choice of escapes is made uniform.
function reencode(path: string): string {
  return path
    .split("/")
    .map((segment) => encode(decode(segment)))
    .join("/");
}

// The other services resolve dots and empty segments and encode what stands on the wire a second time.
function normalizedPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(encode(segment));
  }
  const trailing = kept.length > 0 && /\/\.{0,2}$/.test(path) ? "/" : "";
  return `/${kept.join("/")}${trailing}`;
}

function canonicalQuery(query: Query): string {
  const pairs = query.map(([name, value]) => [encode(name), encode(value)] as const);
  // By code point of the encoded text, which is ASCII: names first, then values.
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

// RFC 3986 §2.3: everything but the unreserved characters is escaped, in upper-case hex.
function encode(text: string): string {
  try {
    return encodeURIComponent(text).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  } catch (cause) {
    throw new SealroomError("SIGV4_REQUEST", { field: "encoding" }, { cause });
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new SealroomError("SIGV4_REQUEST", { field: "encoding" }, { cause });
  }
}
