// One certificate in PEM (RFC 7468 §5), strictly: nothing before, between or after but line breaks at the end.
import { SealroomError } from "../errors.ts";

const MAX_LENGTH = 4096;
const FORM = /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\s*$/;

/** The certificate's DER. @throws SealroomError CHAIN_DER */
export function decodePem(text: string): Uint8Array {
  const body = text.length > MAX_LENGTH ? undefined : FORM.exec(text)?.[1]?.replace(/[\r\n]/g, "");
  const binary = body === undefined ? "" : decodeBase64(body);
  // Base64 has several spellings of some bytes; only the one that an encoder writes is taken.
  if (binary === "" || btoa(binary) !== body) throw new SealroomError("CHAIN_DER");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}

/** @returns text with lines of 64 characters, as OpenSSL writes it */
export function encodePem(certificate: Uint8Array): string {
  const body = btoa(String.fromCharCode(...certificate)).replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n`;
}
