// The KMS key policy on which DESIGN's rule about wrapped keys rests (docs/key-policy.md states each statement): only
// a measured image opens a key, only for its owner and what is still live, and nobody can grant round that. local/kms
// enforces this very document. Leaves out IAM: no statement delegates to the account.
import { SealroomError } from "../core/errors.ts";
import { denials } from "./key-policy/denials.ts";
import { enclaveStatements } from "./key-policy/enclave.ts";
import type { KeyPolicyStatement } from "./key-policy/statement.ts";
import { checkTerms, type CheckedTerms, type KeyPolicyTerms } from "./key-policy/terms.ts";
import { MAX_POLICY_BYTES } from "./policy/document.ts";

export interface KeyPolicy {
  readonly Version: "2012-10-17";
  readonly Id: string;
  readonly Statement: readonly KeyPolicyStatement[];
}

/**
 * The policy document to give to KMS.
 * @throws KEYPOLICY_MEASUREMENT, KEYPOLICY_DEBUG, KEYPOLICY_ROLE, KEYPOLICY_OWNER, KEYPOLICY_DATASET,
 *   KEYPOLICY_EPOCH, KEYPOLICY_TOKEN, KEYPOLICY_OUTPUT for terms that would not protect anything; KEYPOLICY_SIZE past
 *   32 KiB.
 */
export function keyPolicy(terms: KeyPolicyTerms): KeyPolicy {
  const checked = checkTerms(terms);
  const policy: KeyPolicy = {
    Version: "2012-10-17",
    Id: "sealroom-dataset-key",
    Statement: [
      ...enclaveStatements(checked),
      ...ownerStatements(checked),
      {
        Sid: "BreakGlassAdministers",
        Effect: "Allow",
        Principal: { AWS: checked.breakGlassRoleArn },
        Action: "kms:*",
        Resource: "*",
      },
      ...denials(checked),
    ],
  };
  const bytes = Buffer.byteLength(encodeKeyPolicy(policy));
  if (bytes > MAX_POLICY_BYTES) {
    const [images, epochs, tokens] = [checked.measurements, checked.liveEpochs, checked.tokens];
    throw new SealroomError("KEYPOLICY_SIZE", {
      bytes,
      epochs: epochs.length,
      images: images.length,
      tokens: tokens.length,
    });
  }
  return policy;
}

/** The text that is printed and given to KMS; its length is what keyPolicy bounds. */
export function encodeKeyPolicy(policy: KeyPolicy): string {
  return `${JSON.stringify(policy, null, 2)}\n`;
}

function ownerStatements({ ownerRoleArn, owner }: CheckedTerms): readonly KeyPolicyStatement[] {
  const statement = { Effect: "Allow", Principal: { AWS: ownerRoleArn }, Resource: "*" } as const;
  const own = { "kms:EncryptionContext:sealroom:owner": owner };
  return [
    {
      Sid: "OwnerWrapsOwnKeys",
      ...statement,
      Action: ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"],
      // Not of purpose token: the key of a token domain is to be seen in enclaves, and by break-glass, which may all.
      Condition: {
        StringEquals: { ...own, "kms:EncryptionContext:sealroom:purpose": ["dataset", "output"] },
      },
    },
    {
      Sid: "OwnerMakesTokenKeys",
      ...statement,
      Action: "kms:GenerateDataKeyWithoutPlaintext",
      Condition: { StringEquals: own },
    },
    // DescribeKey has no encryption context to compare.
    { Sid: "OwnerDescribesKey", ...statement, Action: "kms:DescribeKey" },
  ];
}
