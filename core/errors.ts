// Every failure is a code that never changes its meaning, plus public fields. Nothing else of an error
// crosses the enclave's boundary: no message, no cause, no stack (docs/threat-model.md).

/** Fields that may be shown to anyone: sizes, indexes, names that stand in the plan or the manifest. */
export type Details = Readonly<Record<string, string | number | boolean>>;

/**
 * `LAYER_FACT`. A layer is the part that found the fault, so that a test can demand that a bad input fails
 * where it should. The list is closed: a new fault gets a new code here.
 */
export const ERROR_CODES = {
  // attestation/: bytes and structure of an NSM document
  DOCUMENT_SIZE: "the document is empty or larger than a Nitro document can be",
  DOCUMENT_CBOR: "the document is not strict CBOR of the expected shape",
  DOCUMENT_FIELD: "a field of the document is missing, of the wrong type, or out of its limits",
  // attestation/: COSE_Sign1
  COSE_SHAPE: "the envelope is not a COSE_Sign1 array of four",
  COSE_HEADER: "the protected header is not exactly ES384, or the unprotected header is not empty",
  COSE_SIGNATURE: "the signature does not verify under the leaf certificate",
  // attestation/: X.509
  CHAIN_DER: "a certificate is not strict DER of the expected shape",
  CHAIN_ROOT: "the bundle does not begin with the pinned root",
  CHAIN_ISSUER: "a certificate was not issued by the one before it",
  CHAIN_EXPIRED: "a certificate is not valid at the time of the check",
  CHAIN_USAGE: "a certificate is used for what it does not allow",
  CHAIN_SIGNATURE: "a certificate's signature does not verify",
  // attestation/: what the verifier demands
  EXPECTATION_EMPTY: "an expectation is missing or empty; nothing can be verified against it",
  POLICY_DEBUG: "PCR0, PCR1 or PCR2 is all zero: a debug enclave, whose memory the host can read",
  POLICY_PCR: "a platform configuration register differs from the one expected, or is missing",
  POLICY_NONCE: "the nonce is missing or is not the verifier's own",
  POLICY_USER_DATA: "user_data does not bind what it should",
  POLICY_AGE: "the document is too old, or from the future",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Bad input, bad evidence, failed I/O. `details` is public; `cause` stays in this process. */
export class SealroomError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;
  constructor(code: ErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(ERROR_CODES[code], options);
    this.name = "SealroomError";
    this.code = code;
    this.details = details;
  }
}

/** The evidence is sound, but it is not what the verifier or the owner permits. */
export class PolicyError extends SealroomError {
  override readonly name = "PolicyError";
}
