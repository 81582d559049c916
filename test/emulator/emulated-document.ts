// Attestation documents as QEMU's nitro-enclave machine writes them: registers, nonce, user data, public key and time
// are the device's own, but the signature is 64 zero bytes and so are the certificates. Such a document proves nothing;
// whoever takes one for authentic says so by calling this, and nothing outside test/ can.
import { MAX_DOCUMENT_SIZE } from "../../core/attestation/cose.ts";
import { decodeDocument } from "../../core/attestation/document.ts";
import type { AttestationDocument } from "../../core/attestation/document.ts";
import { equalBytes } from "../../core/attestation/equal.ts";
import { decodeStrictCbor } from "../../core/attestation/strict-cbor.ts";
import { SealroomError } from "../../core/errors.ts";

const ARRAY_OF_FOUR = 0x84;
/** {1: -1}: an algorithm that is none of COSE's. A real document has {1: -35}. */
const PROTECTED: Uint8Array = Uint8Array.of(0xa1, 0x01, 0x20);
const ZEROS: Uint8Array = new Uint8Array(64);

/**
 * Refuses whatever is not exactly such a document, a real one too. Errors: DOCUMENT_SIZE, DOCUMENT_CBOR, DOCUMENT_FIELD,
 * COSE_SHAPE, COSE_HEADER, COSE_SIGNATURE, CHAIN_ROOT.
 */
export function readEmulatedDocument(bytes: Uint8Array): AttestationDocument {
  if (bytes.length === 0 || bytes.length > MAX_DOCUMENT_SIZE) {
    throw new SealroomError("DOCUMENT_SIZE", { size: bytes.length, max: MAX_DOCUMENT_SIZE });
  }
  if (bytes[0] !== ARRAY_OF_FOUR) throw new SealroomError("COSE_SHAPE");
  const [header, unprotected, payload, signature] = decodeStrictCbor(bytes, "DOCUMENT_CBOR") as unknown[];
  if (!isBytes(payload) || !isBytes(signature) || payload.length === 0) throw new SealroomError("COSE_SHAPE");
  if (!isBytes(header) || !equalBytes(header, PROTECTED)) throw new SealroomError("COSE_HEADER");
  if (!(unprotected instanceof Map) || unprotected.size !== 0) throw new SealroomError("COSE_HEADER");
  if (!equalBytes(signature, ZEROS)) throw new SealroomError("COSE_SIGNATURE");
  const document = decodeDocument(payload);
  const certificates = [document.certificate, ...document.cabundle];
  if (certificates.length !== 2 || !certificates.every((certificate) => equalBytes(certificate, ZEROS))) {
    throw new SealroomError("CHAIN_ROOT");
  }
  return document;
}

/** Whether it says of itself that nobody signed it: then it is for readEmulatedDocument, and else for a root. */
export function isEmulated(bytes: Uint8Array): boolean {
  return equalBytes(
    bytes.subarray(0, 5),
    Uint8Array.of(ARRAY_OF_FOUR, 0x40 | PROTECTED.length, ...PROTECTED),
  );
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
