// Takes a key policy as KMS does, with KMS's own refusal of one that it cannot read. Reading and deciding are
// owner/policy/: the same code judges a policy before it is given to KMS.
import { SealroomError } from "../../core/errors.ts";
import { parsePolicy, type Policy } from "../../owner/policy/document.ts";
import { AwsError } from "../aws-error.ts";

/** @throws AwsError MalformedPolicyDocumentException */
export function takePolicy(text: string): Policy {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof SealroomError) || error.code !== "KEYPOLICY_SYNTAX") throw error;
    throw new AwsError("MalformedPolicyDocumentException", 400, String(error.details["fault"]));
  }
}
