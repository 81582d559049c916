// Judges a whole message as it passes, of any suite and framing, in bounded memory: every tag, the sequence, the footer's
// signature, and that nothing follows. The plaintext is dropped; who wants it opens it afterwards (adopted.ts) or with
// MessageOpener, which holds it back.
import { GcmVerifier, IV_BYTES, TAG_BYTES } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import type { Judge } from "./checked-object.ts";
import type { EncryptionContext } from "./context.ts";
import { MessageSignature } from "./footer.ts";
import { FrameCipher, UNFRAMED_PREFIX_BYTES, frameBytes, unframedAad, unframedLength } from "./frame.ts";
import type { OpenedHeader } from "./header.ts";
import { Intake } from "./intake.ts";
import type { KeySource } from "./keyring.ts";
import { openAs } from "./layer.ts";
import { HeaderReading, nextFrame, takeFooter } from "./message-parts.ts";
import type { MessagePolicy } from "./policy.ts";
import { MAX_FRAME_LENGTH } from "./ranged.ts";

/** A message that has been judged to its end. */
export interface JudgedMessage {
  readonly header: OpenedHeader;
  /** Bytes of footer that stand after the body. */
  readonly footerBytes: number;
  /** Of an unframed body: the IV as it is stored. */
  readonly iv: Uint8Array;
}

interface Body {
  readonly header: OpenedHeader;
  readonly cipher: FrameCipher;
  readonly signature: MessageSignature | null;
}

type Stage = "header" | "frames" | "unframed" | "text" | "tag" | "footer" | "end";

const NO_CONTEXT: EncryptionContext = new Map();

export class MessageJudge implements Judge {
  readonly #reading: HeaderReading;
  readonly #intake = new Intake();
  #stage: Stage = "header";
  #body: Body | null = null;
  #sequence = 1;
  #text: { readonly verifier: GcmVerifier; left: number; readonly iv: Uint8Array } | null = null;
  #footerBytes = 0;
  #dropped = new Uint8Array(0);

  constructor(source: KeySource, policy: MessagePolicy) {
    this.#reading = new HeaderReading(source, policy, NO_CONTEXT);
  }

  /** Errors: those of openHeader but SEAL_TRUNCATED, of frames and footer, SEAL_TRAILING. */
  push(part: Uint8Array): void {
    this.#intake.add(part);
    while (this.#step());
    this.#intake.keepRest();
  }

  /** Error: SEAL_TRUNCATED. */
  finish(): void {
    if (this.#stage !== "end") throw new SealroomError("SEAL_TRUNCATED");
  }

  /** After finish. */
  judged(): JudgedMessage {
    this.finish();
    return {
      header: this.#opened().header,
      footerBytes: this.#footerBytes,
      iv: this.#text?.iv ?? new Uint8Array(0),
    };
  }

  /** Whether it came further; if not, more bytes are needed. */
  #step(): boolean {
    switch (this.#stage) {
      case "header":
        return this.#stepHeader();
      case "frames":
        return this.#stepFrame();
      case "unframed":
        return this.#stepUnframed();
      case "text":
        return this.#stepText();
      case "tag":
        return this.#stepTag();
      case "footer":
        return this.#stepFooter();
      case "end":
        if (this.#intake.available > 0) throw new SealroomError("SEAL_TRAILING");
        return false;
    }
  }

  #stepHeader(): boolean {
    const header = this.#reading.read(this.#intake);
    if (header === null) return false;
    if (header.frameLength > MAX_FRAME_LENGTH) {
      throw new SealroomError("SEAL_LAYOUT", { frameLength: header.frameLength });
    }
    const signature = MessageSignature.of(header);
    const cipher = new FrameCipher(header.contentKey, header.messageId);
    this.#body = { header, cipher, signature };
    this.#dropped = new Uint8Array(header.frameLength);
    const bytes = this.#intake.take(header.headerBytes);
    signature?.update(bytes);
    this.#stage = header.framed ? "frames" : "unframed";
    return true;
  }

  #stepFrame(): boolean {
    const { header, cipher, signature } = this.#opened();
    const place = nextFrame(this.#intake, header.frameLength, this.#sequence);
    if (place === null) return false;
    if (this.#intake.available < frameBytes(place)) return false;
    const sealed = this.#intake.take(frameBytes(place));
    // Opened into the same place over and over: the tag is all that is wanted of it.
    cipher.openInto(sealed, place, this.#dropped, 0);
    signature?.update(sealed);
    this.#sequence++;
    if (place.final) this.#stage = signature === null ? "end" : "footer";
    return true;
  }

  #stepUnframed(): boolean {
    const { header, signature } = this.#opened();
    if (this.#intake.available < UNFRAMED_PREFIX_BYTES) return false;
    const prefix = this.#intake.take(UNFRAMED_PREFIX_BYTES);
    signature?.update(prefix);
    const left = unframedLength(prefix);
    // client-apis/decrypt: the IV of the one block is its sequence number, 1.
    const iv = prefix.slice(0, IV_BYTES);
    if (iv.some((byte, at) => byte !== (at === IV_BYTES - 1 ? 1 : 0))) {
      throw new SealroomError("SEAL_FRAME", { sequence: 1 });
    }
    const verifier = new GcmVerifier(header.contentKey, iv, unframedAad(header.messageId, left));
    this.#text = { verifier, left, iv };
    this.#stage = "text";
    return true;
  }

  #stepText(): boolean {
    const text = this.#text;
    if (text === null) throw new Error("internal: a text before its prefix");
    const part = this.#intake.take(Math.min(text.left, this.#intake.available));
    if (part.length > 0) text.verifier.update(part);
    this.#opened().signature?.update(part);
    text.left -= part.length;
    if (text.left > 0) return false;
    this.#stage = "tag";
    return true;
  }

  #stepTag(): boolean {
    if (this.#intake.available < TAG_BYTES) return false;
    const tag = this.#intake.take(TAG_BYTES);
    openAs("SEAL_FRAME_TAG", () => this.#text?.verifier.verify(tag));
    const { signature } = this.#opened();
    signature?.update(tag);
    this.#stage = signature === null ? "end" : "footer";
    return true;
  }

  #stepFooter(): boolean {
    const footerBytes = takeFooter(this.#intake, this.#opened().signature);
    if (footerBytes === null) return false;
    this.#footerBytes = footerBytes;
    this.#stage = "end";
    return true;
  }

  #opened(): Body {
    if (this.#body === null) throw new Error("internal: a body before its header");
    return this.#body;
  }
}
