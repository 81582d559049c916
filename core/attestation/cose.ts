// The COSE_Sign1 envelope (RFC 9052 §4.2) that holds a Nitro attestation document: ES384 only, payload attached.
// The NSM writes it in one way, so any other way is refused; only tag 18 may stand before it, once.
import { SealroomError } from "../errors.ts";
import { verifyEs384 } from "./ecdsa.ts";
import { equalBytes } from "./equal.ts";
import { decodeStrictCbor } from "./strict-cbor.ts";

const TAG_COSE_SIGN1 = 0xd2;
const ARRAY_OF_FOUR = 0x84;
const EMPTY_MAP = 0xa0;
/** {1: -35}: alg is ES384, and nothing else. */
const PROTECTED: Uint8Array = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
const MAX_PAYLOAD = 16384;
const SIGNATURE_SIZE = 96;

/** Tag, array, protected header, empty map, payload and signature, each with its head. */
export const MAX_DOCUMENT_SIZE: number =
  1 + 1 + (1 + PROTECTED.length) + 1 + (3 + MAX_PAYLOAD) + (2 + SIGNATURE_SIZE);

export interface Envelope {
  /** As received. RFC 9052 §4.4: the bytes are signed, so they are never encoded again. */
  readonly payload: Uint8Array;
  /** r and s, 48 bytes each. (r, n - s) verifies too: a document's hash identifies nothing. */
  readonly signature: Uint8Array;
}

/**
 * Takes the envelope apart. Copies what it keeps; the caller's bytes may change afterwards.
 * @throws SealroomError DOCUMENT_SIZE, DOCUMENT_CBOR, COSE_SHAPE, COSE_HEADER
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0 || bytes.length > MAX_DOCUMENT_SIZE) {
    throw new SealroomError("DOCUMENT_SIZE", { size: bytes.length, max: MAX_DOCUMENT_SIZE });
  }
  const body = new Uint8Array(bytes.subarray(bytes[0] === TAG_COSE_SIGN1 ? 1 : 0));
  if (body[0] !== ARRAY_OF_FOUR) throw new SealroomError("COSE_SHAPE");
  const [protectedHeader, unprotected, payload, signature] = decodeStrictCbor(
    body,
    "DOCUMENT_CBOR",
  ) as unknown[];
  if (
    !isBytes(protectedHeader) ||
    !(unprotected instanceof Map) ||
    !isBytes(payload) ||
    !isBytes(signature)
  ) {
    throw new SealroomError("COSE_SHAPE");
  }
  // Under the right protected header, the unprotected one begins at the byte after it; "bf ff" is not "a0".
  if (!equalBytes(protectedHeader, PROTECTED) || body[2 + PROTECTED.length] !== EMPTY_MAP) {
    throw new SealroomError("COSE_HEADER");
  }
  if (payload.length === 0 || payload.length > MAX_PAYLOAD || signature.length !== SIGNATURE_SIZE) {
    throw new SealroomError("COSE_SHAPE", { payload: payload.length, signature: signature.length });
  }
  return { payload, signature };
}

/**
 * Verifies the envelope's signature under a P-384 key, an uncompressed point of 97 bytes.
 * @throws SealroomError COSE_SIGNATURE
 */
export async function verifyEnvelope(envelope: Envelope, publicKey: Uint8Array): Promise<void> {
  const signed = encodeSigStructure(envelope.payload);
  if (!(await verifyEs384(publicKey, envelope.signature, signed))) throw new SealroomError("COSE_SIGNATURE");
}

/** RFC 9052 §4.4: ["Signature1", protected, external_aad = h'', payload]. What the signer signs, and nothing else. */
export function encodeSigStructure(payload: Uint8Array): Uint8Array {
  const context = new TextEncoder().encode("Signature1");
  const head = [
    ARRAY_OF_FOUR,
    0x60 | context.length,
    ...context,
    0x40 | PROTECTED.length,
    ...PROTECTED,
    0x40,
  ];
  const encoded = new Uint8Array(head.length + 3 + payload.length);
  encoded.set(head);
  const length = encodeBytesHead(payload.length);
  encoded.set(length, head.length);
  encoded.set(payload, head.length + length.length);
  return encoded.subarray(0, head.length + length.length + payload.length);
}

function encodeBytesHead(length: number): number[] {
  if (length < 24) return [0x40 | length];
  if (length < 256) return [0x58, length];
  return [0x59, length >> 8, length & 0xff];
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
