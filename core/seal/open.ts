// Opening a whole message, of any suite and framing, as it arrives or at once. Stricter than AWS's clients: bytes after
// the end are refused. Leaves out ranges of large objects (ranged.ts).
import { TAG_BYTES } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import type { EncryptionContext } from "./context.ts";
import { MessageSignature } from "./footer.ts";
import { FrameCipher, UNFRAMED_PREFIX_BYTES, frameBytes, unframedLength } from "./frame.ts";
import type { OpenedHeader } from "./header.ts";
import { Intake } from "./intake.ts";
import { RawAesKeyring, knownDataKey } from "./keyring.ts";
import type { KeySource, RawAesKey } from "./keyring.ts";
import { HeaderReading, nextFrame, takeFooter } from "./message-parts.ts";
import { EVERY_SUITE } from "./policy.ts";
import type { MessagePolicy } from "./policy.ts";

type Stage = "header" | "frames" | "unframed" | "footer" | "end" | "closed";

interface Body {
  readonly header: OpenedHeader;
  readonly cipher: FrameCipher;
  readonly signature: MessageSignature | null;
}

const NO_CONTEXT: EncryptionContext = new Map();

/**
 * Give it the message with push, in chunks of any size, then call finish. Frames of an unsigned message are returned as
 * they verify; an unframed or a signed message is held back and returned by finish, once its tag or its signature has
 * verified and nothing follows it. After a failure, or finish, every call fails with SEAL_STATE.
 */
export class MessageOpener {
  readonly #policy: MessagePolicy;
  readonly #reading: HeaderReading;
  readonly #intake = new Intake();
  #stage: Stage = "header";
  #body: Body | null = null;
  #sequence = 1;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(source: KeySource, policy: MessagePolicy, required: EncryptionContext = NO_CONTEXT) {
    this.#policy = policy;
    this.#reading = new HeaderReading(source, policy, required);
  }

  /** Once so many bytes have come that it verified; else null. */
  get header(): OpenedHeader | null {
    return this.#body?.header ?? null;
  }

  /** The chunk's memory may be used again afterwards. Errors: those of openHeader but SEAL_TRUNCATED, of frames and footer. */
  push(chunk: Uint8Array): Uint8Array[] {
    const released: Uint8Array[] = [];
    this.#closeOnFailure(() => {
      this.#intake.add(chunk);
      while (this.#step(released));
      this.#intake.keepRest();
    });
    return released;
  }

  /** What was held back. Error: SEAL_TRUNCATED. */
  finish(): Uint8Array[] {
    this.#closeOnFailure(() => {
      if (this.#stage !== "end") throw new SealroomError("SEAL_TRUNCATED");
      this.#stage = "closed";
    });
    return this.#held.splice(0);
  }

  #closeOnFailure(work: () => void): void {
    if (this.#stage === "closed") throw new SealroomError("SEAL_STATE");
    try {
      work();
    } catch (error) {
      this.#stage = "closed";
      this.#held = [];
      throw error;
    }
  }

  /** Whether it came further; if not, more bytes are needed. */
  #step(released: Uint8Array[]): boolean {
    switch (this.#stage) {
      case "header":
        return this.#stepHeader();
      case "frames":
        return this.#stepFrame(released);
      case "unframed":
        return this.#stepUnframed();
      case "footer":
        return this.#stepFooter();
      case "end":
      case "closed":
        if (this.#intake.available > 0) throw new SealroomError("SEAL_TRAILING");
        return false;
    }
  }

  #stepHeader(): boolean {
    const header = this.#reading.read(this.#intake);
    if (header === null) return false;
    const signature = MessageSignature.of(header);
    signature?.update(this.#intake.peek(header.headerBytes));
    this.#intake.take(header.headerBytes);
    const cipher = new FrameCipher(header.contentKey, header.messageId, this.#policy.encoding);
    this.#body = { header, signature, cipher };
    this.#stage = header.framed ? "frames" : "unframed";
    return true;
  }

  #stepFrame(released: Uint8Array[]): boolean {
    const { header, cipher, signature } = this.#opened();
    const place = nextFrame(this.#intake, header.frameLength, this.#sequence);
    if (place === null) return false;
    this.#checkLimit(place.plainBytes);
    if (this.#intake.available < frameBytes(place)) return false;
    const sealed = this.#intake.take(frameBytes(place));
    const plain = cipher.open(sealed, place);
    if (signature === null) {
      if (plain.length > 0) released.push(plain);
    } else {
      signature.update(sealed);
      this.#hold(plain);
    }
    this.#sequence++;
    if (place.final) this.#stage = signature === null ? "end" : "footer";
    return true;
  }

  #stepUnframed(): boolean {
    const { cipher, signature } = this.#opened();
    if (this.#intake.available < UNFRAMED_PREFIX_BYTES) return false;
    const plainBytes = unframedLength(this.#intake.peek(UNFRAMED_PREFIX_BYTES));
    this.#checkLimit(plainBytes);
    const sealedBytes = UNFRAMED_PREFIX_BYTES + plainBytes + TAG_BYTES;
    if (this.#intake.available < sealedBytes) return false;
    const sealed = this.#intake.take(sealedBytes);
    this.#hold(cipher.openUnframed(sealed));
    signature?.update(sealed);
    this.#stage = signature === null ? "end" : "footer";
    return true;
  }

  #stepFooter(): boolean {
    if (takeFooter(this.#intake, this.#opened().signature) === null) return false;
    this.#stage = "end";
    return true;
  }

  #opened(): Body {
    if (this.#body === null) throw new Error("internal: a body before its header");
    return this.#body;
  }

  /** From lengths that the message claims, before any of those bytes are waited for. */
  #checkLimit(plainBytes: number): void {
    const heldBytes = this.#heldBytes + plainBytes;
    if (heldBytes > this.#policy.maxHeldBytes) throw new SealroomError("SEAL_LIMIT", { heldBytes });
  }

  #hold(plain: Uint8Array): void {
    this.#held.push(plain);
    this.#heldBytes += plain.length;
  }
}

/** Opens a message that is there as a whole, and returns its plaintext. Errors: those of MessageOpener. */
export function openMessage(
  bytes: Uint8Array,
  source: KeySource,
  policy: MessagePolicy,
  required: EncryptionContext = NO_CONTEXT,
): Uint8Array {
  const opener = new MessageOpener(source, policy, required);
  const pieces = opener.push(bytes);
  pieces.push(...opener.finish());
  return joinPieces(pieces);
}

/** A message of any suite, by its plaintext data key. */
export function openWithDataKey(
  bytes: Uint8Array,
  dataKey: Uint8Array,
  required: EncryptionContext = NO_CONTEXT,
): Uint8Array {
  return openMessage(bytes, knownDataKey(dataKey), EVERY_SUITE, required);
}

/** A message of any suite, by the key of the Raw AES keyring that wrapped its data key. */
export function openWithRawAes(
  bytes: Uint8Array,
  key: RawAesKey,
  required: EncryptionContext = NO_CONTEXT,
): Uint8Array {
  return openMessage(bytes, new RawAesKeyring(key), EVERY_SUITE, required);
}

function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
