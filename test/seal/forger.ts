// The naive twin of core/seal: writes Encryption SDK messages of any suite straight from the format's text, and wrong
// ones on request, with tags and signatures that hold. So a reader must find the fault itself.
import { createCipheriv, createECDH, createPrivateKey, createSign, hkdfSync, randomBytes } from "node:crypto";
import type { CipherGCMTypes, KeyObject } from "node:crypto";

export interface Forgery {
  readonly suite: number;
  readonly dataKey?: Uint8Array;
  readonly messageId?: Uint8Array;
  /** In this order, as often as it stands here. */
  readonly context?: readonly (readonly [string | Uint8Array, string])[];
  readonly required?: readonly (readonly [string, string])[];
  readonly dataKeys?: readonly (readonly [string | Uint8Array, Uint8Array, Uint8Array])[];
  /** Replaces the whole of `u16 length | context`. */
  readonly contextSection?: Uint8Array;
  /** Replaces the whole of `u16 count | wrapped keys`. */
  readonly dataKeySection?: Uint8Array;
  readonly version?: number;
  readonly type?: number;
  readonly contentType?: number;
  readonly frameLength?: number;
  readonly reserved?: Uint8Array;
  readonly ivLength?: number;
  readonly commitment?: Uint8Array;
  /** Leaves aws-crypto-public-key to `context`. */
  readonly omitPublicKey?: boolean;
}

interface SuiteFacts {
  readonly keyBytes: number;
  readonly hash: string | null;
  readonly curve: "prime256v1" | "secp384r1" | null;
}

export const SUITE_FACTS: ReadonlyMap<number, SuiteFacts> = new Map([
  [0x0014, { keyBytes: 16, hash: null, curve: null }],
  [0x0046, { keyBytes: 24, hash: null, curve: null }],
  [0x0078, { keyBytes: 32, hash: null, curve: null }],
  [0x0114, { keyBytes: 16, hash: "sha256", curve: null }],
  [0x0146, { keyBytes: 24, hash: "sha256", curve: null }],
  [0x0178, { keyBytes: 32, hash: "sha256", curve: null }],
  [0x0214, { keyBytes: 16, hash: "sha256", curve: "prime256v1" }],
  [0x0346, { keyBytes: 24, hash: "sha384", curve: "secp384r1" }],
  [0x0378, { keyBytes: 32, hash: "sha384", curve: "secp384r1" }],
  [0x0478, { keyBytes: 32, hash: "sha512", curve: null }],
  [0x0578, { keyBytes: 32, hash: "sha512", curve: "secp384r1" }],
]);

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

export function u32(value: number): Uint8Array {
  return concat(u16(value >>> 16), u16(value & 0xffff));
}

export function u64(value: number): Uint8Array {
  return concat(u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32));
}

