// Writes DER (X.690) for the simulated certificates. The reader is core/attestation/der.ts; this side is trusted.

const LONG_FORM = 0x80;

/** A value: tag, shortest length, then the parts one after another. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((total, part) => total + part.length, 0);
  return concatenate([Uint8Array.of(tag, ...encodeLength(length)), ...parts]);
}

export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encodeDer(0x30, ...parts);
}

/** A positive INTEGER out of its big-endian digits. */
export function encodeUnsigned(digits: Uint8Array): Uint8Array {
  const first = digits.findIndex((digit) => digit !== 0);
  const shortest = first === -1 ? Uint8Array.of(0) : digits.subarray(first);
  const sign = (shortest[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return encodeDer(0x02, sign, shortest);
}

/** A BIT STRING whose last byte leaves `unused` bits out. */
export function encodeBits(bytes: Uint8Array, unused = 0): Uint8Array {
  return encodeDer(0x03, Uint8Array.of(unused), bytes);
}

/** An OBJECT IDENTIFIER out of its dotted form. */
export function encodeIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return encodeDer(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(encodeBase128)));
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from then on. Whole seconds. */
export function encodeTime(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/\.\d+Z$|[-:T]/g, "") + "Z";
  const isUtc = new Date(ms).getUTCFullYear() < 2050;
  return encodeDer(isUtc ? 0x17 : 0x18, new TextEncoder().encode(isUtc ? digits.slice(2) : digits));
}

function encodeLength(length: number): number[] {
  if (length < LONG_FORM) return [length];
  const digits: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256);
  return [LONG_FORM | digits.length, ...digits];
}

function encodeBase128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift((left % 128) | 0x80);
  }
  return digits;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
