// From a data key to the key of one message: HKDF by suite, and the key commitment, without which one message could
// open under two keys (security.md §1).
import { aesKey, equal, hkdf } from "../crypto.ts";
import type { AesKey } from "../crypto.ts";
import { SealroomError } from "../errors.ts";
import { COMMITMENT_BYTES } from "./header-fields.ts";
import type { HeaderFields } from "./header-fields.ts";
import { SEALED_OBJECT_SUITE } from "./suite.ts";

const DERIVE_LABEL = new TextEncoder().encode("DERIVEKEY");
const COMMIT_LABEL = new TextEncoder().encode("COMMITKEY");
const NO_SALT = new Uint8Array(0);

/** The key under which header and frames are sealed. Errors: SEAL_KEY (wrong length), SEAL_COMMITMENT. */
export function deriveContentKey(header: HeaderFields, dataKey: Uint8Array): AesKey {
  const { suite, messageId, commitment } = header;
  if (dataKey.length !== suite.keyBytes) throw new SealroomError("SEAL_KEY");
  if (suite.commits) {
    const { contentKey, commitment: expected } = deriveCommitted(suite.id, messageId, dataKey);
    if (!equal(commitment, expected)) throw new SealroomError("SEAL_COMMITMENT");
    return contentKey;
  }
  if (suite.kdf === null) return aesKey(dataKey);
  const info = Buffer.concat([suiteBytes(suite.id), messageId]);
  return aesKey(hkdf(suite.kdf, dataKey, NO_SALT, info, suite.keyBytes));
}

/** Both keys of a fresh 0x0478 message. */
export function deriveSealingKeys(
  messageId: Uint8Array,
  dataKey: Uint8Array,
): { contentKey: AesKey; commitment: Uint8Array } {
  return deriveCommitted(SEALED_OBJECT_SUITE, messageId, dataKey);
}

function deriveCommitted(
  suiteId: number,
  messageId: Uint8Array,
  dataKey: Uint8Array,
): { contentKey: AesKey; commitment: Uint8Array } {
  const info = Buffer.concat([suiteBytes(suiteId), DERIVE_LABEL]);
  return {
    contentKey: aesKey(hkdf("sha512", dataKey, messageId, info, 32)),
    commitment: hkdf("sha512", dataKey, messageId, COMMIT_LABEL, COMMITMENT_BYTES),
  };
}

function suiteBytes(id: number): Uint8Array {
  return Uint8Array.of(id >>> 8, id & 0xff);
}
