// Plays the endpoint of KMS at the host's end of a tunnel: ends TLS with a certificate of the test's choice, sees what
// the enclave asks, and answers with what the real local KMS said, or with anything else.
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import { readTunnelRequest, writeTunnelOpen } from "../../core/wire/tunnel.ts";
import { openAuthority } from "../../local/authority.ts";
import type { ServerIdentity } from "../../local/authority.ts";
import type { Recording } from "./recording.ts";
import type { World } from "./world.ts";

export type KmsFields = Readonly<Record<string, unknown>>;

export interface EndpointCall {
  readonly asked: KmsFields;
  /** What the real KMS answers to the very same request. */
  readonly relay: () => Promise<KmsFields>;
}

export type EndpointScript = (call: EndpointCall) => Promise<KmsFields>;

/** An identity for KMS's name, from the authority kept in `directory`; made there if it is not. */
export async function endpointIdentity(world: World, directory: string): Promise<ServerIdentity> {
  const authority = await openAuthority(directory, Date.now());
  return authority.issueServer([world.services.endpoints.kmsHost], Date.now());
}

/** A tunnel for Hostility. What was inside TLS is recorded as "kms". */
export async function playEndpoint(
  world: World,
  identity: ServerIdentity,
  script: EndpointScript,
): Promise<(connection: Duplex, recording: Recording) => void> {
  const { kms, kmsAuthority, kmsHost } = world.services.endpoints;
  const ca = await readFile(kmsAuthority, "utf8");
  const server = createServer((request, response) => {
    void (async (): Promise<void> => {
      const body = await readBody(request);
      const relay = (): Promise<KmsFields> =>
        forward({ ca, port: Number(new URL(kms).port), host: kmsHost }, request, body);
      const answer = await script({ asked: parseFields(body), relay });
      const status = "__type" in answer ? 400 : 200;
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(answer));
    })();
  });
  return (connection, recording) => {
    void (async (): Promise<void> => {
      const stream = new ByteStream(connection, 60_000);
      await readTunnelRequest(stream);
      const tunnel = await writeTunnelOpen(stream);
      const { certificate: cert, privateKey: key } = identity;
      const secure = new TLSSocket(tunnel, { isServer: true, cert, key });
      secure.on("error", () => undefined);
      server.emit("connection", secure);
      recording.of("kms", secure);
      secure.resume();
    })();
  };
}

interface RealKms {
  readonly ca: string;
  readonly port: number;
  readonly host: string;
}

async function forward(
  { ca, port, host }: RealKms,
  request: IncomingMessage,
  body: Buffer,
): Promise<KmsFields> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        host: "127.0.0.1",
        port,
        servername: host,
        ca,
        method: "POST",
        path: "/",
        headers: request.headers,
        agent: false,
      },
      resolve,
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
  return parseFields(await readBody(answer));
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseFields(body: Buffer): KmsFields {
  return JSON.parse(body.toString("utf8")) as KmsFields;
}
