// Issues X.509 v3 certificates of the simulated chain: any key, any extensions, signed with ecdsa-with-SHA384.
import { createHash, randomBytes, sign, type KeyObject } from "node:crypto";
import {
  encodeBits,
  encodeDer,
  encodeIdentifier,
  encodeSequence,
  encodeTime,
  encodeUnsigned,
} from "./der.ts";

const ECDSA_WITH_SHA384 = encodeSequence(encodeIdentifier("1.2.840.10045.4.3.3"));

/** Bits of the first byte of keyUsage, RFC 5280 §4.2.1.3. */
export const KEY_USAGE = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  keyCertSign: 0x04,
  crlSign: 0x02,
} as const;

export interface CertificateForm {
  /** Encoded names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Whole seconds, as Unix milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Encoded, in this order. */
  readonly extensions: readonly Uint8Array[];
}

/** The certificate, DER, under a fresh serial number of 16 bytes. */
export function issueCertificate(form: CertificateForm, issuerKey: KeyObject): Uint8Array {
  const tbs = encodeSequence(
    encodeDer(0xa0, encodeUnsigned(Uint8Array.of(2))),
    encodeUnsigned(randomBytes(16)),
    ECDSA_WITH_SHA384,
    form.issuer,
    encodeSequence(encodeTime(form.notBeforeMs), encodeTime(form.notAfterMs)),
    form.subject,
    form.publicKey,
    encodeDer(0xa3, encodeSequence(...form.extensions)),
  );
  return encodeSequence(tbs, ECDSA_WITH_SHA384, encodeBits(sign("sha384", tbs, issuerKey)));
}

/** O=Sealroom, OU=simulated, CN=... No name of Amazon's, so that nobody takes one for the other. */
export function encodeName(commonName: string): Uint8Array {
  const attributes: [string, string][] = [
    ["2.5.4.10", "Sealroom"],
    ["2.5.4.11", "simulated"],
    ["2.5.4.3", commonName],
  ];
  const utf8 = (text: string): Uint8Array => encodeDer(0x0c, new TextEncoder().encode(text));
  return encodeSequence(
    ...attributes.map(([type, text]) => encodeDer(0x31, encodeSequence(encodeIdentifier(type), utf8(text)))),
  );
}

export function encodeExtension(identifier: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeIdentifier(identifier), encodeDer(0x04, value));
}

export function encodeCriticalExtension(identifier: string, value: Uint8Array): Uint8Array {
  return encodeSequence(
    encodeIdentifier(identifier),
    encodeDer(0x01, Uint8Array.of(0xff)),
    encodeDer(0x04, value),
  );
}

/** Critical basicConstraints of an authority; null for no limit of the path below. */
export function authorityConstraints(pathLength: number | null): Uint8Array {
  const limit = pathLength === null ? new Uint8Array() : encodeUnsigned(Uint8Array.of(pathLength));
  return encodeCriticalExtension("2.5.29.19", encodeSequence(encodeDer(0x01, Uint8Array.of(0xff)), limit));
}

/** Critical basicConstraints with CA:FALSE, which DER does not spell out. */
export function leafConstraints(): Uint8Array {
  return encodeCriticalExtension("2.5.29.19", encodeSequence());
}

/** The value of keyUsage: named bits end at the last one set. */
export function encodeKeyUsage(bits: number): Uint8Array {
  return encodeBits(Uint8Array.of(bits), 31 - Math.clz32(bits & -bits));
}

/** subjectKeyIdentifier and authorityKeyIdentifier. Real chains carry them; verifiers here pass over them. */
export function keyIdentifiers(subject: Uint8Array, issuer: Uint8Array): Uint8Array[] {
  return [
    encodeExtension("2.5.29.35", encodeSequence(encodeDer(0x80, identify(issuer)))),
    encodeExtension("2.5.29.14", encodeDer(0x04, identify(subject))),
  ];
}

/** RFC 7093 §2: 160 bits of a hash of the key. */
function identify(publicKey: Uint8Array): Uint8Array {
  return createHash("sha384").update(publicKey).digest().subarray(0, 20);
}
