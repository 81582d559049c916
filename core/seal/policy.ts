// Which messages a reader takes. Checked before any key is touched, so that a header cannot talk a reader down to a
// weaker suite (security.md H28).
import { PolicyError, SealroomError } from "../errors.ts";
import { PUBLIC_KEY_ENTRY } from "./context.ts";
import type { HeaderFields } from "./header-fields.ts";
import { SEALED_OBJECT_SUITE, SUITE_IDS } from "./suite.ts";

export interface MessagePolicy {
  readonly suites: ReadonlySet<number>;
  readonly framing: "framed" | "either";
  readonly maxDataKeys: number;
  /**
   * `canonical`: context keys sorted and frame IVs equal to their sequence numbers, as the format demands. Messages of
   * older writers, AWS's own vectors among them, keep neither; a tag covers both all the same.
   */
  readonly encoding: "canonical" | "any";
  /** The most plaintext held back until it may be released: a frame, an unframed body, a whole signed message. */
  readonly maxHeldBytes: number;
}

/** What a manifest may name as a sealed object, and so all that the enclave's data path reads. */
export const SEALED_OBJECT: MessagePolicy = {
  suites: new Set([SEALED_OBJECT_SUITE]),
  framing: "framed",
  maxDataKeys: 1,
  encoding: "canonical",
  maxHeldBytes: 16 * 2 ** 20,
};

/** Any message that the Encryption SDK's default policy opens: it commits to its key. */
export const COMMITTING: MessagePolicy = {
  suites: new Set([SEALED_OBJECT_SUITE, 0x0578]),
  framing: "either",
  maxDataKeys: 16,
  encoding: "any",
  maxHeldBytes: 2 ** 30,
};

/** Older messages too. Whoever makes one can make it open differently under two keys: for reading on own machines. */
export const EVERY_SUITE: MessagePolicy = { ...COMMITTING, suites: new Set(SUITE_IDS) };

/** Messages of one suite, which is known from elsewhere: a header cannot choose another. */
export function suitePolicy(suite: number): MessagePolicy {
  return { ...EVERY_SUITE, suites: new Set([suite]) };
}

/** Errors: POLICY_MESSAGE, SEAL_CONTEXT. */
export function checkPolicy(header: HeaderFields, policy: MessagePolicy): void {
  const suite = header.suite.id;
  if (!policy.suites.has(suite)) throw new PolicyError("POLICY_MESSAGE", { suite });
  if (!header.framed && policy.framing === "framed") {
    throw new PolicyError("POLICY_MESSAGE", { framed: false });
  }
  const dataKeys = header.dataKeys.length;
  if (dataKeys > policy.maxDataKeys) throw new PolicyError("POLICY_MESSAGE", { dataKeys });
  // An unsigned suite that names a signing key would be a signed message whose signature was taken off.
  const namesPublicKey = header.context.has(PUBLIC_KEY_ENTRY);
  if (namesPublicKey !== (header.suite.signature !== null)) throw new SealroomError("SEAL_CONTEXT");
  if (!header.contextSorted && policy.encoding === "canonical") throw new SealroomError("SEAL_CONTEXT");
}
