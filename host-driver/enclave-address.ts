// Where an enclave listens: `unix:DIRECTORY` for one on this machine without a hypervisor, `vsock:CID` on a parent,
// `emulator:SOCKET` for one in an emulator, by the unix socket of its vsock.
import { SealroomError } from "../core/errors.ts";

export type EnclaveAddress =
  | { readonly kind: "unix"; readonly directory: string }
  | { readonly kind: "vsock"; readonly cid: number }
  | { readonly kind: "emulator"; readonly socketPath: string };

/** Below are the hypervisor, the machine itself and its parent; above is the number that means any. */
const MIN_CID = 4;
const CID_ANY = 0xffff_ffff;

/** Errors: ENCLAVE_ADDRESS. */
export function parseEnclaveAddress(text: string): EnclaveAddress {
  const [, kind, rest = ""] = /^(unix|vsock|emulator):(.+)$/.exec(text) ?? [];
  if (kind === "unix") return { kind, directory: rest };
  if (kind === "emulator") return { kind, socketPath: rest };
  const cid = /^[1-9]\d{0,9}$/.test(rest) ? Number(rest) : 0;
  if (kind === "vsock" && cid >= MIN_CID && cid < CID_ANY) return { kind, cid };
  throw new SealroomError("ENCLAVE_ADDRESS", { address: text });
}
