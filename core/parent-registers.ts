// What the hypervisor measures of an enclave's parent, an instance with an IAM role: registers 3 and 4. Both are of the
// text itself, where registers 0 to 2 are of a hash.
import { sha384 } from "./crypto.ts";
import { encodeUtf8 } from "./text/utf8.ts";
import { PCR_SIZE } from "./attestation/document.ts";

/** PCR3: SHA-384(48 zero bytes || ARN of the role that the instance runs under). 48 bytes. */
export function parentRoleRegister(roleArn: string): Uint8Array {
  return sha384(new Uint8Array(PCR_SIZE), encodeUtf8(roleArn));
}

/** PCR4: SHA-384(48 zero bytes || the instance's id). 48 bytes. */
export function parentInstanceRegister(instanceId: string): Uint8Array {
  return sha384(new Uint8Array(PCR_SIZE), encodeUtf8(instanceId));
}
