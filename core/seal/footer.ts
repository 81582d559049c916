// The footer of a signed message (data-format/message-footer): `u16 length | DER ECDSA signature` over all the bytes
// before it. The public key stands in the header's context, so the signature shows no more than that the message's
// writer, who held the data key, finished it; who that was the key's wrapping must tell.
import { EcdsaVerifier } from "../crypto.ts";
import type { Curve } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { PUBLIC_KEY_ENTRY } from "./context.ts";
import type { OpenedHeader } from "./header.ts";

export const FOOTER_PREFIX_BYTES = 2;

// SEQUENCE of two INTEGERs, each a coordinate with at most one byte of sign.
const MAX_SIGNATURE_BYTES: Readonly<Record<Curve, number>> = { "P-256": 72, "P-384": 104 };

export class MessageSignature {
  readonly #verifier: EcdsaVerifier;
  readonly #maxBytes: number;

  private constructor(curve: Curve, publicKey: Uint8Array) {
    this.#verifier = new EcdsaVerifier(curve, publicKey);
    this.#maxBytes = MAX_SIGNATURE_BYTES[curve];
  }

  /** Null for an unsigned suite. Errors: SEAL_CONTEXT, CRYPTO_KEY. */
  static of({ suite, encryptionContext }: OpenedHeader): MessageSignature | null {
    if (suite.signature === null) return null;
    const entry = encryptionContext.get(PUBLIC_KEY_ENTRY) ?? "";
    const point = Buffer.from(entry, "base64");
    if (point.toString("base64") !== entry) throw new SealroomError("SEAL_CONTEXT");
    return new MessageSignature(suite.signature, point);
  }

  /** Every byte of header and body, in order. */
  update(part: Uint8Array): void {
    this.#verifier.update(part);
  }

  /** The signature's length, from the footer's first two bytes. Error: SEAL_FOOTER. */
  signatureBytes(prefix: Uint8Array): number {
    const [high = 0, low = 0] = prefix;
    const byteLength = high * 256 + low;
    if (byteLength === 0 || byteLength > this.#maxBytes) {
      throw new SealroomError("SEAL_FOOTER", { signatureBytes: byteLength });
    }
    return byteLength;
  }

  /** Error: SEAL_SIGNATURE. */
  verify(signature: Uint8Array): void {
    if (!this.#verifier.matches(signature)) throw new SealroomError("SEAL_SIGNATURE");
  }
}
