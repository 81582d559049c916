// The permissions of KMS, so that a misspelt action in a policy is refused instead of never matching.
import { matchesPattern } from "./pattern.ts";

const NAMES =
  "CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey Decapsulate Decrypt " +
  "DeleteAlias DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret DescribeCustomKeyStores DescribeKey " +
  "DisableKey DisableKeyRotation DisconnectCustomKeyStore EnableKey EnableKeyRotation Encapsulate Encrypt " +
  "GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac " +
  "GenerateRandom GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey " +
  "ImportKeyMaterial ListAliases ListGrants ListKeyPolicies ListKeyRotations ListKeys ListResourceTags " +
  "ListRetirableGrants PutKeyPolicy ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand " +
  "ScheduleKeyDeletion Sign SynchronizeMultiRegionKey TagResource UntagResource UpdateAlias UpdateCustomKeyStore " +
  "UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac";

/** `kms:Decrypt` and its like. */
export const KMS_ACTIONS: readonly string[] = NAMES.split(" ").map((name) => `kms:${name}`);

/** Whether the pattern names at least one permission of KMS. */
export function isKmsActionPattern(pattern: string): boolean {
  return (
    (pattern === "*" || /^kms:/i.test(pattern)) &&
    KMS_ACTIONS.some((action) => matchesAction(pattern, action))
  );
}

/** Names of actions have no case. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase());
}
