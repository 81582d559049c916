// Opening a message header. After it, and not before, the message's context, frame length and content key may be
// believed; its digest is the name by which a manifest knows the object.
import { openGcm, sha384 } from "../crypto.ts";
import type { AesKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { completeContext, encodeContext } from "./context.ts";
import type { EncryptionContext } from "./context.ts";
import { parseHeader } from "./header-fields.ts";
import type { HeaderFields } from "./header-fields.ts";
import type { KeySource } from "./keyring.ts";
import { deriveContentKey } from "./keys.ts";
import { openAs } from "./layer.ts";
import { SEALED_OBJECT, checkPolicy } from "./policy.ts";
import type { MessagePolicy } from "./policy.ts";
import type { Suite } from "./suite.ts";

export interface OpenedHeader {
  readonly suite: Suite;
  readonly messageId: Uint8Array;
  /** Stored and required pairs. */
  readonly encryptionContext: EncryptionContext;
  readonly framed: boolean;
  /** Plaintext bytes of each frame but the last; 0 when unframed. */
  readonly frameLength: number;
  /** Where the body begins. */
  readonly headerBytes: number;
  readonly contentKey: AesKey;
  /** SHA-384 of the header's bytes, tag included. */
  readonly digest: Uint8Array;
}

const NO_CONTEXT: EncryptionContext = new Map();

/**
 * The bytes the header takes, or null when `prefix` is too short to tell.
 * Errors, when no more bytes could help: SEAL_HEADER, SEAL_SUITE, SEAL_CONTEXT, SEAL_LIMIT.
 */
export function headerLength(prefix: Uint8Array): number | null {
  try {
    return headerBytes(parseHeader(prefix));
  } catch (error) {
    if (error instanceof SealroomError && error.code === "SEAL_TRUNCATED") return null;
    throw error;
  }
}

/**
 * Opens the header at the start of `bytes`. `required` holds pairs of the encryption context that the reader knows.
 * Errors: those of headerLength, SEAL_TRUNCATED, POLICY_MESSAGE, SEAL_KEY, SEAL_COMMITMENT, SEAL_HEADER_TAG.
 */
export function openHeader(
  bytes: Uint8Array,
  source: KeySource,
  policy: MessagePolicy = SEALED_OBJECT,
  required: EncryptionContext = NO_CONTEXT,
): OpenedHeader {
  const header = parseHeader(bytes);
  checkPolicy(header, policy);
  const context = completeContext(header.context, required);
  const dataKey = source.dataKey(header, context.full);
  const contentKey = deriveContentKey(header, dataKey);
  verifyHeaderTag(header, contentKey, context.required);
  return {
    suite: header.suite,
    messageId: header.messageId,
    encryptionContext: context.full,
    framed: header.framed,
    frameLength: header.frameLength,
    headerBytes: headerBytes(header),
    contentKey,
    digest: sha384(header.body, storedIv(header), header.tag),
  };
}

/** What the header's tag covers: the body as it came, then the context that does not stand in it. */
function verifyHeaderTag(header: HeaderFields, contentKey: AesKey, required: EncryptionContext): void {
  const aad = Buffer.concat([header.body, encodeContext(required)]);
  openAs("SEAL_HEADER_TAG", () => openGcm(contentKey, header.iv, aad, header.tag));
}

function headerBytes(header: HeaderFields): number {
  return header.body.length + storedIv(header).length + header.tag.length;
}

function storedIv({ suite, iv }: HeaderFields): Uint8Array {
  return suite.version === 1 ? iv : iv.subarray(0, 0);
}
