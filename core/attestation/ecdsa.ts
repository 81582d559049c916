// ECDSA over P-384 with SHA-384, by WebCrypto: the one signature that Nitro's documents and certificates use.
import { SealroomError } from "../errors.ts";

const P384 = { name: "ECDSA", namedCurve: "P-384" };

/**
 * Whether `signature` (r and s, 48 bytes each) over `data` verifies under `publicKey` (04, x, y: 97 bytes).
 * @throws SealroomError CHAIN_KEY if the point is not on the curve
 */
export async function verifyEs384(
  publicKey: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("raw", publicKey, P384, false, ["verify"]).catch((cause: unknown) => {
    throw new SealroomError("CHAIN_KEY", {}, { cause });
  });
  return subtle.verify({ name: "ECDSA", hash: "SHA-384" }, key, signature, data);
}
