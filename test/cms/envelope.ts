// Builds CMS envelopes as KMS does, and as it never would: the naive twin of core/seal/cms.ts.
import {
  constants,
  createCipheriv,
  createHash,
  createPublicKey,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import type { KeyObject } from "node:crypto";

export type Form = "definite" | "indefinite";

export interface EnvelopeParts {
  readonly form?: Form;
  readonly outerOid?: Uint8Array;
  readonly version?: number;
  readonly recipients?: readonly Uint8Array[];
  readonly recipientVersion?: number;
  /** The element that names the recipient. */
  readonly recipientId?: Uint8Array;
  readonly keyAlgorithm?: Uint8Array;
  readonly encryptedKey?: Uint8Array;
  readonly contentOid?: Uint8Array;
  readonly contentAlgorithm?: Uint8Array;
  readonly content?: Uint8Array;
  /** After the last element of EnvelopedData. */
  readonly attributes?: Uint8Array;
}

export const OID = {
  envelopedData: "2a864886f70d010703",
  signedData: "2a864886f70d010702",
  data: "2a864886f70d010701",
  rsaEncryption: "2a864886f70d010101",
  oaep: "2a864886f70d010107",
  mgf1: "2a864886f70d010108",
  sha1: "2b0e03021a",
  sha256: "608648016503040201",
  sha384: "608648016503040202",
  pSpecified: "2a864886f70d010109",
  aes128Cbc: "608648016503040102",
  aes256Cbc: "60864801650304012a",
  aes256Gcm: "60864801650304012e",
  tripleDes: "2a864886f70d0307",
} as const;

export function bytes(...parts: readonly (Uint8Array | number)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "number" ? Uint8Array.of(part) : part))),
  );
}

/** A definite value, its length in the shortest form. */
export function value(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = bytes(...parts);
  const length = content.length;
  const octets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return bytes(Uint8Array.of(tag, ...octets), content);
}

export function indefinite(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return bytes(tag, 0x80, ...parts, 0, 0);
}

export function oid(hex: string): Uint8Array {
  return value(0x06, Buffer.from(hex, "hex"));
}

export const NULL: Uint8Array = Uint8Array.of(5, 0);

/** RSAES-OAEP with the given hashes; `extra` follows inside the parameters. */
export function oaep(hash: string, maskHash: string, ...extra: readonly Uint8Array[]): Uint8Array {
  return value(
    0x30,
    oid(OID.oaep),
    value(
      0x30,
      value(0xa0, value(0x30, oid(hash), NULL)),
      value(0xa1, value(0x30, oid(OID.mgf1), value(0x30, oid(maskHash), NULL))),
      ...extra,
    ),
  );
}

export class EnvelopeWriter {
  readonly publicKey: KeyObject;
  readonly cek = new Uint8Array(randomBytes(32));
  readonly iv = new Uint8Array(randomBytes(16));

  constructor(privateKey: KeyObject) {
    this.publicKey = createPublicKey(privateKey);
  }

  encryptKey(key: Uint8Array, oaepHash = "sha256"): Uint8Array {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return new Uint8Array(publicEncrypt({ key: this.publicKey, padding, oaepHash }, key));
  }

  /** AES-256-CBC of bytes that are padded already. */
  encryptBlocks(padded: Uint8Array): Uint8Array {
    const cipher = createCipheriv("aes-256-cbc", this.cek, this.iv).setAutoPadding(false);
    return new Uint8Array(Buffer.concat([cipher.update(padded), cipher.final()]));
  }

  encrypt(plain: Uint8Array): Uint8Array {
    const padding = 16 - (plain.length % 16);
    return this.encryptBlocks(bytes(plain, new Uint8Array(padding).fill(padding)));
  }

  keyId(): Uint8Array {
    const spki = this.publicKey.export({ type: "spki", format: "der" });
    return new Uint8Array(createHash("sha256").update(spki).digest());
  }

  recipient(parts: EnvelopeParts): Uint8Array {
    return value(
      0x30,
      value(0x02, Uint8Array.of(parts.recipientVersion ?? 2)),
      parts.recipientId ?? value(0x80, this.keyId()),
      parts.keyAlgorithm ?? oaep(OID.sha256, OID.sha256),
      value(0x04, parts.encryptedKey ?? this.encryptKey(this.cek)),
    );
  }

  /** An envelope of a ciphertext, with whatever `parts` replaces. */
  write(ciphertext: Uint8Array, parts: EnvelopeParts = {}): Uint8Array {
    const wrap = parts.form === "definite" ? value : indefinite;
    const content = parts.content ?? wrap(0xa0, value(0x04, ciphertext));
    return wrap(
      0x30,
      parts.outerOid ?? oid(OID.envelopedData),
      wrap(
        0xa0,
        wrap(
          0x30,
          value(0x02, Uint8Array.of(parts.version ?? 2)),
          value(0x31, ...(parts.recipients ?? [this.recipient(parts)])),
          wrap(
            0x30,
            parts.contentOid ?? oid(OID.data),
            parts.contentAlgorithm ?? value(0x30, oid(OID.aes256Cbc), value(0x04, this.iv)),
            content,
          ),
          parts.attributes ?? new Uint8Array(0),
        ),
      ),
    );
  }
}
