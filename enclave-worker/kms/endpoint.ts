// Where a key lives. Derived from the full key ARN of the signed manifest alone, so the host cannot send the
// enclave to another region, account or alias.
import { SealroomError } from "../../core/errors.ts";

export interface KmsEndpoint {
  readonly host: string;
  readonly region: string;
}

const KEY_ARN = /^arn:(aws|aws-cn|aws-us-gov):kms:([a-z]{2}(?:-[a-z]+)+-\d):\d{12}:key\/[A-Za-z0-9-]{1,64}$/;

/** Errors: KMS_KEY_ARN when this is not the full ARN of a key (an alias, say). */
export function kmsEndpoint(keyArn: string): KmsEndpoint {
  const match = KEY_ARN.exec(keyArn);
  const [, partition, region] = match ?? [];
  if (partition === undefined || region === undefined) throw new SealroomError("KMS_KEY_ARN");
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return { host: `kms.${region}.${suffix}`, region };
}
