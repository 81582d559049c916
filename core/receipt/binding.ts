// How a statement and an attestation document belong together.
import { sha384 } from "../text/digest.ts";

/** The user_data that the enclave has attested, and that a verifier demands: SHA-384 of the statement's bytes. */
export async function statementUserData(statement: Uint8Array): Promise<Uint8Array> {
  return sha384(statement);
}
