// The nonce of a job: the analyst draws it, the enclave's attestation repeats it, the verifier demands it.
import { randomBytes } from "node:crypto";
import { usage } from "./fault.ts";

const NONCE_BYTES = 32;

export function drawNonce(): Uint8Array {
  return new Uint8Array(randomBytes(NONCE_BYTES));
}

/** 16 to 64 bytes in hex. */
export function parseNonce(text: string): Uint8Array {
  if (!/^([0-9a-f]{2}){16,64}$/i.test(text)) throw usage("--nonce is not 32 to 128 hex digits");
  if (/^0+$/.test(text)) throw usage("--nonce is all zero, which anyone guesses");
  return new Uint8Array(Buffer.from(text, "hex"));
}
