// Keys as JWK (RFC 7517), with exactly the members their thumbprint covers (RFC 7638).
import { SealroomError } from "../errors.ts";
import { encodeCanonical } from "../json.ts";
import { decodeBase64url, encodeBase64url } from "../text/base64url.ts";
import { sha256 } from "../text/digest.ts";
import { isEd25519Key, isP256Point } from "./curve.ts";

/** A public key: EC P-256 (ES256 signatures, or ECDH-ES for sealing) or OKP Ed25519 (EdDSA). No other members. */
export type PublicJwk = P256Jwk | Ed25519Jwk;

export interface P256Jwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}

export interface Ed25519Jwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

/** A private key with its public part: the same members and `d`. Never leaves the machine of whom it belongs to. */
export type PrivateJwk = PublicJwk & { readonly d: string };

/** SHA-256, base64url. */
export const THUMBPRINT: Readonly<RegExp> = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * A public key out of a parsed document. `field` is where it stands, for the error.
 * Errors: KEY_SHAPE (missing, unknown or malformed members, a private member among them), KEY_POINT.
 */
export function parsePublicJwk(value: unknown, field = "key"): PublicJwk {
  const { kty, crv, x, y, ...others } = membersOf(value, field);
  if (Object.keys(others).length > 0) throw new SealroomError("KEY_SHAPE", { field });
  if (kty === "EC" && crv === "P-256") {
    const key: P256Jwk = { crv, kty, x: coordinate(x, field), y: coordinate(y, field) };
    if (!isP256Point(bytesOf(key.x, field), bytesOf(key.y, field))) {
      throw new SealroomError("KEY_POINT", { field });
    }
    return key;
  }
  if (kty === "OKP" && crv === "Ed25519" && y === undefined) {
    const key: Ed25519Jwk = { crv, kty, x: coordinate(x, field) };
    if (!isEd25519Key(bytesOf(key.x, field))) throw new SealroomError("KEY_POINT", { field });
    return key;
  }
  throw new SealroomError("KEY_SHAPE", { field });
}

/** A key that results and reports can be sealed to. Errors: as parsePublicJwk, KEY_USE. */
export function parseSealingJwk(value: unknown, field = "key"): P256Jwk {
  const key = parsePublicJwk(value, field);
  if (key.kty !== "EC") throw new SealroomError("KEY_USE", { field });
  return key;
}

/** Errors: as parsePublicJwk, KEY_PRIVATE. That both parts belong together shows on first use. */
export function parsePrivateJwk(value: unknown, field = "key"): PrivateJwk {
  const { d, ...rest } = membersOf(value, field);
  const publicJwk = parsePublicJwk(rest, field);
  if (typeof d !== "string" || decodeBase64url(d)?.length !== 32) {
    throw new SealroomError("KEY_PRIVATE", { field });
  }
  return { ...publicJwk, d };
}

export function publicPart(key: PrivateJwk): PublicJwk {
  return key.kty === "EC"
    ? { crv: key.crv, kty: key.kty, x: key.x, y: key.y }
    : { crv: key.crv, kty: key.kty, x: key.x };
}

/** RFC 7638: SHA-256 (base64url) of the required members, which are all that a PublicJwk has. */
export async function thumbprint(key: PublicJwk): Promise<string> {
  return encodeBase64url(await sha256(encodeCanonical(key)));
}

export function isSameKey(left: PublicJwk, right: PublicJwk): boolean {
  if (left.kty === "EC") return right.kty === "EC" && left.x === right.x && left.y === right.y;
  return right.kty === "OKP" && left.x === right.x;
}

function membersOf(value: unknown, field: string): Partial<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SealroomError("KEY_SHAPE", { field });
  }
  return { ...value };
}

function coordinate(value: unknown, field: string): string {
  if (typeof value !== "string") throw new SealroomError("KEY_SHAPE", { field });
  return value;
}

function bytesOf(text: string, field: string): Uint8Array {
  // The length first: it bounds what is decoded.
  const bytes = text.length === 43 ? decodeBase64url(text) : undefined;
  if (bytes === undefined) throw new SealroomError("KEY_SHAPE", { field });
  return bytes;
}
