// The parts of a message as they arrive, for whoever opens it (open.ts) or only judges it (message-judge.ts): its header,
// where the next frame ends, its footer. Null says that more bytes are needed.
import { SealroomError } from "../errors.ts";
import type { EncryptionContext } from "./context.ts";
import { FOOTER_PREFIX_BYTES } from "./footer.ts";
import type { MessageSignature } from "./footer.ts";
import { FINAL_FRAME_PREFIX_BYTES, FINAL_MARK } from "./frame.ts";
import type { FramePlace } from "./frame.ts";
import { openHeader } from "./header.ts";
import type { OpenedHeader } from "./header.ts";
import type { Intake } from "./intake.ts";
import type { KeySource } from "./keyring.ts";
import type { MessagePolicy } from "./policy.ts";

/** Reads one header; it is parsed again only when as many bytes have come as the last try said it takes. */
export class HeaderReading {
  readonly #source: KeySource;
  readonly #policy: MessagePolicy;
  readonly #required: EncryptionContext;
  #needs = 1;

  constructor(source: KeySource, policy: MessagePolicy, required: EncryptionContext) {
    this.#source = source;
    this.#policy = policy;
    this.#required = required;
  }

  /** Takes nothing from the intake. Errors: those of openHeader but SEAL_TRUNCATED. */
  read(intake: Intake): OpenedHeader | null {
    const { available } = intake;
    if (available < this.#needs) return null;
    try {
      return openHeader(intake.peek(available), this.#source, this.#policy, this.#required);
    } catch (error) {
      if (!(error instanceof SealroomError) || error.code !== "SEAL_TRUNCATED") throw error;
      this.#needs = Number(error.details["needed"]);
      return null;
    }
  }
}

/** What the next frame says that it is; its bytes may not be there yet. Error: SEAL_FRAME. */
export function nextFrame(intake: Intake, frameLength: number, sequence: number): FramePlace | null {
  if (intake.available < 4) return null;
  const final = readU32(intake.peek(4), 0) === FINAL_MARK;
  if (!final) return { sequence, final, plainBytes: frameLength };
  if (intake.available < FINAL_FRAME_PREFIX_BYTES) return null;
  const plainBytes = readU32(intake.peek(FINAL_FRAME_PREFIX_BYTES), FINAL_FRAME_PREFIX_BYTES - 4);
  if (plainBytes > frameLength) throw new SealroomError("SEAL_FRAME", { sequence });
  return { sequence, final, plainBytes };
}

/** Takes the footer and verifies it; gives its length. Errors: those of MessageSignature. */
export function takeFooter(intake: Intake, signature: MessageSignature | null): number | null {
  if (intake.available < FOOTER_PREFIX_BYTES) return null;
  const signatureBytes = signature?.signatureBytes(intake.peek(FOOTER_PREFIX_BYTES)) ?? 0;
  const footerBytes = FOOTER_PREFIX_BYTES + signatureBytes;
  if (intake.available < footerBytes) return null;
  signature?.verify(intake.take(footerBytes).subarray(FOOTER_PREFIX_BYTES));
  return footerBytes;
}

function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}
