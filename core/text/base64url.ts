// base64url without padding (RFC 4648 §5), canonical only: unused bits are zero, so bytes have one spelling.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const INVALID = 64;
const VALUES: Uint8Array = new Uint8Array(256).fill(INVALID);
CODES.forEach((code, value) => {
  VALUES[code] = value;
});

/** The decoded bytes, or undefined where the ASCII is not canonical base64url. */
export function decodeBase64urlBytes(ascii: Uint8Array): Uint8Array | undefined {
  const tail = ascii.length % 4;
  if (tail === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((ascii.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const code of ascii) {
    const value = VALUES[code] ?? INVALID;
    if (value === INVALID) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >>> held;
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}

export function decodeBase64url(text: string): Uint8Array | undefined {
  // A character past ASCII becomes bytes that the table refuses.
  return decodeBase64urlBytes(new TextEncoder().encode(text));
}

export function encodeBase64url(bytes: Uint8Array): string {
  const ascii = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      ascii[at++] = CODES[(bits >>> held) & 63] ?? 0;
    }
  }
  if (held > 0) ascii[at] = CODES[(bits << (6 - held)) & 63] ?? 0;
  return new TextDecoder().decode(ascii);
}
