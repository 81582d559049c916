// Bytes that people keep in text files: hex or base64, in lines of any length. What is neither is taken as it is. The
// form carries no trust: whatever comes out is verified.
const HEX = /^(0x)?([0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

/** The bytes that a file holds in binary, hex or base64. */
export function decodeEncoded(file: Uint8Array): Uint8Array {
  const text = asciiText(file);
  if (text === null || text === "") return file;
  if (HEX.test(text)) return new Uint8Array(Buffer.from(text.replace(/^0x/i, ""), "hex"));
  const encoding = BASE64.test(text) ? "base64" : BASE64URL.test(text) ? "base64url" : null;
  if (encoding === null || text.replaceAll("=", "").length % 4 === 1) return file;
  return new Uint8Array(Buffer.from(text, encoding));
}

/** The text without white space; null where there is any byte that is no printable ASCII. */
function asciiText(file: Uint8Array): string | null {
  if (file.some((byte) => byte > 0x7e || (byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte)))) return null;
  return Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString("latin1").replaceAll(/\s/g, "");
}
