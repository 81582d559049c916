// The local S3 and KMS for enclaves of both kinds: the local one, whose documents chain to the simulated root, and an
// emulated one, whose documents QEMU leaves unsigned. Which registers may have a key the printed key policy says.
import { authenticate } from "../../core/attestation/verify.ts";
import { startServices } from "../../local/services.ts";
import type { Services } from "../../local/services.ts";
import { isEmulated, readEmulatedDocument } from "./emulated-document.ts";

/** Errors: those of startServices. */
export async function startEmulatedServices(state: string): Promise<Services> {
  return startServices(
    state,
    (root) => (document, nowMs) =>
      isEmulated(document)
        ? Promise.resolve(readEmulatedDocument(document))
        : authenticate(document, root, nowMs),
  );
}
