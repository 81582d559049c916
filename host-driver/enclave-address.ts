// Where an enclave listens: `unix:DIRECTORY` for one on this machine without a hypervisor, `vsock:CID` on a parent.
import { join } from "node:path";
import { SealroomError } from "../core/errors.ts";
import { ENCLAVE_SOCKET } from "../transport/unix.ts";

export type EnclaveAddress =
  { readonly kind: "unix"; readonly directory: string } | { readonly kind: "vsock"; readonly cid: number };

/** Errors: ENCLAVE_ADDRESS. */
export function parseEnclaveAddress(text: string): EnclaveAddress {
  const [, kind, rest] = /^(unix|vsock):(.+)$/.exec(text) ?? [];
  if (kind === "unix" && rest !== undefined) return { kind, directory: rest };
  const cid = Number(rest);
  if (kind === "vsock" && Number.isInteger(cid) && cid >= 4 && cid < 2 ** 32 - 1) return { kind, cid };
  throw new SealroomError("ENCLAVE_ADDRESS", { address: text });
}

/** Errors: TRANSPORT_UNAVAILABLE for vsock, which needs the native addon. */
export function enclaveSocket(address: EnclaveAddress): {
  readonly directory: string;
  readonly path: string;
} {
  if (address.kind === "vsock") throw new SealroomError("TRANSPORT_UNAVAILABLE", { transport: "vsock" });
  return { directory: address.directory, path: join(address.directory, ENCLAVE_SOCKET) };
}
