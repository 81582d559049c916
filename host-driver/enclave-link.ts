// From an enclave's address to the ways to it and from it: how the host dials the enclave, and where it listens for
// what the enclave dials.
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { HostPort, Listener } from "../core/wire/transport.ts";
import { connectHybrid, hybridListener } from "../transport/hybrid-vsock.ts";
import { connectUnix, ENCLAVE_SOCKET, unixListener } from "../transport/unix.ts";
import { connectVsock, VSOCK_PORTS, vsockListener } from "../transport/vsock.ts";
import type { EnclaveAddress } from "./enclave-address.ts";

export interface EnclaveLink {
  /** A control connection. Errors: TRANSPORT_CONNECT, TRANSPORT_TIMEOUT, TRANSPORT_UNAVAILABLE (vsock, without the addon). */
  connect(): Promise<Duplex>;
  /** Takes connections from this enclave only. */
  listener(port: HostPort): Listener;
}

export function enclaveLink(address: EnclaveAddress): EnclaveLink {
  switch (address.kind) {
    case "unix":
      return {
        connect: () => connectUnix(join(address.directory, ENCLAVE_SOCKET)),
        listener: (port) => unixListener(address.directory, port),
      };
    case "vsock":
      return {
        connect: () => connectVsock({ cid: address.cid, port: VSOCK_PORTS.enclave }),
        listener: (port) => vsockListener(port, address.cid),
      };
    case "emulator":
      return {
        connect: () => connectHybrid(address.socketPath, VSOCK_PORTS.enclave),
        listener: (port) => hybridListener(address.socketPath, VSOCK_PORTS[port]),
      };
  }
}
