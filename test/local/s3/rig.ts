// A local S3 with the unmodified AWS client.
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";

import { EMPTY_PAYLOAD_HASH, sha256Hex, signRequest } from "../../../core/sigv4.ts";
import type { Query } from "../../../core/sigv4.ts";
import { credentialTable, openCredentials } from "../../../local/credentials.ts";
import type { LocalCredentials, NamedCredentials } from "../../../local/credentials.ts";
import { startLocalS3 } from "../../../local/s3/server.ts";
import type { LocalS3 } from "../../../local/s3/server.ts";
import type { Cleanup } from "../kms/rig.ts";

export const REGION = "eu-central-1";
export const BUCKET = "bucket";

export interface S3Rig {
  readonly directory: string;
  readonly s3: LocalS3;
  readonly credentials: NamedCredentials;
  readonly time: { nowMs: number };
  /** The owner's, unless told otherwise. */
  client(change?: Partial<S3ClientConfig>): S3Client;
  send(request: RawRequest): Promise<RawAnswer>;
}

export async function startS3Rig(cleanup: Cleanup, directoryOfBefore?: string): Promise<S3Rig> {
  const directory = directoryOfBefore ?? (await mkdtemp(join(tmpdir(), "sealroom-test-")));
  if (directoryOfBefore === undefined) cleanup.after(() => rm(directory, { recursive: true, force: true }));
  const time = { nowMs: Date.now() };
  const credentials = await openCredentials(directory);
  const s3 = await startLocalS3({
    directory: join(directory, "s3"),
    credentials: credentialTable(Object.values(credentials)),
    clock: () => time.nowMs,
  });
  s3.ensureBucket(BUCKET);
  cleanup.after(() => s3.close());
  return {
    directory,
    s3,
    credentials,
    time,
    client: (change = {}) => {
      const client = new S3Client({
        endpoint: s3.endpoint,
        region: REGION,
        forcePathStyle: true,
        credentials: { ...credentials.owner },
        maxAttempts: 1,
        ...change,
      });
      cleanup.after(() => {
        client.destroy();
      });
      return client;
    },
    send: (request) => sendRaw(s3, credentials.owner, time.nowMs, request),
  };
}

/** For assert.rejects: whether S3 refused with this error and, if it matters, this status. */
export function refusal(name: string, status?: number): (error: unknown) => boolean {
  return (error) =>
    error instanceof S3ServiceException &&
    error.name === name &&
    (status === undefined || error.$metadata.httpStatusCode === status);
}

export interface RawRequest {
  readonly method?: string;
  /** Percent-encoded. */
  readonly path?: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Instead of the body's own hash. */
  readonly payloadHash?: string;
  /** What is sent instead of what was signed. */
  readonly tamper?: (sent: { headers: Record<string, string>; path: string; body: Uint8Array }) => void;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of an error. */
  readonly code: string;
}

function sendRaw(
  s3: LocalS3,
  credentials: LocalCredentials,
  timeMs: number,
  request: RawRequest,
): Promise<RawAnswer> {
  const { method = "GET", path = `/${BUCKET}/key`, query = [], body = new Uint8Array() } = request;
  const headers = signRequest({
    method,
    host: `127.0.0.1:${s3.port}`,
    path,
    query,
    headers: { ...(body.length === 0 ? {} : { "content-length": String(body.length) }), ...request.headers },
    payloadHash: request.payloadHash ?? (body.length === 0 ? EMPTY_PAYLOAD_HASH : sha256Hex(body)),
    region: REGION,
    service: "s3",
    credentials,
    timeMs,
  });
  const queryText = query
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");
  const sent = { headers, path: queryText === "" ? path : `${path}?${queryText}`, body };
  request.tamper?.(sent);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: "127.0.0.1", port: s3.port, agent: false, method, path: sent.path, headers: sent.headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks);
          const code = /<Code>([A-Za-z0-9]+)<\/Code>/.exec(answer.toString("latin1"))?.[1] ?? "";
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer, code });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(sent.body);
  });
}
