// The one seam between the protocol and what carries it: a unix socket on one machine, vsock in an enclave.
// Streams are Node Duplex streams; nothing above this knows which kind.
import type { Duplex } from "node:stream";

/** Opens one connection to the host. Bytes that arrive on it are hostile. Fails with TRANSPORT_CONNECT. */
export interface Dialer {
  connect(port: HostPort): Promise<Duplex>;
}

/** Where on the host a connection goes: ranged reads, or the byte tunnel to KMS. */
export type HostPort = "gateway" | "tunnel";

/** Accepts connections from the host, one job each. */
export interface Listener {
  accept(handler: (stream: Duplex) => void): Promise<{ close(): Promise<void> }>;
}
