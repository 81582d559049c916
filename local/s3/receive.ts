// Takes in the body of a request: decodes it, hands its bytes on with backpressure, and checks everything that was
// said of it. The bytes go to the sink before the checks at the end, so a sink keeps nothing unless this returns.
import { createHash } from "node:crypto";

import { AwsError, invalidArgument } from "../aws-error.ts";
import { equalText } from "../signature.ts";
import type { PayloadForm, S3Call } from "./call.ts";
import { HEADER_PREFIX, newHasher, parseAlgorithm, type Algorithm, type Checksum } from "./checksum.ts";
import { ChunkedDecoder, incomplete } from "./chunked.ts";

/** S3's limit for one request. */
export const MAX_PUT_BYTES: number = 5 * 1024 ** 3;
const MAX_XML_BYTES = 2 * 1024 * 1024;

export interface ReceivedBody {
  readonly bytes: number;
  /** Hex. */
  readonly md5: string;
  /** What the client sent and the body matched. */
  readonly checksum: Checksum | null;
}

/** @throws AwsError InvalidArgument for a form that S3 does not have */
export function parsePayloadForm(header: string | undefined): PayloadForm {
  if (header === undefined) throw invalidArgument("x-amz-content-sha256 is missing");
  if (/^[0-9a-f]{64}$/.test(header)) return { kind: "hash", sha256: header };
  switch (header) {
    case "UNSIGNED-PAYLOAD":
      return { kind: "unsigned" };
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
      return { kind: "chunked", isSigned: false, hasTrailer: true };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
      return { kind: "chunked", isSigned: true, hasTrailer: false };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
      return { kind: "chunked", isSigned: true, hasTrailer: true };
    default:
      throw invalidArgument("x-amz-content-sha256 is neither a hash nor a form that is known");
  }
}

/** @throws AwsError; see the checks at the end */
export async function receiveBody(
  call: S3Call,
  maxBytes: number,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<ReceivedBody> {
  const { payload, signature, request } = call;
  const length = declaredLength(call, maxBytes);
  const expected = findExpectedChecksum(call);
  const hasher = expected === null ? null : newHasher(expected.algorithm);
  const sha256 = payload.kind === "hash" ? createHash("sha256") : null;
  const md5 = createHash("md5");
  const decoder =
    payload.kind === "chunked"
      ? new ChunkedDecoder({ seed: payload.isSigned ? signature : null, hasTrailer: payload.hasTrailer })
      : null;

  call.acceptBody();
  let bytes = 0;
  // Were the iterator to destroy the request on a refusal, the connection would go with it, and the answer too.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    for (const data of decoder?.decode(chunk) ?? [chunk]) {
      bytes += data.length;
      if (bytes > length) throw incomplete();
      sha256?.update(data);
      md5.update(data);
      hasher?.update(data);
      await sink(data);
    }
  }

  const trailers = decoder?.finish() ?? new Map<string, string>();
  if (bytes !== length) throw incomplete();
  if (payload.kind === "hash" && sha256?.digest("hex") !== payload.sha256) {
    throw new AwsError(
      "XAmzContentSHA256Mismatch",
      400,
      "The provided 'x-amz-content-sha256' is not that of the body.",
    );
  }
  const digest = md5.digest();
  checkContentMd5(call.headers.get("content-md5"), digest);
  const checksum = checkChecksum(expected, trailers, hasher?.digest().toString("base64") ?? "");
  return { bytes, md5: digest.toString("hex"), checksum };
}

/** A small body, whole. @throws AwsError */
export async function receiveXml(call: S3Call): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await receiveBody(call, MAX_XML_BYTES, (bytes) => Promise.resolve(void chunks.push(bytes)));
  return Buffer.concat(chunks);
}

/** For requests that have none. @throws AwsError */
export async function receiveNothing(call: S3Call): Promise<void> {
  await receiveBody(call, 0, () => Promise.resolve());
}

function declaredLength({ headers, payload }: S3Call, maxBytes: number): number {
  const name = payload.kind === "chunked" ? "x-amz-decoded-content-length" : "content-length";
  const text =
    headers.get(name) ?? (headers.has("transfer-encoding") || payload.kind === "chunked" ? "" : "0");
  if (!/^\d{1,15}$/.test(text)) {
    throw new AwsError("MissingContentLength", 411, "You must provide the length of the body.");
  }
  if (Number(text) > maxBytes) {
    throw new AwsError("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size");
  }
  return Number(text);
}

interface ExpectedChecksum {
  readonly algorithm: Algorithm;
  /** Null where it comes in a trailer. */
  readonly value: string | null;
}

function findExpectedChecksum({ headers, payload }: S3Call): ExpectedChecksum | null {
  const inHeaders = [...headers].filter(([name]) => isChecksumHeader(name));
  const trailer = headers.get("x-amz-trailer");
  const mayHaveTrailer = payload.kind === "chunked" && payload.hasTrailer;
  if (inHeaders.length + (trailer === undefined ? 0 : 1) > 1 || (trailer !== undefined && !mayHaveTrailer)) {
    throw new AwsError("InvalidRequest", 400, "Expecting a single x-amz-checksum- header");
  }
  const [sent] = inHeaders;
  if (sent !== undefined) {
    return { algorithm: parseAlgorithm(sent[0].slice(HEADER_PREFIX.length)), value: sent[1] };
  }
  if (trailer === undefined) return null;
  if (!isChecksumHeader(trailer.toLowerCase())) {
    throw new AwsError("InvalidRequest", 400, "x-amz-trailer names something that is no checksum");
  }
  return { algorithm: parseAlgorithm(trailer.slice(HEADER_PREFIX.length)), value: null };
}

function isChecksumHeader(name: string): boolean {
  return name.startsWith(HEADER_PREFIX) && !/-(?:mode|type|algorithm)$/.test(name);
}

function checkChecksum(
  expected: ExpectedChecksum | null,
  trailers: ReadonlyMap<string, string>,
  actual: string,
): Checksum | null {
  const name = expected === null ? null : `${HEADER_PREFIX}${expected.algorithm.toLowerCase()}`;
  const known = expected?.value === null ? 1 : 0;
  if (trailers.size !== known || (known === 1 && !trailers.has(name ?? ""))) {
    throw new AwsError("MalformedTrailerError", 400, "The trailer is not the one that x-amz-trailer names.");
  }
  if (expected === null) return null;
  const value = expected.value ?? trailers.get(name ?? "") ?? "";
  if (!equalText(value, actual)) {
    throw new AwsError(
      "BadDigest",
      400,
      `The ${expected.algorithm} you specified did not match the calculated checksum.`,
    );
  }
  return { algorithm: expected.algorithm, value, type: "FULL_OBJECT" };
}

function checkContentMd5(header: string | undefined, digest: Buffer): void {
  if (header === undefined) return;
  const claimed = Buffer.from(header, "base64");
  if (claimed.length !== 16 || claimed.toString("base64") !== header) {
    throw new AwsError("InvalidDigest", 400, "The Content-MD5 you specified is not valid.");
  }
  if (!claimed.equals(digest)) {
    throw new AwsError("BadDigest", 400, "The Content-MD5 you specified did not match what we received.");
  }
}
