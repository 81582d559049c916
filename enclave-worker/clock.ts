// Time inside the enclave: the timestamp of a fresh document of its own, which the hypervisor signs. The system
// clock is used for nothing but TLS certificate dates, so it must agree (DESIGN 1.5). The one file that reads it.
import type { AttestationDocument } from "../core/attestation/document.ts";
import { SealroomError } from "../core/errors.ts";

const MAX_DISAGREEMENT_MS = 60_000;

/** UTC milliseconds. Errors: CLOCK_DISAGREES. */
export function enclaveTime(ownDocument: AttestationDocument): number {
  const difference = Math.abs(Date.now() - ownDocument.timestampMs);
  if (difference > MAX_DISAGREEMENT_MS) throw new SealroomError("CLOCK_DISAGREES");
  return ownDocument.timestampMs;
}
