// The local S3: an HTTP server that the unmodified AWS SDK talks to by path-style addresses. Disk-backed; signatures,
// checksums and conditions are checked, versions are kept. Leaves out ACLs, encryption, presigned URLs and virtual hosts.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { SealroomError } from "../../core/errors.ts";
import { decodeQuery } from "../../core/sigv4.ts";
import { AwsError, invalidArgument } from "../aws-error.ts";
import type { CredentialTable } from "../credentials.ts";
import { collectHeaders, SignatureFault, verifySignature, type SignatureReason } from "../signature.ts";
import { checkAllowed, type S3Answer, type S3Call } from "./call.ts";
import { parsePayloadForm } from "./receive.ts";
import { findOperation, parseTarget } from "./route.ts";
import { sendRange } from "./send.ts";
import { Store } from "./store.ts";
import { encodeXml } from "./xml.ts";

const MAX_SKEW_MS = 15 * 60_000;
const KEEP_ALIVE_MS = 65_000;

export interface LocalS3Options {
  /** Where the buckets are kept. The caller holds the lock of the state. */
  readonly directory: string;
  readonly credentials: CredentialTable;
  /** 0, the default, takes a free one. Only this machine can connect. */
  readonly port?: number;
  readonly clock?: () => number;
}

export interface LocalS3 {
  /** `http://127.0.0.1:port`; the SDK needs `forcePathStyle: true`, and may name any region. */
  readonly endpoint: string;
  readonly port: number;
  /** Makes a bucket without a request; one that is there already is left as it is. */
  ensureBucket(name: string): void;
  close(): Promise<void>;
}

/** @throws SealroomError LOCAL_STATE if a stored object is damaged */
export async function startLocalS3(options: LocalS3Options): Promise<LocalS3> {
  const clock = options.clock ?? Date.now;
  const store = new Store(join(options.directory, "buckets"));
  const service = { store, credentials: options.credentials, clock };
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void handle(request, response, service);
  });
  // A client that asks before it sends a body is told what is wrong without sending it.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    void handle(request, response, service);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    ensureBucket: (name) => {
      if (store.sorted.every((bucket) => bucket.name !== name)) store.create(name, clock());
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface Service {
  readonly store: Store;
  readonly credentials: CredentialTable;
  readonly clock: () => number;
}

async function handle(request: IncomingMessage, response: ServerResponse, service: Service): Promise<void> {
  const requestId = randomUUID();
  response.setHeader("x-amz-request-id", requestId);
  try {
    await respond(response, request.method ?? "", await answer(request, response, service));
  } catch (error) {
    refuse(request, response, error, requestId);
  }
}

/** The order of checks: addresses, operation, signature, permission; the rest is the operation's. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Service,
): Promise<S3Answer> {
  const { store, credentials, clock } = service;
  const nowMs = clock();
  const method = request.method ?? "";
  const [path = "", queryText = ""] = splitUrl(request.url ?? "");
  const headers = collectHeaders(request.rawHeaders);
  const { pairs, query } = parseQuery(queryText);
  const target = parseTarget(path);
  const payloadHash = headers.get("x-amz-content-sha256") ?? "";
  const signature = verifyCaller(
    { method, path, query: pairs, headers, payloadHash },
    { credentials, nowMs },
  );
  const operation = findOperation(method, target, query, headers);
  checkAllowed({ signature }, operation.action);
  const call: S3Call = {
    store,
    request,
    headers,
    query,
    ...target,
    signature,
    payload: parsePayloadForm(headers.get("x-amz-content-sha256")),
    nowMs,
    acceptBody: () => {
      if (expectsContinue(request)) response.writeContinue();
    },
  };
  return operation.run(call);
}

function splitUrl(url: string): readonly string[] {
  const mark = url.indexOf("?");
  return mark < 0 ? [url] : [url.slice(0, mark), url.slice(mark + 1)];
}

function parseQuery(text: string): {
  readonly pairs: readonly (readonly [string, string])[];
  readonly query: ReadonlyMap<string, string>;
} {
  try {
    const pairs = decodeQuery(text);
    const query = new Map(pairs);
    if (query.size !== pairs.length) throw invalidArgument("a query parameter stands there twice");
    return { pairs, query };
  } catch (error) {
    if (error instanceof SealroomError) {
      throw new AwsError("InvalidURI", 400, "Couldn't parse the specified URI.");
    }
    throw error;
  }
}

// S3's words for what is wrong with a signature.
const SIGNATURE_ERRORS: Readonly<Record<SignatureReason, readonly [code: string, status: number]>> = {
  missing: ["AccessDenied", 403],
  malformed: ["AuthorizationHeaderMalformed", 400],
  unknown: ["InvalidAccessKeyId", 403],
  token: ["InvalidToken", 400],
  skewed: ["RequestTimeTooSkewed", 403],
  scope: ["AuthorizationHeaderMalformed", 400],
  mismatch: ["SignatureDoesNotMatch", 403],
};

function verifyCaller(
  request: Parameters<typeof verifySignature>[0],
  { credentials, nowMs }: { readonly credentials: CredentialTable; readonly nowMs: number },
): ReturnType<typeof verifySignature> {
  try {
    return verifySignature(request, {
      credentials,
      service: "s3",
      region: null,
      nowMs,
      maxSkewMs: MAX_SKEW_MS,
    });
  } catch (error) {
    if (error instanceof SignatureFault) throw new AwsError(...SIGNATURE_ERRORS[error.reason], error.message);
    throw error;
  }
}

async function respond(
  response: ServerResponse,
  method: string,
  { status, headers, xml, object }: S3Answer,
): Promise<void> {
  if (object !== undefined) {
    await sendRange(response, status, headers ?? {}, object);
    return;
  }
  const body = xml === undefined ? null : Buffer.from(xml);
  // HEAD brings the length of what GET would send, in its own headers.
  const length =
    method === "HEAD" || status === 204 || status === 304 ? {} : { "content-length": body?.length ?? 0 };
  const type = body === null ? {} : { "content-type": "application/xml" };
  response.writeHead(status, { ...length, ...type, ...headers });
  response.end(body);
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const refusal = error instanceof AwsError ? error : internalError(error);
  // The client still holds a body back: what it sends next on this connection would be read as that body.
  const close = expectsContinue(request) ? { connection: "close" } : {};
  const fields = { Code: refusal.code, Message: refusal.message, RequestId: requestId };
  const body = request.method === "HEAD" ? null : Buffer.from(encodeXml("Error", fields));
  response.writeHead(refusal.status, {
    "content-type": "application/xml",
    ...(body === null ? {} : { "content-length": body.length }),
    ...close,
    ...refusal.headers,
  });
  response.end(body);
}

function internalError(error: unknown): AwsError {
  // What is wrong on this side is none of the caller's business, but must not pass unseen.
  console.error(`local S3: ${error instanceof SealroomError ? error.code : "INTERNAL"}`, error);
  return new AwsError("InternalError", 500, "We encountered an internal error.");
}

function expectsContinue({ headers }: IncomingMessage): boolean {
  return headers.expect?.toLowerCase() === "100-continue";
}
