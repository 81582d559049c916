// What nobody may do but the owner and break-glass, whatever is allowed. Denials hold against every Allow, also one
// that is added later by mistake.
import { ATTESTATION, CONTEXT, pinnedParent } from "./enclave.ts";
import { oneOrList, type KeyPolicyStatement } from "./statement.ts";
import type { CheckedTerms } from "./terms.ts";

/** What a role other than break-glass must never do: change who may use the key, or take the key away. */
export const ADMINISTRATION: readonly string[] = [
  "kms:PutKeyPolicy",
  "kms:ScheduleKeyDeletion",
  "kms:CancelKeyDeletion",
  "kms:DisableKey",
  "kms:EnableKey",
  "kms:DisableKeyRotation",
  "kms:EnableKeyRotation",
  "kms:RotateKeyOnDemand",
  "kms:ImportKeyMaterial",
  "kms:DeleteImportedKeyMaterial",
  "kms:ReplicateKey",
  "kms:UpdatePrimaryRegion",
  "kms:SynchronizeMultiRegionKey",
  "kms:UpdateKeyDescription",
  "kms:CreateAlias",
  "kms:UpdateAlias",
  "kms:DeleteAlias",
  "kms:TagResource",
  "kms:UntagResource",
  "kms:RevokeGrant",
  "kms:RetireGrant",
];
/** What makes a blob that opens under the key, without an enclave having asked for it. */
export const WRAPPING: readonly string[] = [
  "kms:Encrypt",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:GenerateDataKeyPair",
  "kms:GenerateDataKeyPairWithoutPlaintext",
];
/** Where an answer with a key in it goes to whoever asked, or to the enclave whose document is in the request. */
export const OPENING: readonly string[] = ["kms:Decrypt", "kms:GenerateDataKey"];

const EVERYBODY = { Effect: "Deny", Principal: { AWS: "*" }, Resource: "*" } as const;

export function denials(terms: CheckedTerms): readonly KeyPolicyStatement[] {
  const { ownerRoleArn, breakGlassRoleArn } = terms;
  const others = { ArnNotEquals: { "aws:PrincipalArn": [ownerRoleArn, breakGlassRoleArn] } };
  return [
    {
      Sid: "NobodyElseOpensUnattested",
      ...EVERYBODY,
      Action: OPENING,
      Condition: { ...others, Null: { [`${ATTESTATION}ImageSha384`]: "true" } },
    },
    ...registers(terms).map(([register, values]) => ({
      Sid: `NobodyElseOpensByOtherPCR${register}`,
      ...EVERYBODY,
      Action: OPENING,
      Condition: {
        ...others,
        StringNotEqualsIgnoreCase: { [`${ATTESTATION}PCR${register}`]: oneOrList(values) },
      },
    })),
    {
      Sid: "NobodyElseDrawsKeysButForOutput",
      ...EVERYBODY,
      Action: "kms:GenerateDataKey",
      // An absent purpose is none of these either.
      Condition: { ...others, StringNotEquals: { [`${CONTEXT}sealroom:purpose`]: "output" } },
    },
    { Sid: "NobodyElseWraps", ...EVERYBODY, Action: WRAPPING, Condition: others },
    {
      Sid: "NobodyElseHandsOn",
      ...EVERYBODY,
      Action: ["kms:ReEncrypt*", "kms:CreateGrant"],
      Condition: others,
    },
    {
      Sid: "OnlyBreakGlassAdministers",
      ...EVERYBODY,
      Action: ADMINISTRATION,
      Condition: { ArnNotEquals: { "aws:PrincipalArn": breakGlassRoleArn } },
    },
  ];
}

function registers(terms: CheckedTerms): readonly (readonly [register: number, values: readonly string[]])[] {
  const images = ([0, 1, 2] as const).map(
    (register) => [register, terms.measurements.map((image) => image[register])] as const,
  );
  const parent = pinnedParent(terms);
  return parent === null ? images : [...images, [3, [parent]]];
}
