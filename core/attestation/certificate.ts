// What the Nitro chain needs of an X.509 v3 certificate (RFC 5280 §4.1). One key type and one signature algorithm.
// Extensions that are not critical and not known are passed over, as §4.2 allows: CRLs are not used by Nitro.
import { SealroomError } from "../errors.ts";
import {
  BIT_STRING,
  BOOLEAN,
  bitsOf,
  booleanOf,
  contentOf,
  decodeDer,
  decodeMembers,
  derFault,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  sequenceOf,
  timeOf,
  unsignedOf,
  type Der,
} from "./der.ts";
import { equalBytes } from "./equal.ts";

const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const V3 = 2;
/** SEQUENCE { ecdsa-with-SHA384 }, parameters absent (RFC 5758 §3.2). */
const ECDSA_WITH_SHA384 = Uint8Array.of(0x30, 10, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03);
/** A SubjectPublicKeyInfo of P-384 up to the point: id-ecPublicKey, secp384r1, BIT STRING of 97 bytes. */
const P384_PREFIX = Uint8Array.of(
  ...[0x30, 0x76, 0x30, 0x10, 0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
  ...[0x06, 5, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00],
);
const POINT_SIZE = 97;
const SCALAR_SIZE = 48;
const UNCOMPRESSED = 0x04;

const BASIC_CONSTRAINTS = "85.29.19";
const KEY_USAGE = "85.29.15";
/** RFC 5280 §4.2.1.3, bits 0 and 5 of the first byte. */
export const DIGITAL_SIGNATURE = 0x80;
export const KEY_CERT_SIGN = 0x04;

export interface Certificate {
  /** Encoded names; they are compared as bytes. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Unix milliseconds; both ends belong to the validity. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** An uncompressed point, 97 bytes. Not yet known to lie on the curve. */
  readonly publicKey: Uint8Array;
  /** Null where there is no basicConstraints or it is not critical. pathLength: null where there is no limit. */
  readonly constraints: { readonly ca: boolean; readonly pathLength: number | null } | null;
  /** The first byte of keyUsage; 0 where there is none. */
  readonly keyUsage: number;
  /** What the issuer signed. */
  readonly signed: Uint8Array;
  /** r and s, 48 bytes each. */
  readonly signature: Uint8Array;
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** @throws SealroomError CHAIN_DER, CHAIN_KEY, CHAIN_EXTENSION */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  const [tbs, algorithm, signature, ...rest] = sequenceOf(decodeDer(bytes));
  // The optional unique ids of §4.1.2.8 would stand between key and extensions: they are refused with the rest.
  const [version, serial, inner, issuer, validity, subject, key, extensions, ...more] = sequenceOf(tbs);
  if (tbs === undefined || rest.length > 0 || more.length > 0) throw derFault();
  checkVersion(version);
  if (unsignedOf(serial).length > 20) throw derFault();
  // §4.1.1.2: the algorithm that is signed equals the one outside.
  if (!isEcdsaWithSha384(inner) || !isEcdsaWithSha384(algorithm)) throw new SealroomError("CHAIN_KEY");
  sequenceOf(issuer);
  sequenceOf(subject);
  const [notBefore, notAfter, ...late] = sequenceOf(validity);
  if (late.length > 0) throw derFault();
  const known = readExtensions(extensions);
  return {
    issuer: issuer?.encoded ?? new Uint8Array(),
    subject: subject?.encoded ?? new Uint8Array(),
    notBeforeMs: timeOf(notBefore),
    notAfterMs: timeOf(notAfter),
    publicKey: readPublicKey(key),
    constraints: readConstraints(known.get(BASIC_CONSTRAINTS)),
    keyUsage: readKeyUsage(known.get(KEY_USAGE)),
    signed: tbs.encoded,
    signature: readSignature(bitsOf(signature)),
  };
}

function checkVersion(version: Der | undefined): void {
  contentOf(version, VERSION_TAG);
  const [number, ...rest] = version === undefined ? [] : decodeMembers(version);
  const value = unsignedOf(number);
  if (rest.length > 0 || value.length !== 1 || value[0] !== V3) throw derFault();
}

function isEcdsaWithSha384(algorithm: Der | undefined): boolean {
  return algorithm !== undefined && equalBytes(algorithm.encoded, ECDSA_WITH_SHA384);
}

function readPublicKey(key: Der | undefined): Uint8Array {
  sequenceOf(key);
  const encoded = key?.encoded ?? new Uint8Array();
  const point = encoded.subarray(P384_PREFIX.length);
  const isP384 = equalBytes(encoded.subarray(0, P384_PREFIX.length), P384_PREFIX);
  if (!isP384 || point.length !== POINT_SIZE || point[0] !== UNCOMPRESSED) {
    throw new SealroomError("CHAIN_KEY");
  }
  return point;
}

/** RFC 3279 §2.2.3: SEQUENCE { r, s }. WebCrypto takes both at their full width. */
function readSignature(bytes: Uint8Array): Uint8Array {
  const [r, s, ...rest] = sequenceOf(decodeDer(bytes)).map(unsignedOf);
  if (r === undefined || s === undefined || rest.length > 0) throw derFault();
  if (r.length > SCALAR_SIZE || s.length > SCALAR_SIZE) throw derFault();
  const signature = new Uint8Array(2 * SCALAR_SIZE);
  signature.set(r, SCALAR_SIZE - r.length);
  signature.set(s, 2 * SCALAR_SIZE - s.length);
  return signature;
}

/** By object identifier, its bytes joined by dots. §4.2: no extension twice, no critical one that is not understood. */
function readExtensions(field: Der | undefined): Map<string, Extension> {
  contentOf(field, EXTENSIONS_TAG);
  const [list, ...rest] = field === undefined ? [] : decodeMembers(field);
  if (rest.length > 0) throw derFault();
  const extensions = new Map<string, Extension>();
  for (const member of sequenceOf(list)) {
    const parts = sequenceOf(member);
    const identifier = contentOf(parts[0], OBJECT_IDENTIFIER).join(".");
    const critical = parts[1]?.tag === BOOLEAN;
    // DEFAULT FALSE: DER does not write it out.
    if (critical && !booleanOf(parts[1])) throw derFault();
    if (parts.length !== (critical ? 3 : 2)) throw derFault();
    const isKnown = identifier === BASIC_CONSTRAINTS || identifier === KEY_USAGE;
    if (extensions.has(identifier) || (critical && !isKnown)) throw new SealroomError("CHAIN_EXTENSION");
    extensions.set(identifier, { critical, value: contentOf(parts.at(-1), OCTET_STRING) });
  }
  return extensions;
}

/** §4.2.1.9. A basicConstraints that is not critical binds nobody, so it counts as none. */
function readConstraints(extension: Extension | undefined): Certificate["constraints"] {
  if (extension === undefined) return null;
  const [first, second, ...rest] = sequenceOf(decodeDer(extension.value));
  const ca = first !== undefined && booleanOf(first);
  // FALSE is the default, so DER does not write it; a path length without a CA means nothing.
  if (rest.length > 0 || (first !== undefined && !ca)) throw derFault();
  const pathLength = second === undefined ? null : readPathLength(second);
  return extension.critical ? { ca, pathLength } : null;
}

function readPathLength(value: Der): number {
  const digits = unsignedOf(value);
  if (digits.length > 1) throw derFault();
  return digits[0] ?? 0;
}

/** §4.2.1.3, X.690 §11.2.2: named bits end at the last one that is set. */
function readKeyUsage(extension: Extension | undefined): number {
  if (extension === undefined) return 0;
  const content = contentOf(decodeDer(extension.value), BIT_STRING);
  // A byte that is not there has no bit that is set.
  const [unused = 0, first = 0, last = first] = content;
  if (unused > 7 || content.length > 3) throw derFault();
  if ((last & ((2 << unused) - 1)) !== 1 << unused) throw derFault();
  return first;
}
