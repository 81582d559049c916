// Condition keys that AWS documents and that the linter cannot give a value: they hang on the network, on tags, on the
// organization. In an Allow it takes them to hold, in a Deny not to: what a caller can arrange protects nothing.

const KEYS: ReadonlySet<string> = new Set(
  (
    "aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc " +
    "aws:FederatedProvider aws:MultiFactorAuthAge aws:PrincipalIsAWSService aws:PrincipalOrgID aws:PrincipalOrgPaths " +
    "aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:Referer aws:ResourceAccount aws:ResourceOrgID " +
    "aws:ResourceOrgPaths aws:SourceAccount aws:SourceArn aws:SourceIdentity aws:SourceIp aws:SourceOrgID " +
    "aws:SourceOrgPaths aws:SourceVpc aws:SourceVpce aws:TagKeys aws:TokenIssueTime aws:UserAgent aws:userid " +
    "aws:username aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp kms:CustomerMasterKeySpec " +
    "kms:CustomerMasterKeyUsage kms:DataKeyPairSpec kms:ExpirationModel kms:GrantConstraintType kms:GrantOperations " +
    "kms:GranteePrincipal kms:KeyAgreementAlgorithm kms:MacAlgorithm kms:MessageType kms:MultiRegion " +
    "kms:MultiRegionKeyType kms:PrimaryRegion kms:ReEncryptOnSameKey kms:ReplicaRegion kms:RequestAlias " +
    "kms:ResourceAliases kms:RetiringPrincipal kms:RotationPeriodInDays kms:ScheduleKeyDeletionPendingWindowInDays " +
    "kms:SigningAlgorithm kms:ValidTo kms:WrappingAlgorithm kms:WrappingKeySpec"
  )
    .toLowerCase()
    .split(" "),
);
// A NitroTPM measures an EC2 instance, whose owner reads its memory: it is no enclave.
const PREFIXES = /^(aws:(principaltag|requesttag|resourcetag)\/.+|kms:recipientattestation:nitrotpmpcr\d+)$/;

export function isDocumentedKey(key: string): boolean {
  const name = key.toLowerCase();
  return KEYS.has(name) || PREFIXES.test(name);
}

const DOCUMENTED = [
  "kms:EncryptionContextKeys",
  "kms:RecipientAttestation:ImageSha384",
  "aws:PrincipalArn",
  "aws:PrincipalAccount",
  "kms:CallerAccount",
];

/** The key as AWS writes it, where the linter looks at its value; null for others. */
export function spellDecisiveKey(key: string): string | null {
  const register = /^kms:recipientattestation:pcr(\d{1,2})$/i.exec(key)?.[1];
  if (register !== undefined) return `kms:RecipientAttestation:PCR${register}`;
  const [, field] = /^kms:encryptioncontext:(.+)$/is.exec(key) ?? [];
  if (field !== undefined) return `kms:EncryptionContext:${field}`;
  return DOCUMENTED.find((name) => name.toLowerCase() === key.toLowerCase()) ?? null;
}

/** Of those, what makes up the attestation and the context. */
export function isAttestationKey(key: string): boolean {
  return /^kms:recipientattestation:(pcr\d+|imagesha384)$/i.test(key);
}

export function isContextKey(key: string): boolean {
  return /^kms:encryptioncontext(keys$|:)/i.test(key);
}
