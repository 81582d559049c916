// One HTTPS request whose TLS ends here, over a byte tunnel that the host dials. The host can cut it, not read or
// change it: the endpoint's certificate must chain to the roots given and name the endpoint (DESIGN 1.1).
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
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

/** POST /. Errors: TRANSPORT_*, KMS_TLS (the handshake failed), KMS_ANSWER (too long, cut off, too late). */
export async function postHttps(
  dialer: Dialer,
  roots: readonly string[],
  request: HttpsRequest,
): Promise<HttpsAnswer> {
  const socket = await connectTls(dialer, roots, request.host);
  try {
    return await exchange(socket, request);
  } finally {
    socket.destroy();
  }
}

async function connectTls(dialer: Dialer, roots: readonly string[], host: string): Promise<TLSSocket> {
  const tunnel = await openTunnel(new ByteStream(await dialer.connect("tunnel"), TIMEOUT_MS), {
    host,
    port: HTTPS_PORT,
  });
  return new Promise<TLSSocket>((resolve, reject) => {
    const socket = tlsConnect({
      socket: tunnel,
      servername: host,
      ca: [...roots],
      minVersion: "TLSv1.2",
      // Said aloud: an environment variable could turn Node's default off.
      rejectUnauthorized: true,
    });
    const timer = setTimeout(() => {
      socket.destroy(new Error("handshake timed out"));
    }, TIMEOUT_MS);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once("error", (cause) => {
      clearTimeout(timer);
      tunnel.destroy();
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
