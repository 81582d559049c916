// The algorithm suites of the AWS Encryption SDK (framework/algorithm-suites): everything a reader must know about
// one, in one place. All are AES-GCM with 12-byte IVs and 16-byte tags. Only 0x0478 is ever written.
import type { Curve, Sha2 } from "../crypto.ts";
import { SealroomError } from "../errors.ts";

export interface Suite {
  readonly id: number;
  /** The header version in which the suite may stand. */
  readonly version: 1 | 2;
  readonly keyBytes: 16 | 24 | 32;
  /** How the content key comes from the data key; null: the data key is the content key. */
  readonly kdf: Sha2 | null;
  /** Whether the header binds the message to one data key. Without it one message may open under two keys. */
  readonly commits: boolean;
  /** The curve of the footer's signature; null: there is no footer. */
  readonly signature: Curve | null;
}

export const SEALED_OBJECT_SUITE = 0x0478;

const SUITES: ReadonlyMap<number, Suite> = new Map(
  [
    suite(0x0014, 1, 16, null, null),
    suite(0x0046, 1, 24, null, null),
    suite(0x0078, 1, 32, null, null),
    suite(0x0114, 1, 16, "sha256", null),
    suite(0x0146, 1, 24, "sha256", null),
    suite(0x0178, 1, 32, "sha256", null),
    suite(0x0214, 1, 16, "sha256", "P-256"),
    suite(0x0346, 1, 24, "sha384", "P-384"),
    suite(0x0378, 1, 32, "sha384", "P-384"),
    suite(0x0478, 2, 32, "sha512", null),
    suite(0x0578, 2, 32, "sha512", "P-384"),
  ].map((entry) => [entry.id, entry]),
);

export const SUITE_IDS: readonly number[] = [...SUITES.keys()];

/** The suite of that id, if it is one of that header version. Error: SEAL_SUITE. */
export function getSuite(id: number, version: number): Suite {
  const found = SUITES.get(id);
  if (found?.version !== version) throw new SealroomError("SEAL_SUITE", { suite: id, version });
  return found;
}

function suite(
  id: number,
  version: 1 | 2,
  keyBytes: 16 | 24 | 32,
  kdf: Sha2 | null,
  signature: Curve | null,
): Suite {
  return { id, version, keyBytes, kdf, commits: version === 2, signature };
}
