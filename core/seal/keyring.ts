// Where a message's data key comes from: it is known (KMS gave it, or a manifest), or the header holds it wrapped by a
// Raw AES keyring (framework/raw-aes-keyring), as every sealed object's does under its dataset key.
import { IV_BYTES, TAG_BYTES, aesKey, openGcm, randomBytes, sealGcm } from "../crypto.ts";
import type { AesKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { encodeContext } from "./context.ts";
import type { EncryptionContext } from "./context.ts";
import type { EncryptedDataKey, HeaderFields } from "./header-fields.ts";

export interface KeySource {
  /** `context` is the whole of it, required pairs included. Error: SEAL_KEY. */
  dataKey(header: HeaderFields, context: EncryptionContext): Uint8Array;
}

/** For messages whose wrapped keys were opened elsewhere. What the header says about keys is not looked at. */
export function knownDataKey(dataKey: Uint8Array): KeySource {
  const copy = dataKey.slice();
  return { dataKey: () => copy };
}

export interface RawAesKey {
  /** 16, 24 or 32 bytes. */
  readonly wrappingKey: Uint8Array;
  readonly keyNamespace: string;
  readonly keyName: string;
}

/** Keeps its own copy of the wrapping key. */
export class RawAesKeyring implements KeySource {
  readonly #key: AesKey;
  readonly #namespace: string;
  readonly #infoPrefix: Uint8Array;

  /** Throws TypeError for a wrapping key of another length, or the namespace of AWS KMS. */
  constructor({ wrappingKey, keyNamespace, keyName }: RawAesKey) {
    if (keyNamespace.startsWith("aws-kms")) throw new TypeError("the namespace aws-kms belongs to AWS KMS");
    this.#key = aesKey(wrappingKey);
    this.#namespace = keyNamespace;
    // Provider info: name | tag length in bits, u32 | IV length, u32 | IV.
    this.#infoPrefix = Buffer.concat([
      new TextEncoder().encode(keyName),
      Uint8Array.of(0, 0, 0, TAG_BYTES * 8, 0, 0, 0, IV_BYTES),
    ]);
  }

  wrap(dataKey: Uint8Array, context: EncryptionContext): EncryptedDataKey {
    const iv = randomBytes(IV_BYTES);
    return {
      providerId: this.#namespace,
      providerInfo: new Uint8Array(Buffer.concat([this.#infoPrefix, iv])),
      ciphertext: sealGcm(this.#key, iv, encodeContext(context), dataKey),
    };
  }

  /** The first wrapped key that is addressed to this keyring and opens. Error: SEAL_KEY. */
  dataKey(header: HeaderFields, context: EncryptionContext): Uint8Array {
    const aad = encodeContext(context);
    for (const { providerId, providerInfo, ciphertext } of header.dataKeys) {
      const iv = this.#findIv(providerId, providerInfo);
      if (iv === undefined || ciphertext.length !== header.suite.keyBytes + TAG_BYTES) continue;
      try {
        return openGcm(this.#key, iv, aad, ciphertext);
      } catch (error) {
        if (!(error instanceof SealroomError)) throw error;
      }
    }
    throw new SealroomError("SEAL_KEY");
  }

  #findIv(providerId: string, info: Uint8Array): Uint8Array | undefined {
    const end = this.#infoPrefix.length;
    if (providerId !== this.#namespace || info.length !== end + IV_BYTES) return undefined;
    return Buffer.compare(info.subarray(0, end), this.#infoPrefix) === 0 ? info.subarray(end) : undefined;
  }
}
