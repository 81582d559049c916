// The enclave's own attestation documents. What each binds is said by its caller: a KMS recipient's key, or a
// receipt's statement and the analyst's nonce.
import { requestAttestation } from "./nsm.ts";
import type { NsmDevice } from "./nsm.ts";

export interface Binding {
  readonly publicKey?: Uint8Array;
  readonly userData?: Uint8Array;
  readonly nonce?: Uint8Array;
}

/** A fresh document, signed by the hypervisor. Errors: NSM_*. */
export async function attest(nsm: NsmDevice, binding: Binding): Promise<Uint8Array> {
  return requestAttestation(nsm, {
    publicKey: binding.publicKey ?? null,
    userData: binding.userData ?? null,
    nonce: binding.nonce ?? null,
  });
}
