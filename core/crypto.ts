// The one file that touches ciphers: node:crypto with every choice fixed (AES-GCM with 16-byte tags only, OAEP with
// SHA-256 only) and returns plain Uint8Arrays. Leaves out formats, and WebCrypto, which core/attestation uses.
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  createSecretKey,
  createVerify,
  generateKeyPairSync,
  hkdfSync,
  privateDecrypt,
  randomBytes as nodeRandomBytes,
  timingSafeEqual,
} from "node:crypto";
import type { CipherGCMTypes, Cipheriv, DecipherGCM, Hash, KeyObject, Verify } from "node:crypto";

import { SealroomError } from "./errors.ts";

export type AesKey = KeyObject;
export type RsaPrivateKey = KeyObject;
export type Sha2 = "sha256" | "sha384" | "sha512";

export const TAG_BYTES = 16;
export const IV_BYTES = 12;

// Without this, node:crypto takes tags of 4 bytes too, which can be guessed.
const GCM_OPTIONS = { authTagLength: TAG_BYTES } as const;

/** An AES key of 16, 24 or 32 bytes, copied; as a key object it is set up once and opens frames a third faster. */
export function aesKey(bytes: Uint8Array): AesKey {
  if (![16, 24, 32].includes(bytes.length)) throw new TypeError("an AES key is 16, 24 or 32 bytes");
  return createSecretKey(bytes);
}

/** Ciphertext || tag. */
export function sealGcm(key: AesKey, iv: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plain.length + TAG_BYTES);
  sealGcmInto(key, iv, aad, plain, sealed, 0);
  return sealed;
}

/** Writes ciphertext || tag, `plain.length + 16` bytes, at `offset`. */
export function sealGcmInto(
  key: AesKey,
  iv: Uint8Array,
  aad: Uint8Array,
  plain: Uint8Array,
  into: Uint8Array,
  offset: number,
): void {
  const cipher = createCipheriv(gcmName(key), key, iv, GCM_OPTIONS);
  cipher.setAAD(aad);
  const text = cipher.update(plain);
  into.set(text, offset);
  release(text);
  cipher.final();
  into.set(cipher.getAuthTag(), offset + plain.length);
}

/** Opens ciphertext || tag; the plaintext exists for the caller only once the tag has verified. Error: CRYPTO_TAG. */
export function openGcm(
  key: AesKey,
  iv: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (sealed.length < TAG_BYTES) throw new SealroomError("CRYPTO_TAG");
  const end = sealed.length - TAG_BYTES;
  const cipher = createDecipheriv(gcmName(key), key, iv, GCM_OPTIONS);
  cipher.setAAD(aad);
  cipher.setAuthTag(sealed.subarray(end));
  const plain = cipher.update(sealed.subarray(0, end));
  try {
    cipher.final();
  } catch (cause) {
    throw new SealroomError("CRYPTO_TAG", {}, { cause });
  }
  return plainView(plain);
}

/**
 * Opens ciphertext || tag and then writes the plaintext at `offset`, so that the frames of a column lie end to end.
 * Nothing is written before the tag has verified, and all of `sealed` is read before anything is written, so `into`
 * may be the same memory. (node:crypto always allocates its output: this copy is the one move of the bytes.)
 * Error: CRYPTO_TAG.
 */
export function openGcmInto(
  key: AesKey,
  iv: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
  into: Uint8Array,
  offset: number,
): void {
  const plain = openGcm(key, iv, aad, sealed);
  into.set(plain, offset);
  release(plain);
}

/** Verifies a GCM text that arrives in parts and is too long to hold; what it opens to is dropped unseen. */
export class GcmVerifier {
  readonly #cipher: DecipherGCM;

  constructor(key: AesKey, iv: Uint8Array, aad: Uint8Array) {
    this.#cipher = createDecipheriv(gcmName(key), key, iv, GCM_OPTIONS);
    this.#cipher.setAAD(aad);
  }

  update(part: Uint8Array): void {
    release(this.#cipher.update(part));
  }

  /** Once, after all parts. Error: CRYPTO_TAG. */
  verify(tag: Uint8Array): void {
    if (tag.length !== TAG_BYTES) throw new SealroomError("CRYPTO_TAG");
    this.#cipher.setAuthTag(tag);
    try {
      this.#cipher.final();
    } catch (cause) {
      throw new SealroomError("CRYPTO_TAG", {}, { cause });
    }
  }
}

export const BLOCK_BYTES = 16;

/**
 * Opens part of a GCM text in place, from its block `block` on. Nothing is verified here: the caller knows that these are
 * bytes of a text whose tag has verified. NIST SP 800-38D §7.1: GCM is CTR mode, its first counter block is IV || 2.
 */
export function openGcmPart(key: AesKey, iv: Uint8Array, block: number, text: Uint8Array): void {
  const counter = new Uint8Array(BLOCK_BYTES);
  counter.set(iv);
  new DataView(counter.buffer).setUint32(IV_BYTES, block + 2);
  const cipher = createDecipheriv(`aes-${(key.symmetricKeySize ?? 0) * 8}-ctr`, key, counter);
  const plain = cipher.update(text);
  text.set(plain);
  release(plain);
}

/**
 * AES over 16-byte blocks, each by itself: a keyed permutation to build keyed hashes on. Nothing may be encrypted
 * for others with it: equal blocks come out equal.
 */
export class BlockCipher {
  readonly #cipher: Cipheriv;

  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null);
    this.#cipher.setAutoPadding(false);
  }

  /** Whole blocks, to where `into` begins. */
  encryptInto(blocks: Uint8Array, into: Uint8Array): void {
    if (blocks.length % BLOCK_BYTES !== 0) throw new TypeError("blocks are of 16 bytes");
    const encrypted = this.#cipher.update(blocks);
    into.set(encrypted);
    release(encrypted);
  }
}

