// Writes attestation documents as the NSM does: the fields in its order, absent ones null, untagged COSE_Sign1, ES384.
import { sign } from "node:crypto";
import { encode, type EncodeOptions } from "cborg";
import { encodeSigStructure } from "../../core/attestation/cose.ts";
import type { AttestationDocument } from "../../core/attestation/document.ts";
import type { Identity } from "./pki.ts";

const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
const IN_ORDER: EncodeOptions = { mapSorter: () => 0 };

/** What a document says, without what the signer adds. */
export type Claims = Omit<AttestationDocument, "certificate" | "cabundle">;

/** The document, signed by the identity's leaf. */
export function encodeDocument(claims: Claims, identity: Identity): Uint8Array {
  return signPayload(encodePayload(claims, identity), identity);
}

export function encodePayload(
  claims: Claims,
  identity: Pick<Identity, "cabundle" | "certificate">,
): Uint8Array {
  const fields = {
    module_id: claims.moduleId,
    digest: "SHA384",
    timestamp: claims.timestampMs,
    pcrs: claims.pcrs,
    certificate: identity.certificate,
    cabundle: identity.cabundle,
    public_key: claims.publicKey,
    user_data: claims.userData,
    nonce: claims.nonce,
  };
  return encode(fields, IN_ORDER);
}

/** RFC 9052 §4.4. Any bytes, so that tests can sign what no NSM would write. */
export function signPayload(payload: Uint8Array, identity: Pick<Identity, "privateKey">): Uint8Array {
  const key = { key: identity.privateKey, dsaEncoding: "ieee-p1363" as const };
  return encode([PROTECTED, new Map(), payload, sign("sha384", encodeSigStructure(payload), key)]);
}
