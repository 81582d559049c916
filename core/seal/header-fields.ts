// The bytes of a message header (data-format/message-header, versions 1 and 2), read and written. Everything read here
// comes from the host and is unverified: openHeader in header.ts is what makes it worth anything.
import { IV_BYTES, TAG_BYTES } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { decodeContext, encodeContext } from "./context.ts";
import type { EncryptionContext } from "./context.ts";
import { SEALED_OBJECT_SUITE, getSuite } from "./suite.ts";
import type { Suite } from "./suite.ts";

/** A data key, wrapped by some provider. All three fields are public. */
export interface EncryptedDataKey {
  readonly providerId: string;
  readonly providerInfo: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface HeaderFields {
  readonly suite: Suite;
  /** 16 bytes in version 1, 32 in version 2. */
  readonly messageId: Uint8Array;
  /** As it stands in the header, required context left out. */
  readonly context: EncryptionContext;
  readonly contextSorted: boolean;
  readonly dataKeys: readonly EncryptedDataKey[];
  readonly framed: boolean;
  /** Plaintext bytes of each frame but the last; 0 when unframed. */
  readonly frameLength: number;
  /** 32 bytes; empty in version 1, which has none. */
  readonly commitment: Uint8Array;
  /** All that the header's tag covers, as it came. */
  readonly body: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
}

export const MESSAGE_ID_BYTES = 32;
export const COMMITMENT_BYTES = 32;
/** A context of 64 KiB and as much again for wrapped keys. */
export const MAX_HEADER_BYTES: number = 128 * 1024;
const MAX_DATA_KEYS = 64;

const TYPE_AUTHENTICATED = 0x80;
const UNFRAMED = 1;
const FRAMED = 2;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the header at the start of `bytes`; its fields are copies. Errors: SEAL_HEADER, SEAL_SUITE, SEAL_CONTEXT,
 * SEAL_LIMIT, and SEAL_TRUNCATED with `needed`, how many bytes it takes at least to read on.
 */
export function parseHeader(bytes: Uint8Array): HeaderFields {
  const reader = new HeaderReader(bytes);
  const version = reader.u8();
  if (version !== 1 && version !== 2) throw new SealroomError("SEAL_HEADER", { version });
  if (version === 1) reader.expectU8(TYPE_AUTHENTICATED);
  const suite = getSuite(reader.u16(), version);
  const messageId = reader.take(version === 1 ? 16 : MESSAGE_ID_BYTES);
  const { context, sorted } = decodeContext(reader.take(reader.u16()));
  const dataKeys = readDataKeys(reader);
  const contentType = reader.u8();
  if (contentType !== UNFRAMED && contentType !== FRAMED) {
    throw new SealroomError("SEAL_HEADER", { contentType });
  }
  const framed = contentType === FRAMED;
  if (version === 1) {
    for (const reserved of [0, 0, 0, 0]) reader.expectU8(reserved);
    reader.expectU8(IV_BYTES);
  }
  const frameLength = reader.u32();
  if (framed !== frameLength > 0) throw new SealroomError("SEAL_HEADER", { frameLength });
  const commitment = reader.take(suite.commits ? COMMITMENT_BYTES : 0);
  const body = bytes.slice(0, reader.at);
  // Version 2 does not store the header's IV: it is zero, as the derived key seals one header only.
  const iv = version === 1 ? reader.take(IV_BYTES) : new Uint8Array(IV_BYTES);
  const tag = reader.take(TAG_BYTES);
  return {
    suite,
    messageId,
    context,
    contextSorted: sorted,
    dataKeys,
    framed,
    frameLength,
    commitment,
    body,
    iv,
    tag,
  };
}

/** The body of a framed 0x0478 header with one data key; its tag, 16 bytes, is to follow. Error: SEAL_LIMIT. */
export function encodeHeaderBody(fields: {
  readonly messageId: Uint8Array;
  readonly context: EncryptionContext;
  readonly dataKey: EncryptedDataKey;
  readonly frameLength: number;
  readonly commitment: Uint8Array;
}): Uint8Array {
  const { messageId, dataKey, frameLength, commitment } = fields;
  const context = encodeContext(fields.context);
  const keyFields = [new TextEncoder().encode(dataKey.providerId), dataKey.providerInfo, dataKey.ciphertext];
  const body = Buffer.concat([
    Uint8Array.of(2),
    u16(SEALED_OBJECT_SUITE),
    messageId,
    u16(context.length),
    context,
    u16(1),
    ...keyFields.flatMap((field) => [u16(field.length), field]),
    Uint8Array.of(FRAMED),
    u16(frameLength >>> 16),
    u16(frameLength & 0xffff),
    commitment,
  ]);
  if (body.length + TAG_BYTES > MAX_HEADER_BYTES) {
    throw new SealroomError("SEAL_LIMIT", { headerBytes: body.length });
  }
  return new Uint8Array(body);
}

function readDataKeys(reader: HeaderReader): readonly EncryptedDataKey[] {
  const count = reader.u16();
  if (count === 0) throw new SealroomError("SEAL_HEADER", { dataKeys: 0 });
  if (count > MAX_DATA_KEYS) throw new SealroomError("SEAL_LIMIT", { dataKeys: count });
  return Array.from({ length: count }, () => {
    const providerId = decodeText(reader.take(reader.u16()));
    const providerInfo = reader.take(reader.u16());
    return { providerId, providerInfo, ciphertext: reader.take(reader.u16()) };
  });
}

function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new SealroomError("SEAL_HEADER", {}, { cause });
  }
}

function u16(value: number): Uint8Array {
  if (value > 0xffff) throw new SealroomError("SEAL_LIMIT", { fieldBytes: value });
  return Uint8Array.of(value >>> 8, value & 0xff);
}

/** A cursor that never passes the end of the bytes or of what a header may be. */
class HeaderReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  take(byteLength: number): Uint8Array {
    const end = this.#at + byteLength;
    if (end > MAX_HEADER_BYTES) throw new SealroomError("SEAL_LIMIT", { headerBytes: end });
    if (end > this.#bytes.length) throw new SealroomError("SEAL_TRUNCATED", { needed: end });
    const taken = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  u8(): number {
    return this.#integer(1);
  }

  u16(): number {
    return this.#integer(2);
  }

  u32(): number {
    return this.#integer(4);
  }

  expectU8(expected: number): void {
    const value = this.u8();
    if (value !== expected) throw new SealroomError("SEAL_HEADER", { at: this.#at - 1 });
  }

  #integer(byteLength: number): number {
    return this.take(byteLength).reduce((value, byte) => value * 256 + byte, 0);
  }
}
