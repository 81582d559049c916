// The signature section of a signed image, as eif_signer.rs writes it: CBOR [{signing_certificate, signature}], each a
// list of byte values. PCR8 is over the certificate alone. The signature is not checked here: the hypervisor boots no
// image whose signature does not verify.
import { createHash, X509Certificate } from "node:crypto";
import { PCR_SIZE } from "../../core/attestation/document.ts";
import { decodeStrictCbor } from "../../core/attestation/strict-cbor.ts";
import { SealroomError } from "../../core/errors.ts";

export interface Signer {
  /** In lower-case hex. */
  readonly pcr8: string;
  /** Of the certificate; any text. */
  readonly subject: string;
  /** As OpenSSL prints it: an image whose certificate has expired does not start. */
  readonly notAfter: string;
}

/** Errors: EIF_SIGNATURE. */
export function decodeSigner(section: Uint8Array): Signer {
  const signatures = decodeStrictCbor(section, "EIF_SIGNATURE");
  if (!Array.isArray(signatures) || signatures.length !== 1) throw new SealroomError("EIF_SIGNATURE");
  const [only] = signatures as readonly unknown[];
  if (!(only instanceof Map) || only.size !== 2 || readBytes(only.get("signature")) === null) {
    throw new SealroomError("EIF_SIGNATURE");
  }
  const pem = readBytes(only.get("signing_certificate"));
  if (pem === null) throw new SealroomError("EIF_SIGNATURE", { field: "signing_certificate" });
  const certificate = readCertificate(pem);
  const digest = createHash("sha384").update(certificate.raw).digest();
  return {
    pcr8: createHash("sha384").update(new Uint8Array(PCR_SIZE)).update(digest).digest("hex"),
    subject: certificate.subject.replaceAll("\n", ", "),
    notAfter: certificate.validTo,
  };
}

function readBytes(value: unknown): Uint8Array | null {
  if (!Array.isArray(value)) return null;
  const isByte = (item: unknown): boolean =>
    Number.isInteger(item) && Number(item) >= 0 && Number(item) < 256;
  return value.every(isByte) ? Uint8Array.from(value as number[]) : null;
}

/**
 * One certificate in PEM and nothing beside it: of several blocks, of other labels or raw DER, two readers take
 * different ones.
 */
const ONE_CERTIFICATE = /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

function readCertificate(pem: Uint8Array): X509Certificate {
  try {
    if (!ONE_CERTIFICATE.test(Buffer.from(pem).toString("latin1"))) throw new SealroomError("EIF_SIGNATURE");
    return new X509Certificate(pem);
  } catch (cause) {
    throw new SealroomError("EIF_SIGNATURE", { field: "signing_certificate" }, { cause });
  }
}
