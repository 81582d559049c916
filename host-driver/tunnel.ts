// The KMS tunnel: dials an endpoint for the enclave if the allow-list has it, and passes bytes both ways. TLS ends
// in the enclave, so this end sees ciphertext; the list keeps a faulty enclave from reaching anything else.
import { connect } from "node:net";
import { pipeline } from "node:stream";
import type { Duplex } from "node:stream";
import { SealroomError } from "../core/errors.ts";
import { ByteStream } from "../core/wire/byte-stream.ts";
import { readTunnelRequest, writeTunnelOpen } from "../core/wire/tunnel.ts";

const IDLE_MS = 30_000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** From `host:port` as the enclave names it to where it is dialled; the same unless the endpoint is a stand-in. */
export type AllowList = ReadonlyMap<string, Endpoint>;

const KMS_HOST = /^kms\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?$/;

/** The real endpoints of KMS in the regions of the job's keys. Errors: TUNNEL_REFUSED for a name that is not one. */
export function kmsAllowList(hosts: readonly string[]): AllowList {
  return new Map(
    hosts.map((host) => {
      if (!KMS_HOST.test(host)) throw new SealroomError("TUNNEL_REFUSED", { host });
      return [`${host}:443`, { host, port: 443 }];
    }),
  );
}

export async function serveTunnel(
  connection: Duplex,
  allowed: AllowList,
  onError: (error: unknown) => void,
): Promise<void> {
  const stream = new ByteStream(connection, IDLE_MS);
  let remote: Duplex | undefined;
  try {
    const { host, port } = await readTunnelRequest(stream);
    const endpoint = allowed.get(`${host}:${port}`);
    if (endpoint === undefined) throw new SealroomError("TUNNEL_REFUSED", { host, port });
    const dialled = await dial(endpoint);
    remote = dialled;
    const local = await writeTunnelOpen(stream);
    pipeline(local, dialled, local, () => {
      local.destroy();
      dialled.destroy();
    });
  } catch (error) {
    stream.destroy();
    remote?.destroy();
    onError(error);
  }
}

async function dial({ host, port }: Endpoint): Promise<Duplex> {
  const socket = connect({ host, port });
  return new Promise<Duplex>((resolve, reject) => {
    socket.once("connect", () => {
      resolve(socket);
    });
    socket.once("error", (cause) => {
      reject(new SealroomError("TUNNEL_DIAL", { host, port }, { cause }));
    });
  });
}
