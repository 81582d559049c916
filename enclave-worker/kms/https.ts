// One HTTPS request whose TLS ends here, over a byte tunnel that the host dials. The host can cut it, not read or
// change it: the endpoint's certificate must chain to the roots given and name the endpoint (DESIGN 1.1).
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { SealroomError } from "../../core/errors.ts";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import type { Dialer } from "../../core/wire/transport.ts";
import { openTunnel } from "../../core/wire/tunnel.ts";

const MAX_ANSWER_BYTES = 64 * 1024;
const TIMEOUT_MS = 20_000;
const HTTPS_PORT = 443;

export interface HttpsRequest {
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * POST /. `abandoned` ends it at once, with any of these. Errors: TRANSPORT_*, KMS_TLS (the handshake failed),
 * KMS_ANSWER (too long, cut off, too late).
 */
export async function postHttps(
  dialer: Dialer,
  roots: readonly string[],
  request: HttpsRequest,
  abandoned: AbortSignal,
): Promise<HttpsAnswer> {
  const connection = await dialer.connect("tunnel");
  const tunnel = await until(abandoned, connection, () => connectTunnel(connection, request.host));
  const socket = connectTls(tunnel, roots, request.host);
  try {
    return await until(abandoned, socket, async () => {
      await handshake(socket, request.host);
      return exchange(socket, request);
    });
  } finally {
    socket.destroy();
    tunnel.destroy();
  }
}

/** Destroys the stream, at which the work fails, when nobody waits for the answer any more. */
async function until<Value>(
  abandoned: AbortSignal,
  stream: Duplex,
  work: () => Promise<Value>,
): Promise<Value> {
  const stop = (): void => {
    stream.destroy(new Error("nobody waits for the answer"));
  };
  abandoned.addEventListener("abort", stop);
  try {
    const done = work();
    if (abandoned.aborted) stop();
    return await done;
  } finally {
    abandoned.removeEventListener("abort", stop);
  }
}

async function connectTunnel(connection: Duplex, host: string): Promise<Duplex> {
  return openTunnel(new ByteStream(connection, TIMEOUT_MS), { host, port: HTTPS_PORT });
}

function connectTls(tunnel: Duplex, roots: readonly string[], host: string): TLSSocket {
  return tlsConnect({
    socket: tunnel,
    servername: host,
    ca: [...roots],
    minVersion: "TLSv1.2",
    // Said aloud: an environment variable could turn Node's default off.
    rejectUnauthorized: true,
  });
}

async function handshake(socket: TLSSocket, host: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error("handshake timed out"));
    }, TIMEOUT_MS);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once("error", (cause) => {
      clearTimeout(timer);
      reject(new SealroomError("KMS_TLS", { host }, { cause }));
    });
  });
}

async function exchange(socket: TLSSocket, { host, headers, body }: HttpsRequest): Promise<HttpsAnswer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest({
      method: "POST",
      path: "/",
      headers: { ...headers, host, "content-length": body.length, connection: "close" },
      createConnection: () => socket,
      timeout: TIMEOUT_MS,
    });
    outgoing.once("response", resolve);
    outgoing.once("timeout", () => {
      outgoing.destroy(new Error("no answer in time"));
    });
    outgoing.once("error", (cause) => {
      reject(new SealroomError("KMS_ANSWER", {}, { cause }));
    });
    outgoing.end(body);
  });
  return { status: answer.statusCode ?? 0, body: await readAll(answer) };
}

async function readAll(answer: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) throw new SealroomError("KMS_ANSWER");
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new SealroomError("KMS_ANSWER", {}, { cause });
  }
  return new Uint8Array(Buffer.concat(chunks));
}
