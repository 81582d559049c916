// UTF-8 without leniency: malformed bytes are refused, and a byte order mark is a character like any other.
import { SealroomError } from "../errors.ts";

/** Errors: JSON_UTF8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SealroomError("JSON_UTF8", {}, { cause });
  }
}

export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
