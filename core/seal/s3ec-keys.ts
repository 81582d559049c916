// The S3 Encryption Client's content keys (aws-encryption-sdk-specification, s3-encryption/). In V2 the data key is the
// content key; in V3 (suite 115, 0x0073) both the key and a commitment to it are derived, and the commitment comes first.
import { IV_BYTES, aesKey, equal, hkdf } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { TAG_BYTES } from "../crypto.ts";
import type { SingleTagText } from "./single-tag.ts";

export const S3EC_KEY_BYTES = 32;
export const S3EC_COMMITMENT_BYTES = 28;

const SUITE = Uint8Array.of(0x00, 0x73);
const KEY_INFO: Uint8Array = Buffer.concat([SUITE, new TextEncoder().encode("DERIVEKEY")]);
const COMMITMENT_INFO: Uint8Array = Buffer.concat([SUITE, new TextEncoder().encode("COMMITKEY")]);
const COMMITTING_IV = new Uint8Array(IV_BYTES).fill(1);
const NO_AAD = new Uint8Array(0);

/** The text of a V2 object of `bytes` under its data key. Error: SEAL_KEY (wrong length). */
export function plainKeyText(dataKey: Uint8Array, iv: Uint8Array, bytes: number): SingleTagText {
  checkLength(dataKey);
  return { key: aesKey(dataKey), iv, aad: NO_AAD, offset: 0, plainBytes: bytes - TAG_BYTES };
}

/** The text of a V3 object of `bytes`. Errors: SEAL_KEY, S3EC_COMMITMENT (another data key than it was written under). */
export function committedText(
  dataKey: Uint8Array,
  messageId: Uint8Array,
  commitment: Uint8Array,
  bytes: number,
): SingleTagText {
  checkLength(dataKey);
  const expected = hkdf("sha512", dataKey, messageId, COMMITMENT_INFO, S3EC_COMMITMENT_BYTES);
  if (!equal(commitment, expected)) throw new SealroomError("S3EC_COMMITMENT");
  const key = aesKey(hkdf("sha512", dataKey, messageId, KEY_INFO, S3EC_KEY_BYTES));
  return { key, iv: COMMITTING_IV, aad: SUITE, offset: 0, plainBytes: bytes - TAG_BYTES };
}

function checkLength(dataKey: Uint8Array): void {
  if (dataKey.length !== S3EC_KEY_BYTES) throw new SealroomError("SEAL_KEY");
}
