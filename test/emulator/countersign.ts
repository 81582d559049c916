// The test verifier: what QEMU left unsigned is signed here under a simulated root, word for word, and then the
// verifier that production has judges it whole: chain, registers, nonce, user data, plan, result.
import type { AttestationDocument } from "../../core/attestation/document.ts";
import { encodeReceipt, parseReceipt } from "../../core/receipt/receipt.ts";
import { encodeDocument } from "../../local/nsm/document.ts";
import { ChainIssuer } from "../../local/nsm/pki.ts";
import type { DevRoot } from "../../local/nsm/pki.ts";
import { readEmulatedDocument } from "./emulated-document.ts";

/** Errors: those of readEmulatedDocument. */
export function countersign(bytes: Uint8Array, root: DevRoot): Uint8Array {
  const document: AttestationDocument = readEmulatedDocument(bytes);
  return encodeDocument(document, new ChainIssuer(root, document.moduleId).identityAt(document.timestampMs));
}

/** The same receipt about a document that can be verified under `root`. Also RECEIPT_FORM. */
export function countersignReceipt(bytes: Uint8Array, root: DevRoot): Uint8Array {
  const { attestation, statement } = parseReceipt(bytes);
  return encodeReceipt({ attestation: countersign(attestation, root), statement });
}
