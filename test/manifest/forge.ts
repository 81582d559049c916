// Signs what no owner's software would: any header, any payload, by node:crypto and not by the code under test.
import { createHmac, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { encodeCanonical } from "../../core/json.ts";
import type { PrivateJwk } from "../../core/manifest/jwk.ts";

export const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64url");
export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export function keyObject(jwk: PrivateJwk): KeyObject {
  return createPrivateKey({ key: { ...jwk }, format: "jwk" });
}

/** A JWS of parts that are given as they stand; signed over exactly these. */
export function forgeJws(header: string, payload: string, key: KeyObject): Uint8Array {
  const input = `${header}.${payload}`;
  const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const form = key.asymmetricKeyType === "ec" ? { key, dsaEncoding: "ieee-p1363" as const } : key;
  return ascii(`${input}.${base64url(sign(digest, Buffer.from(input), form))}`);
}

/** Header and payload as values, in canonical form. */
export function forgeDocument(header: object, payload: unknown, key: KeyObject): Uint8Array {
  return forgeJws(base64url(encodeCanonical(header)), base64url(encodeCanonical(payload)), key);
}

export function hmacJws(header: object, payload: unknown, secret: Uint8Array): Uint8Array {
  const input = `${base64url(encodeCanonical(header))}.${base64url(encodeCanonical(payload))}`;
  return ascii(`${input}.${base64url(createHmac("sha256", secret).update(input).digest())}`);
}

export function generateRsa(): { readonly key: KeyObject; readonly jwk: object } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { key: privateKey, jwk: publicKey.export({ format: "jwk" }) };
}