export function text(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

function field(value: string | Uint8Array): Uint8Array {
  return concat(u16(text(value).length), text(value));
}

function pairs(context: readonly (readonly [string | Uint8Array, string])[]): Uint8Array {
  if (context.length === 0) return new Uint8Array(0);
  return concat(u16(context.length), ...context.flatMap(([key, value]) => [field(key), field(value)]));
}

/** Everything an attacker with the data key can write. */
export class Forger {
  readonly dataKey: Uint8Array;
  readonly messageId: Uint8Array;
  readonly header: Uint8Array;
  readonly frameLength: number;
  readonly #contentKey: Uint8Array;
  readonly #signingKey: KeyObject | null = null;
  readonly #hash: string | null;

  constructor(forgery: Forgery) {
    const facts = SUITE_FACTS.get(forgery.suite) ?? { keyBytes: 32, hash: "sha512", curve: null };
    const commits = forgery.suite >= 0x0400;
    this.#hash = facts.curve === "prime256v1" ? "sha256" : "sha384";
    this.dataKey = forgery.dataKey ?? new Uint8Array(randomBytes(facts.keyBytes));
    this.messageId = forgery.messageId ?? new Uint8Array(randomBytes(commits ? 32 : 16));
    this.frameLength = forgery.frameLength ?? (forgery.contentType === 1 ? 0 : 32);
    const derive = (salt: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
      facts.hash === null
        ? this.dataKey
        : new Uint8Array(hkdfSync(facts.hash, this.dataKey, salt, info, length));
    this.#contentKey = commits
      ? derive(this.messageId, concat(u16(forgery.suite), text("DERIVEKEY")), 32)
      : derive(new Uint8Array(0), concat(u16(forgery.suite), this.messageId), facts.keyBytes);
    const context = [...(forgery.context ?? [])];
    if (facts.curve !== null) {
      const pair = newSigningPair(facts.curve);
      this.#signingKey = pair.key;
      if (forgery.omitPublicKey !== true) context.unshift(["aws-crypto-public-key", pair.point]);
    }
    const contextBytes = pairs(context);
    const dataKeys = forgery.dataKeys ?? [["forged", text("info"), text("wrapped")]];
    const version = forgery.version ?? (commits ? 2 : 1);
    const body = concat(
      Uint8Array.of(version),
      version === 1 ? Uint8Array.of(forgery.type ?? 0x80) : new Uint8Array(0),
      u16(forgery.suite),
      this.messageId,
      forgery.contextSection ?? concat(u16(contextBytes.length), contextBytes),
      forgery.dataKeySection ??
        concat(u16(dataKeys.length), ...dataKeys.flatMap((fields) => fields.map((value) => field(value)))),
      Uint8Array.of(forgery.contentType ?? 2),
      version === 1
        ? concat(forgery.reserved ?? new Uint8Array(4), Uint8Array.of(forgery.ivLength ?? 12))
        : new Uint8Array(0),
      u32(this.frameLength),
      commits ? (forgery.commitment ?? derive(this.messageId, text("COMMITKEY"), 32)) : new Uint8Array(0),
    );
    const iv = new Uint8Array(12);
    const tag = this.gcm(iv, concat(body, pairs(forgery.required ?? [])), new Uint8Array(0));
    this.header = concat(body, version === 1 ? iv : new Uint8Array(0), tag);
  }

  /** Ciphertext || tag under the content key. */
  gcm(iv: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
    const name = `aes-${String(this.#contentKey.length * 8)}-gcm` as CipherGCMTypes;
    const cipher = createCipheriv(name, this.#contentKey, iv);
    cipher.setAAD(aad);
    return concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
  }

  regular(sequence: number, plain: Uint8Array, iv: Uint8Array = sequenceIv(sequence)): Uint8Array {
    const aad = this.#aad("AWSKMSEncryptionClient Frame", sequence, plain.length);
    return concat(u32(sequence), iv, this.gcm(iv, aad, plain));
  }

  final(sequence: number, plain: Uint8Array, iv: Uint8Array = sequenceIv(sequence)): Uint8Array {
    const aad = this.#aad("AWSKMSEncryptionClient Final Frame", sequence, plain.length);
    return concat(u32(0xffffffff), u32(sequence), iv, u32(plain.length), this.gcm(iv, aad, plain));
  }

  unframed(plain: Uint8Array, iv: Uint8Array = sequenceIv(1)): Uint8Array {
    const aad = this.#aad("AWSKMSEncryptionClient Single Block", 1, plain.length);
    return concat(iv, u64(plain.length), this.gcm(iv, aad, plain));
  }

  /** All frames of `plain`; the last one full if it comes out even. */
  frames(plain: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const step = this.frameLength === 0 ? 32 : this.frameLength;
    let at = 0;
    for (; plain.length - at > step; at += step) {
      frames.push(this.regular(frames.length + 1, plain.subarray(at, at + step)));
    }
    frames.push(this.final(frames.length + 1, plain.subarray(at)));
    return frames;
  }

  /** `u16 length | signature` over `signed`; nothing for an unsigned suite. */
  footer(signed: Uint8Array): Uint8Array {
    if (this.#signingKey === null || this.#hash === null) return new Uint8Array(0);
    const signature = createSign(this.#hash).update(signed).sign(this.#signingKey);
    return concat(u16(signature.length), signature);
  }

  /** Header, the parts, and a footer where the suite has one. */
  message(...body: readonly Uint8Array[]): Uint8Array {
    const signed = concat(this.header, ...body);
    return concat(signed, this.footer(signed));
  }

  #aad(label: string, sequence: number, plainBytes: number): Uint8Array {
    return concat(this.messageId, text(label), u32(sequence), u64(plainBytes));
  }
}

export function sequenceIv(sequence: number): Uint8Array {
  return concat(new Uint8Array(8), u32(sequence));
}

function newSigningPair(curve: "prime256v1" | "secp384r1"): { key: KeyObject; point: string } {
  const pair = createECDH(curve);
  pair.generateKeys();
  const size = curve === "prime256v1" ? 32 : 48;
  const point = pair.getPublicKey();
  const key = createPrivateKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: curve === "prime256v1" ? "P-256" : "P-384",
      d: Buffer.concat([Buffer.alloc(size), pair.getPrivateKey()])
        .subarray(-size)
        .toString("base64url"),
      x: point.subarray(1, 1 + size).toString("base64url"),
      y: point.subarray(1 + size).toString("base64url"),
    },
  });
  return { key, point: pair.getPublicKey("base64", "compressed") };
}
