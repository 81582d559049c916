// The encryption context of a message: text pairs that are authenticated with it, stored in its header or, as
// "required context", known to the reader already. Leaves out what the pairs mean.
import { SealroomError } from "../errors.ts";

export type EncryptionContext = ReadonlyMap<string, string>;

export const PUBLIC_KEY_ENTRY = "aws-crypto-public-key";
const RESERVED_PREFIX = "aws-crypto-";
const MAX_CONTEXT_BYTES = 0xffff;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `u16 count | (u16 length, key, u16 length, value)*`, keys in the order of their bytes; nothing if it is empty. */
export function encodeContext(context: EncryptionContext): Uint8Array {
  if (context.size === 0) return new Uint8Array(0);
  const pairs = [...context].map(([key, value]) => [encodeText(key), encodeText(value)] as const);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  const byteLength = pairs.reduce((sum, [key, value]) => sum + 4 + key.length + value.length, 2);
  if (byteLength > MAX_CONTEXT_BYTES) throw new SealroomError("SEAL_LIMIT", { contextBytes: byteLength });
  const bytes = new Uint8Array(byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, pairs.length);
  let at = 2;
  for (const text of pairs.flat()) {
    view.setUint16(at, text.length);
    bytes.set(text, at + 2);
    at += 2 + text.length;
  }
  return bytes;
}

/** Reads what encodeContext writes; `sorted` tells whether its keys were in order. Error: SEAL_CONTEXT. */
export function decodeContext(bytes: Uint8Array): { context: EncryptionContext; sorted: boolean } {
  const context = new Map<string, string>();
  if (bytes.length === 0) return { context, sorted: true };
  const [count, rest] = readU16(bytes);
  if (count === 0) throw new SealroomError("SEAL_CONTEXT");
  let sorted = true;
  let previous = new Uint8Array(0);
  let unread = rest;
  for (let i = 0; i < count; i++) {
    const [key, afterKey] = readText(unread);
    const [value, afterValue] = readText(afterKey);
    const name = decodeText(key);
    if (context.has(name)) throw new SealroomError("SEAL_CONTEXT");
    context.set(name, decodeText(value));
    sorted &&= i === 0 || Buffer.compare(previous, key) < 0;
    previous = new Uint8Array(key);
    unread = afterValue;
  }
  if (unread.length !== 0) throw new SealroomError("SEAL_CONTEXT");
  return { context, sorted };
}

/**
 * The stored context completed by the pairs that the reader knows: a pair that is stored must be equal, and one that is
 * not is `required`, authenticated with the header though it does not stand there. Error: SEAL_CONTEXT.
 */
export function completeContext(
  stored: EncryptionContext,
  known: EncryptionContext,
): { full: EncryptionContext; required: EncryptionContext } {
  const full = new Map(stored);
  const required = new Map<string, string>();
  for (const [key, value] of known) {
    const storedValue = stored.get(key);
    if (storedValue === value) continue;
    if (storedValue !== undefined || isReserved(key)) throw new SealroomError("SEAL_CONTEXT");
    full.set(key, value);
    required.set(key, value);
  }
  return { full, required };
}

/** The names that the format keeps for itself may not be chosen by a writer. */
export function isReserved(key: string): boolean {
  return key.startsWith(RESERVED_PREFIX);
}

function encodeText(text: string): Uint8Array {
  // A lone surrogate would be written as U+FFFD, so that two contexts had the same bytes.
  if (/\p{Surrogate}/u.test(text)) throw new SealroomError("SEAL_CONTEXT");
  return new TextEncoder().encode(text);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new SealroomError("SEAL_CONTEXT", {}, { cause });
  }
}

function readText(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const [length, rest] = readU16(bytes);
  if (rest.length < length) throw new SealroomError("SEAL_CONTEXT");
  return [rest.subarray(0, length), rest.subarray(length)];
}

function readU16(bytes: Uint8Array): readonly [number, Uint8Array] {
  const [high, low] = bytes;
  if (high === undefined || low === undefined) throw new SealroomError("SEAL_CONTEXT");
  return [high * 256 + low, bytes.subarray(2)];
}
