// Compact JWS (RFC 7515) with one form: protected header exactly alg, jwk, typ in canonical JSON; canonical base64url
// throughout; the key's own algorithm. The signature is over the bytes as sent, and so is every digest.
import { CompactSign, compactVerify } from "jose";
import { SealroomError } from "../errors.ts";
import { parseCanonical } from "../json.ts";
import type { TextLimits } from "../json.ts";
import { decodeBase64urlBytes } from "../text/base64url.ts";
import { Field } from "../text/field.ts";
import { encodeUtf8 } from "../text/utf8.ts";
import { parsePublicJwk } from "./jwk.ts";
import type { PublicJwk } from "./jwk.ts";
import { algorithmOf, importVerifyingKey } from "./signing-key.ts";
import type { SigningKey } from "./signing-key.ts";

const DOT = 0x2e;
const SIGNATURE_BYTES = 64;
const HEADER_LIMITS: TextLimits = { bytes: 512, depth: 2, values: 16 };

/** What a document must be signed as, and how long its payload may be. */
export interface JwsForm {
  readonly typ: string;
  readonly payloadBytes: number;
}

export interface VerifiedJws {
  readonly payload: Uint8Array;
  /** The key that signed: whoever holds it, which proves nothing about who that is. */
  readonly key: PublicJwk;
}

/**
 * Whether some key signed these ASCII bytes as `form.typ`. Whose key it is, the caller decides.
 * Errors: JWS_SIZE, JWS_SHAPE, JWS_BASE64URL, JWS_HEADER, KEY_SHAPE, KEY_POINT, JWS_ALGORITHM, JWS_SIGNATURE, JWS_TYP.
 */
export async function verifyJws(jws: Uint8Array, form: JwsForm): Promise<VerifiedJws> {
  const [headerPart, payloadPart, signaturePart] = splitJws(jws, form);
  const { alg, typ, key } = parseHeader(decodePart(headerPart));
  if (alg !== algorithmOf(key)) throw new SealroomError("JWS_ALGORITHM");
  if (decodePart(signaturePart).length !== SIGNATURE_BYTES) throw new SealroomError("JWS_SHAPE");
  const payload = decodePart(payloadPart);
  await checkSignature(jws, alg, key);
  // Signed, but as what? A grant is no manifest.
  if (typ !== form.typ) throw new SealroomError("JWS_TYP");
  return { payload, key };
}

/** Signs `payload`, and verifies what was signed: a key pair whose halves do not match signs nothing. Errors: KEY_PRIVATE. */
export async function signJws(payload: Uint8Array, form: JwsForm, key: SigningKey): Promise<Uint8Array> {
  // In canonical order, as it is serialized as it stands; parsePublicJwk puts the key's members in order too.
  const header = { alg: algorithmOf(key.publicKey), jwk: parsePublicJwk(key.publicKey), typ: form.typ };
  const jws = encodeUtf8(await new CompactSign(payload).setProtectedHeader(header).sign(key.privateKey));
  try {
    await verifyJws(jws, form);
  } catch (cause) {
    throw new SealroomError("KEY_PRIVATE", {}, { cause });
  }
  return jws;
}

/** Lengths are checked here, before anything is decoded. */
function splitJws(jws: Uint8Array, form: JwsForm): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const limit =
    encodedLength(HEADER_LIMITS.bytes) +
    encodedLength(form.payloadBytes) +
    encodedLength(SIGNATURE_BYTES) +
    2;
  if (jws.length > limit) throw new SealroomError("JWS_SIZE", { limit });
  const first = jws.indexOf(DOT);
  const second = jws.indexOf(DOT, first + 1);
  if (first < 1 || second <= first + 1 || jws.includes(DOT, second + 1)) {
    throw new SealroomError("JWS_SHAPE");
  }
  if (first > encodedLength(HEADER_LIMITS.bytes)) {
    throw new SealroomError("JWS_SIZE", { limit: HEADER_LIMITS.bytes });
  }
  if (second - first - 1 > encodedLength(form.payloadBytes)) {
    throw new SealroomError("JWS_SIZE", { limit: form.payloadBytes });
  }
  return [jws.subarray(0, first), jws.subarray(first + 1, second), jws.subarray(second + 1)];
}

function decodePart(part: Uint8Array): Uint8Array {
  const bytes = decodeBase64urlBytes(part);
  if (bytes === undefined) throw new SealroomError("JWS_BASE64URL");
  return bytes;
}

function parseHeader(bytes: Uint8Array): {
  readonly alg: string;
  readonly typ: string;
  readonly key: PublicJwk;
} {
  let value;
  try {
    value = parseCanonical(bytes, HEADER_LIMITS);
  } catch (cause) {
    throw new SealroomError("JWS_HEADER", {}, { cause });
  }
  const { alg, jwk, typ } = new Field(value, "", "JWS_HEADER").record(["alg", "jwk", "typ"]);
  return { alg: alg.text(), typ: typ.text(), key: parsePublicJwk(jwk.value, "jwk") };
}

async function checkSignature(jws: Uint8Array, alg: string, key: PublicJwk): Promise<void> {
  const verifyingKey = await importVerifyingKey(key);
  try {
    await compactVerify(jws, verifyingKey, { algorithms: [alg] });
  } catch (cause) {
    throw new SealroomError("JWS_SIGNATURE", {}, { cause });
  }
}

function encodedLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
