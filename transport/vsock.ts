// AF_VSOCK between an enclave and its parent. This version refuses: the native addon that opens such sockets is
// not built yet, and nothing else may stand in for it in the production image.
import { SealroomError } from "../core/errors.ts";
import type { Dialer, Listener } from "../core/wire/transport.ts";

/** The parent's CID as an enclave on AWS sees it, and the ports of each service. */
export const PARENT_CID = 3;
export const VSOCK_PORTS = { enclave: 5000, gateway: 5001, tunnel: 5002 } as const;

/** Errors: TRANSPORT_UNAVAILABLE, always. */
export const vsockDialer: Dialer = {
  connect: () => Promise.reject(new SealroomError("TRANSPORT_UNAVAILABLE", { transport: "vsock" })),
};

/** Errors: TRANSPORT_UNAVAILABLE, always. */
export const vsockListener: Listener = {
  accept: () => Promise.reject(new SealroomError("TRANSPORT_UNAVAILABLE", { transport: "vsock" })),
};
