// The one seam between the protocol and what carries it: a unix socket on one machine, vsock in an enclave.
// Streams are Node Duplex streams; nothing above this knows which kind.
import type { Duplex } from "node:stream";

/** Opens one connection to the host. Bytes that arrive on it are hostile. Fails with TRANSPORT_CONNECT. */
export interface Dialer {
  /** A transport that can reads into `intake`, and then the stream gives no data by itself; others leave it alone. */
  connect(port: HostPort, intake?: Intake): Promise<Duplex>;
}

/** Takes the bytes of a connection in memory of its own choice. */
export interface Intake {
  /** Where the next bytes go. Asked for beforehand, and again after each arrival. */
  memory(): Uint8Array;
  /** So many bytes of that memory have come. False: read no more until the stream is resumed. */
  filled(bytes: number): boolean;
}

/** Where on the host a connection goes: ranged reads, or the byte tunnel to KMS. */
export type HostPort = "gateway" | "tunnel";

/** Accepts connections from the host, one job each. */
export interface Listener {
  accept(handler: (stream: Duplex) => void): Promise<{ close(): Promise<void> }>;
}
