// Digests by WebCrypto, for what must also run in a browser, and their hex form.

export const SHA384_HEX: Readonly<RegExp> = /^[0-9a-f]{96}$/;

export async function sha384(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
}

export async function sha384Hex(bytes: Uint8Array): Promise<string> {
  return encodeHex(await sha384(bytes));
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
