// A strict walker for DER (X.690 §8, §10): enough for the certificates of the Nitro chain, and no more. Definite and
// shortest lengths, tag numbers below 31, nothing left over. It never descends by itself, so depth costs nothing.
import { SealroomError } from "../errors.ts";

export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_IDENTIFIER = 0x06;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;

/** One value. Both byte ranges are views of the input. */
export interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length: what a signature covers. */
  readonly encoded: Uint8Array;
}

/** The one value that fills `bytes`. @throws SealroomError CHAIN_DER */
export function decodeDer(bytes: Uint8Array): Der {
  const value = readDer(bytes, 0);
  if (value.encoded.length !== bytes.length) throw derFault();
  return value;
}

/** The values inside a constructed one. @throws SealroomError CHAIN_DER */
export function decodeMembers(value: Der): Der[] {
  const members: Der[] = [];
  for (let at = 0; at < value.content.length;) {
    const member = readDer(value.content, at);
    members.push(member);
    at += member.encoded.length;
  }
  return members;
}

/** The value's content, if it is there and has this tag. @throws SealroomError CHAIN_DER */
export function contentOf(value: Der | undefined, tag: number): Uint8Array {
  if (value?.tag !== tag) throw derFault();
  return value.content;
}

/** The members of a SEQUENCE. @throws SealroomError CHAIN_DER */
export function sequenceOf(value: Der | undefined): Der[] {
  if (value?.tag !== SEQUENCE) throw derFault();
  return decodeMembers(value);
}

/** A positive or zero INTEGER, big-endian, without the zero that keeps it positive. @throws SealroomError CHAIN_DER */
export function unsignedOf(value: Der | undefined): Uint8Array {
  const content = contentOf(value, INTEGER);
  const [first, second] = content;
  if (first === undefined || first >= 0x80) throw derFault();
  // X.690 §8.3.2: the first nine bits are not all the same.
  if (first === 0 && second !== undefined && second < 0x80) throw derFault();
  return first === 0 ? content.subarray(1) : content;
}

/** X.690 §11.1: TRUE is ff. @throws SealroomError CHAIN_DER */
export function booleanOf(value: Der | undefined): boolean {
  const content = contentOf(value, BOOLEAN);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw derFault();
  return content[0] === 0xff;
}

/** A BIT STRING of whole bytes. @throws SealroomError CHAIN_DER */
export function bitsOf(value: Der | undefined): Uint8Array {
  const content = contentOf(value, BIT_STRING);
  if (content[0] !== 0) throw derFault();
  return content.subarray(1);
}

/**
 * RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, both in seconds and in UTC. Unix milliseconds.
 * @throws SealroomError CHAIN_DER
 */
export function timeOf(value: Der | undefined): number {
  const text = String.fromCharCode(...(value?.content.subarray(0, 16) ?? []));
  let digits: string;
  if (value?.tag === UTC_TIME && /^\d{12}Z$/.test(text)) {
    digits = (Number(text.slice(0, 2)) < 50 ? "20" : "19") + text.slice(0, 12);
  } else if (value?.tag === GENERALIZED_TIME && /^\d{14}Z$/.test(text) && text >= "2050") {
    digits = text.slice(0, 14);
  } else {
    throw derFault();
  }
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6.000Z");
  const time = Date.parse(iso);
  // The parser lets some days past that no month has; a date that is real prints as it was written.
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) throw derFault();
  return time;
}

function readDer(bytes: Uint8Array, at: number): Der {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw derFault();
  const [length, start] = readLength(bytes, at + 1, first);
  if (length > bytes.length - start) throw derFault();
  return { tag, content: bytes.subarray(start, start + length), encoded: bytes.subarray(at, start + length) };
}

/** X.690 §10.1: shortest form. Two bytes of length name 64 KiB, more than any certificate here. */
function readLength(bytes: Uint8Array, at: number, first: number): [length: number, start: number] {
  if (first < 0x80) return [first, at + 1];
  const high = bytes[at + 1];
  if (first === 0x81 && high !== undefined && high >= 0x80) return [high, at + 2];
  const low = bytes[at + 2];
  if (first === 0x82 && high !== undefined && high > 0 && low !== undefined) {
    return [high * 256 + low, at + 3];
  }
  throw derFault();
}

/** Says nothing of where: the walker does not know which certificate it is in. */
export function derFault(): SealroomError {
  return new SealroomError("CHAIN_DER");
}
