// An owner's signing key, ready for use. The private part stays in a CryptoKey that cannot be exported.
import { importJWK } from "jose";
import type { CryptoKey } from "jose";
import { SealroomError } from "../errors.ts";
import { publicPart } from "./jwk.ts";
import type { PrivateJwk, PublicJwk } from "./jwk.ts";

export interface SigningKey {
  readonly publicKey: PublicJwk;
  readonly privateKey: CryptoKey;
}

export type JwsAlgorithm = "ES256" | "EdDSA";

/** The one algorithm that goes with a key. */
export function algorithmOf(key: PublicJwk): JwsAlgorithm {
  return key.kty === "EC" ? "ES256" : "EdDSA";
}

/** Errors: KEY_PRIVATE. */
export async function importSigningKey(key: PrivateJwk): Promise<SigningKey> {
  return { publicKey: publicPart(key), privateKey: await importKey(key, "KEY_PRIVATE") };
}

/** Errors: KEY_POINT. */
export async function importVerifyingKey(key: PublicJwk): Promise<CryptoKey> {
  return importKey(key, "KEY_POINT");
}

async function importKey(key: PublicJwk | PrivateJwk, code: "KEY_PRIVATE" | "KEY_POINT"): Promise<CryptoKey> {
  let imported: CryptoKey | Uint8Array;
  try {
    imported = await importJWK({ ...key }, algorithmOf(key));
  } catch (cause) {
    throw new SealroomError(code, {}, { cause });
  }
  if (imported instanceof Uint8Array) throw new SealroomError(code);
  return imported;
}