/** AES-256-CBC blocks, padding left in place: the caller checks it in constant time (core/seal/cms.ts). */
export function openCbcBlocks(key: AesKey, iv: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createDecipheriv("aes-256-cbc", key, iv);
  cipher.setAutoPadding(false);
  const plain = new Uint8Array(blocks.length);
  const opened = cipher.update(blocks);
  plain.set(opened);
  opened.fill(0);
  cipher.final();
  return plain;
}

export interface RecipientKey {
  readonly privateKey: RsaPrivateKey;
  /** DER SubjectPublicKeyInfo: what stands in the attestation document. */
  readonly publicKeyDer: Uint8Array;
}

/** A fresh RSA-2048 pair, to which KMS encrypts one answer. Takes some tens of milliseconds. */
export function generateRecipientKey(): RecipientKey {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 0x10001 });
  return { privateKey, publicKeyDer: publicKeyDer(privateKey) };
}

/** DER SubjectPublicKeyInfo of a private key. */
export function publicKeyDer(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
}

/** RSAES-OAEP with SHA-256 for hash and mask. Undefined when it does not open: the caller decides what may be told. */
export function findOaepPlaintext(privateKey: RsaPrivateKey, sealed: Uint8Array): Uint8Array | undefined {
  // RFC 8017 §7.1.2: as long as the modulus. OpenSSL takes a shorter one, without its leading zeros, for the same.
  const modulusBits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (sealed.length * 8 !== modulusBits) return undefined;
  try {
    const opened = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      sealed,
    );
    const plain = new Uint8Array(opened);
    opened.fill(0);
    return plain;
  } catch {
    return undefined;
  }
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest("sha256", parts);
}

export function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return digest("sha384", parts);
}

export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return digest("sha512", parts);
}

/** SHA-384 of bytes that arrive in parts. */
export class Sha384 {
  readonly #state: Hash = createHash("sha384");

  update(part: Uint8Array): void {
    this.#state.update(part);
  }

  /** Once, after all parts. */
  digest(): Uint8Array {
    return new Uint8Array(this.#state.digest());
  }
}

export function hmac(hash: Sha2, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

/** RFC 5869, extract and expand. An empty salt stands for hash-length zero bytes, as in section 2.2. */
export function hkdf(
  hash: Sha2,
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  byteLength: number,
): Uint8Array {
  return new Uint8Array(hkdfSync(hash, key, salt, info, byteLength));
}

/** In time that depends on the lengths alone. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

export function randomBytes(byteLength: number): Uint8Array {
  return new Uint8Array(nodeRandomBytes(byteLength));
}

export type Curve = "P-256" | "P-384";

// SubjectPublicKeyInfo up to the point (RFC 5480 §2): SEQUENCE { SEQUENCE { ecPublicKey, curve }, BIT STRING }.
const COMPRESSED_SPKI: Readonly<Record<Curve, { hash: Sha2; pointBytes: number; prefix: string }>> = {
  "P-256": { hash: "sha256", pointBytes: 33, prefix: "3039301306072a8648ce3d020106082a8648ce3d030107032200" },
  "P-384": { hash: "sha384", pointBytes: 49, prefix: "3046301006072a8648ce3d020106052b81040022033200" },
};

/** ECDSA over a message that arrives in parts, by a key given as a compressed point. Error: CRYPTO_KEY. */
export class EcdsaVerifier {
  readonly #key: KeyObject;
  readonly #verify: Verify;

  constructor(curve: Curve, compressedPoint: Uint8Array) {
    const { hash, pointBytes, prefix } = COMPRESSED_SPKI[curve];
    const form = compressedPoint[0];
    if (compressedPoint.length !== pointBytes || (form !== 2 && form !== 3)) {
      throw new SealroomError("CRYPTO_KEY");
    }
    try {
      const der = Buffer.concat([Buffer.from(prefix, "hex"), compressedPoint]);
      this.#key = createPublicKey({ key: der, format: "der", type: "spki" });
    } catch (cause) {
      throw new SealroomError("CRYPTO_KEY", {}, { cause });
    }
    this.#verify = createVerify(hash);
  }

  update(part: Uint8Array): void {
    this.#verify.update(part);
  }

  /** May be called once. */
  matches(derSignature: Uint8Array): boolean {
    return this.#verify.verify({ key: this.#key, dsaEncoding: "der" }, derSignature);
  }
}

function digest(hash: Sha2, parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return new Uint8Array(state.digest());
}

function gcmName(key: AesKey): CipherGCMTypes {
  const bytes = key.symmetricKeySize;
  return bytes === 32 ? "aes-256-gcm" : bytes === 24 ? "aes-192-gcm" : "aes-128-gcm";
}

/**
 * Frees what a cipher put out, at once. Left to the collector, 64 MB of it pile up in each thread before it looks, and
 * frames that find their memory still in the cache open nearly twice as fast. A buffer that others share is left alone.
 */
function release({ buffer, byteLength }: Uint8Array<ArrayBuffer>): void {
  if (buffer.byteLength === byteLength) buffer.transfer(0);
}

/** A Buffer's slice() shares memory where a Uint8Array's copies, so no Buffer leaves this file. */
function plainView(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
