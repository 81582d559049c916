// The byte tunnel: the enclave names an endpoint, the host dials it if its allow-list has it, then bytes pass
// both ways unchanged. TLS ends inside the enclave, so the host sees only ciphertext.
import type { Duplex } from "node:stream";
import type { ByteStream } from "./byte-stream.ts";
import { checkMembers, integerField, stringField } from "./field.ts";
import { readMessage, writeMessage } from "./message.ts";

export interface TunnelRequest {
  readonly host: string;
  readonly port: number;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** The enclave's side: a stream to the endpoint, or TRANSPORT_CLOSED when the host refuses. */
export async function openTunnel(stream: ByteStream, request: TunnelRequest): Promise<Duplex> {
  await writeMessage(stream, { type: "connect", host: request.host, port: request.port });
  const { fields } = await readMessage(stream);
  checkMembers(fields, ["type"]);
  stringField(fields, "type", /^connected$/);
  return stream.release();
}

/** The host's side. Errors: WIRE_*. */
export async function readTunnelRequest(stream: ByteStream): Promise<TunnelRequest> {
  const { fields } = await readMessage(stream);
  checkMembers(fields, ["type", "host", "port"]);
  stringField(fields, "type", /^connect$/);
  return { host: stringField(fields, "host", HOST_NAME), port: integerField(fields, "port", 65_535) };
}

export async function writeTunnelOpen(stream: ByteStream): Promise<Duplex> {
  await writeMessage(stream, { type: "connected" });
  return stream.release();
}
