// The host's end of the KMS tunnel for one test: a unix socket whose connections the test answers as it likes.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import type { TLSSocketOptions } from "node:tls";
import { ByteStream } from "../../core/wire/byte-stream.ts";
import type { Dialer } from "../../core/wire/transport.ts";
import { readTunnelRequest, writeTunnelOpen } from "../../core/wire/tunnel.ts";
import type { TunnelRequest } from "../../core/wire/tunnel.ts";
import { openAuthority } from "../../local/authority.ts";
import type { Authority } from "../../local/authority.ts";
import { unixDialer, unixListener } from "../../transport/unix.ts";

/** A dialer whose tunnels end in `serve`. */
export async function tunnelTo(t: TestContext, serve: (connection: Duplex) => void): Promise<Dialer> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-tunnel-"));
  const open = new Set<Duplex>();
  const listening = await unixListener(directory, "tunnel").accept((connection) => {
    open.add(connection);
    connection.on("error", () => undefined);
    serve(connection);
  });
  t.after(async () => {
    for (const connection of open) connection.destroy();
    await listening.close();
    await rm(directory, { recursive: true });
  });
  return unixDialer(directory);
}

/** Answers the request for a tunnel; what follows on the connection, which is paused, is the test's. */
export async function accept(
  connection: Duplex,
  onRequest: (request: TunnelRequest) => void = () => undefined,
): Promise<Duplex> {
  const stream = new ByteStream(connection, 60_000);
  onRequest(await readTunnelRequest(stream));
  return writeTunnelOpen(stream);
}

/** Ends TLS in the tunnel; what is inside is the test's. */
export async function secure(connection: Duplex, options: TLSSocketOptions): Promise<TLSSocket> {
  const socket = new TLSSocket(await accept(connection), { isServer: true, ...options });
  socket.on("error", () => undefined);
  return socket;
}

export async function secureHttp(
  connection: Duplex,
  options: TLSSocketOptions,
  listener: RequestListener,
): Promise<void> {
  createServer(listener).emit("connection", await secure(connection, options));
}

/** A CA made for one test. */
export async function makeAuthority(t: TestContext): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), "sealroom-ca-"));
  t.after(() => rm(directory, { recursive: true }));
  return openAuthority(directory, Date.now());
}

export function serverOptions(
  authority: Authority,
  name: string,
  atMs: number = Date.now(),
): { cert: string; key: string } {
  const { certificate, privateKey } = authority.issueServer([name], atMs);
  return { cert: certificate, key: privateKey };
}
