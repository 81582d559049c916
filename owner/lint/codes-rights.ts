// Findings about rights that undo the rest, and about denials: codes.ts says what their members are.

export const RIGHTS_CODES = {
  // rights that undo all this
  WRAP: {
    finds: "a role that is not the owner's may wrap keys",
    attack: "It wraps a key that it knows under the owner's context, and it passes for the owner's own.",
    instead: "Allow kms:Encrypt and kms:GenerateDataKeyWithoutPlaintext to the owner's role alone.",
  },
  GRANT: {
    finds: "a role may create grants",
    attack: "A grant gives Decrypt to anybody, without the conditions of this policy.",
    instead: "Take kms:CreateGrant away, and deny it to all but owner and break-glass.",
  },
  REENCRYPT: {
    finds: "a role may re-encrypt",
    attack:
      "ReEncrypt moves a wrapped key to another KMS key, or to another owner's context, with no attestation.",
    instead: "Take kms:ReEncrypt* away, and deny it to all but owner and break-glass.",
  },
  ADMINISTRATION: {
    finds: "a role other than break-glass may administer the key",
    attack: "PutKeyPolicy replaces this policy; ScheduleKeyDeletion and DisableKey take all data away.",
    instead: "Leave that to a break-glass role, and deny it to everybody else.",
  },
  // denials
  NO_DENY_UNATTESTED: {
    finds: "no Deny stops opening keys without an attestation document",
    attack: "The next broad Allow, added in a hurry, opens everything to its role.",
    instead:
      "Deny kms:Decrypt and kms:GenerateDataKey where ImageSha384 is Null, to all but owner and break-glass.",
  },
  NO_DENY_IMAGE: {
    finds: "no Deny stops another image",
    attack:
      "The next Allow that forgets a register lets other images in. Several registers in one Deny stop only what differs in all.",
    instead: "Deny by StringNotEqualsIgnoreCase, one statement for each of PCR0, PCR1 and PCR2.",
  },
  NO_DENY_WRAP: {
    finds: "no Deny stops others from wrapping keys",
    attack: "The next broad Allow lets its role make keys that pass for the owner's.",
    instead: "Deny kms:Encrypt, kms:GenerateDataKeyWithoutPlaintext and GenerateDataKey but for output.",
  },
  NO_DENY_HANDING_ON: {
    finds: "no Deny stops ReEncrypt or CreateGrant",
    attack: "The next broad Allow lets its role carry keys out of reach of this policy.",
    instead: "Deny kms:ReEncrypt* and kms:CreateGrant to all but owner and break-glass.",
  },
  NO_DENY_ADMINISTRATION: {
    finds: "no Deny keeps the policy and the key to break-glass",
    attack: "The next broad Allow lets its role replace this policy, or delete the key.",
    instead: "Deny kms:PutKeyPolicy, kms:ScheduleKeyDeletion and their like to all but break-glass.",
  },
} as const;
