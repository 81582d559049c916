// A result sealed to its recipient: compact JWE (RFC 7516), ECDH-ES with A256GCM, of one form. The key is agreed with
// an ephemeral one, so what was sealed cannot be opened by the enclave, and only the recipient's key opens it.
import { CompactEncrypt, compactDecrypt, importJWK } from "jose";
import type { CryptoKey } from "jose";
import { SealroomError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { TextLimits } from "../json.ts";
import { parsePublicJwk, parseSealingJwk } from "../manifest/jwk.ts";
import type { P256Jwk, PrivateJwk, PublicJwk } from "../manifest/jwk.ts";
import { decodeBase64urlBytes } from "../text/base64url.ts";
import { Field } from "../text/field.ts";
import { decodeUtf8, encodeUtf8 } from "../text/utf8.ts";
import { MAX_PADDED_BYTES, padResult, unpadResult } from "./padding.ts";

export const RESULT_TYP = "sealroom-result";
const ALG = "ECDH-ES";
const ENC = "A256GCM";
const IV_BYTES = 12;
const TAG_BYTES = 16;
const DOT = 0x2e;
const HEADER_LIMITS: TextLimits = { bytes: 512, depth: 2, values: 16 };
const MAX_JWE_BYTES = Math.ceil((MAX_PADDED_BYTES * 4) / 3) + 1024;

/**
 * The JWE, ASCII bytes. Its length is that of a result of `atLeast` bytes, or of this one where it is larger.
 * Errors: KEY_*, RESULT_SIZE.
 */
export async function sealResult(
  result: Uint8Array,
  recipient: PublicJwk,
  atLeast: number,
): Promise<Uint8Array> {
  const key = await importSealingKey(parseSealingJwk(recipient));
  const jwe = new CompactEncrypt(padResult(result, atLeast)).setProtectedHeader({
    alg: ALG,
    enc: ENC,
    typ: RESULT_TYP,
  });
  return encodeUtf8(await jwe.encrypt(key));
}

/**
 * Opens what sealResult sealed. Errors: KEY_PRIVATE, KEY_USE, RESULT_SIZE, RESULT_HEADER (not of this form), RESULT_OPEN
 * (another's key, or changed on the way: these look alike), RESULT_PADDING.
 */
export async function openResult(sealed: Uint8Array, recipient: PrivateJwk): Promise<Uint8Array> {
  if (recipient.kty !== "EC") throw new SealroomError("KEY_USE");
  checkForm(sealed);
  const key = await importSealingKey(recipient);
  let padded: Uint8Array;
  try {
    const opened = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: [ALG],
      contentEncryptionAlgorithms: [ENC],
    });
    padded = opened.plaintext;
  } catch (cause) {
    throw new SealroomError("RESULT_OPEN", {}, { cause });
  }
  return unpadResult(padded);
}

/** Header with exactly alg, enc, epk and typ; no encrypted key, as the agreed key is used itself; canonical base64url. */
function checkForm(sealed: Uint8Array): void {
  if (sealed.length > MAX_JWE_BYTES) throw new SealroomError("RESULT_SIZE", { limit: MAX_JWE_BYTES });
  const [header, encryptedKey, iv, ciphertext, tag, ...more] = splitParts(sealed);
  const isShaped =
    more.length === 0 &&
    encryptedKey?.length === 0 &&
    iv?.length === IV_BYTES &&
    tag?.length === TAG_BYTES &&
    ciphertext !== undefined &&
    header !== undefined;
  if (!isShaped) throw new SealroomError("RESULT_HEADER");
  let fields;
  try {
    const value = parseJson(decodeUtf8(header), HEADER_LIMITS);
    fields = new Field(value, "", "RESULT_HEADER").record(["alg", "enc", "epk", "typ"]);
    parseSealingJwk(parsePublicJwk(fields.epk.value));
  } catch (cause) {
    throw new SealroomError("RESULT_HEADER", {}, { cause });
  }
  fields.alg.oneOf([ALG]);
  fields.enc.oneOf([ENC]);
  fields.typ.oneOf([RESULT_TYP]);
}

function splitParts(sealed: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start <= sealed.length;) {
    const dot = sealed.indexOf(DOT, start);
    const end = dot === -1 ? sealed.length : dot;
    const part = decodeBase64urlBytes(sealed.subarray(start, end));
    // Five parts are one too few for this to go on over many.
    if (part === undefined || parts.length === 5) throw new SealroomError("RESULT_HEADER");
    parts.push(part);
    start = end + 1;
  }
  return parts;
}

async function importSealingKey(key: P256Jwk | PrivateJwk): Promise<CryptoKey> {
  let imported: CryptoKey | Uint8Array;
  try {
    imported = await importJWK({ ...key }, ALG);
  } catch (cause) {
    throw new SealroomError("KEY_PRIVATE", {}, { cause });
  }
  if (imported instanceof Uint8Array) throw new SealroomError("KEY_PRIVATE");
  return imported;
}
