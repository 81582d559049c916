// What KMS answers to a policy it cannot take.
import { AwsError } from "../../aws-error.ts";

export function malformedPolicy(reason: string): AwsError {
  return new AwsError("MalformedPolicyDocumentException", 400, reason);
}
