// AF_VSOCK between an enclave and its parent, through the native addon. Each side takes connections only from the other,
// known by its CID: the hypervisor vouches for that number, and for nothing else about the peer.
import type { Duplex } from "node:stream";
import type { Dialer, HostPort, Intake, Listener } from "../core/wire/transport.ts";
import { DescriptorStream } from "./descriptor-stream.ts";
import type { StreamOptions } from "./descriptor-stream.ts";
import { connectChannel, listenChannel } from "./socket-channel.ts";
import type { SocketAddress, SocketChannel } from "./socket-channel.ts";

/** The parent's CID as an enclave on AWS sees it, and the ports of each service. */
export const PARENT_CID = 3;
export const VSOCK_PORTS = { enclave: 5000, gateway: 5001, tunnel: 5002 } as const;

export interface VsockAddress {
  readonly cid: number;
  readonly port: number;
}

export interface VsockSettings {
  /** The most that is handed to the kernel at once: 64 KiB, unless what carries the packets takes less. */
  readonly writeBytes?: number;
}

/** Linux gives up by itself after 2 s; this is for a kernel that was told otherwise. */
const CONNECT_MS = 10_000;

/** linux/vm_sockets.h: family, zero, port, CID, zeros; in the byte order of the machine, little-endian on both of AWS's. */
const AF_VSOCK = 40;
const SOCKADDR_BYTES = 16;
const CID_ANY = 0xffff_ffff;

/** A connection; `peer` is its other end. */
export class VsockStream extends DescriptorStream {
  readonly peer: VsockAddress;

  constructor(channel: SocketChannel, peer: VsockAddress, options: StreamOptions) {
    super(channel, options);
    this.peer = peer;
  }
}

/** Dials the services of the host. */
export function vsockDialer(parentCid: number, settings: VsockSettings = {}): Dialer {
  return {
    connect: (port, intake) => connectVsock({ cid: parentCid, port: VSOCK_PORTS[port] }, settings, intake),
  };
}

/** Accepts connections to a service, from the one peer only. */
export function vsockListener(
  service: "enclave" | HostPort,
  peerCid: number,
  settings: VsockSettings = {},
): Listener {
  const at = { cid: peerCid, port: VSOCK_PORTS[service] };
  return {
    accept: (handler) =>
      new Promise((resolve) => {
        resolve(listenVsock(at, handler, settings));
      }),
  };
}

/**
 * Errors: TRANSPORT_UNAVAILABLE; TRANSPORT_CONNECT, with `errno` (ECONNRESET: nobody listens there); TRANSPORT_TIMEOUT.
 * All but the first name `cid` and `port`.
 */
export async function connectVsock(
  to: VsockAddress,
  { writeBytes }: VsockSettings = {},
  intake?: Intake,
): Promise<VsockStream> {
  const channel = await connectChannel(socketAddress(to), CONNECT_MS);
  return new VsockStream(channel, to, { intake, writeBytes });
}

/**
 * Listens on a port for connections from one CID; others are closed at once, unread. Closing it also destroys the
 * connections that it accepted. Errors: TRANSPORT_UNAVAILABLE, TRANSPORT_CONNECT.
 */
export function listenVsock(
  { cid, port }: VsockAddress,
  handler: (stream: VsockStream) => void,
  { writeBytes }: VsockSettings = {},
): { close(): Promise<void> } {
  const open = new Set<Duplex>();
  const listening = listenChannel(socketAddress({ cid: CID_ANY, port }), (channel) => {
    const peer = peerOf(channel);
    if (peer?.cid !== cid) {
      channel.close();
      return;
    }
    const stream = new VsockStream(channel, peer, { writeBytes });
    open.add(stream);
    stream.once("close", () => open.delete(stream));
    handler(stream);
  });
  return {
    close: (): Promise<void> => {
      listening.close();
      for (const stream of open) stream.destroy();
      return Promise.resolve();
    },
  };
}

function socketAddress({ cid, port }: VsockAddress): SocketAddress {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_VSOCK, true);
  view.setUint32(4, port, true);
  view.setUint32(8, cid, true);
  return { family: AF_VSOCK, bytes, named: { cid, port } };
}

/** Null for a connection that was gone before it was looked at. */
function peerOf(channel: SocketChannel): VsockAddress | null {
  const bytes = new Uint8Array(SOCKADDR_BYTES);
  const view = new DataView(bytes.buffer);
  if (channel.peer(bytes) !== SOCKADDR_BYTES || view.getUint16(0, true) !== AF_VSOCK) return null;
  return { port: view.getUint32(4, true), cid: view.getUint32(8, true) };
}
