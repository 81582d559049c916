// The KMS key policy on which DESIGN's rule about wrapped keys rests (docs/threat-model.md): only a measured
// image opens a dataset key, only for its owner, its data set and its live epochs, and nobody can grant
// round that. local/kms enforces this very document. Leaves out IAM: no statement delegates to the account.
import { parseRegister } from "../core/attestation/measurements.ts";
import type { Measurements } from "../core/attestation/measurements.ts";
import { PolicyError, SealroomError } from "../core/errors.ts";
import { datasetContext } from "../core/manifest/encryption-context.ts";
import { THUMBPRINT } from "../core/manifest/jwk.ts";
import { DATASET_NAME } from "../core/manifest/manifest.ts";

/** KMS takes key policies of at most 32 KiB. */
export const MAX_KEY_POLICY_BYTES: number = 32 * 1024;

export interface KeyPolicyTerms {
  /** The images that may decrypt. At least one. */
  readonly measurements: readonly Measurements[];
  readonly ownerRoleArn: string;
  readonly enclaveRoleArn: string;
  readonly breakGlassRoleArn: string;
  /** RFC 7638 thumbprint (SHA-256, base64url) of the key that signs the manifests. */
  readonly owner: string;
  readonly dataset: string;
  /** Epochs (UTC milliseconds) whose manifests still work. With none, no enclave decrypts anything. */
  readonly liveEpochs: readonly number[];
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface KeyPolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal: { readonly AWS: string };
  readonly Action: string | readonly string[];
  readonly Resource: "*";
  readonly Condition?: Condition;
}

export interface KeyPolicy {
  readonly Version: "2012-10-17";
  readonly Id: string;
  readonly Statement: readonly KeyPolicyStatement[];
}

const REGISTERS = [0, 1, 2] as const;
const ROLE_ARN = /^arn:(?:aws|aws-cn|aws-us-gov):iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@_/-]{1,512}$/;
/** What a role other than break-glass must never do: change who may use the key, or take the key away. */
const ADMINISTRATION: readonly string[] = [
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

/**
 * The policy document to give to KMS.
 * @throws KEYPOLICY_MEASUREMENT, KEYPOLICY_DEBUG, KEYPOLICY_ROLE, KEYPOLICY_OWNER, KEYPOLICY_DATASET,
 *   KEYPOLICY_EPOCH for terms that would not protect anything; KEYPOLICY_SIZE past 32 KiB.
 */
export function keyPolicy(terms: KeyPolicyTerms): KeyPolicy {
  const images = checkedImages(terms.measurements);
  checkRoles(terms);
  if (!THUMBPRINT.test(terms.owner)) throw new SealroomError("KEYPOLICY_OWNER");
  // A name of this form is literal in a policy: it has no wildcard and no `${variable}`.
  if (!DATASET_NAME.test(terms.dataset)) throw new SealroomError("KEYPOLICY_DATASET");
  checkEpochs(terms.liveEpochs);
  const epochs = terms.liveEpochs.length;

  const policy: KeyPolicy = {
    Version: "2012-10-17",
    Id: "sealroom-dataset-key",
    Statement: [
      ...(epochs === 0 ? [] : images.map((image, index) => enclaveDecrypts(image, terms, index))),
      ...ownerStatements(terms),
      {
        Sid: "BreakGlassAdministers",
        Effect: "Allow",
        Principal: { AWS: terms.breakGlassRoleArn },
        Action: "kms:*",
        Resource: "*",
      },
      ...denials(terms, images),
    ],
  };
  const bytes = Buffer.byteLength(encodeKeyPolicy(policy));
  if (bytes > MAX_KEY_POLICY_BYTES) {
    throw new SealroomError("KEYPOLICY_SIZE", { bytes, epochs, images: images.length });
  }
  return policy;
}

/** The text that is printed and given to KMS; its length is what keyPolicy bounds. */
export function encodeKeyPolicy(policy: KeyPolicy): string {
  return `${JSON.stringify(policy, null, 2)}\n`;
}

// One statement an image: lists in one statement would also admit PCR0 of one image with PCR1 of another.
function enclaveDecrypts(image: Measurements, terms: KeyPolicyTerms, index: number): KeyPolicyStatement {
  const { pairs, keys } = liveContexts(terms);
  return {
    Sid: `EnclaveDecrypts${index}`,
    Effect: "Allow",
    Principal: { AWS: terms.enclaveRoleArn },
    Action: "kms:Decrypt",
    Resource: "*",
    Condition: {
      StringEqualsIgnoreCase: {
        "kms:RecipientAttestation:ImageSha384": image[0],
        "kms:RecipientAttestation:PCR0": image[0],
        "kms:RecipientAttestation:PCR1": image[1],
        "kms:RecipientAttestation:PCR2": image[2],
      },
      StringEquals: pairs,
      // Exactly these keys, in this case. ForAllValues alone would hold for a request that has none.
      "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": keys },
      Null: { "kms:EncryptionContextKeys": "false" },
    },
  };
}

/** The very contexts that the enclave builds for the live epochs: they differ in the epoch alone. */
function liveContexts({ owner, dataset, liveEpochs }: KeyPolicyTerms): {
  readonly pairs: Readonly<Record<string, string | readonly string[]>>;
  readonly keys: readonly string[];
} {
  const contexts = liveEpochs.map((epoch) => datasetContext({ owner, dataset, epoch }));
  const keys = Object.keys(contexts[0] ?? {});
  const pairs = keys.map((key) => {
    const values = [...new Set(contexts.map((context) => context[key] ?? ""))];
    return [`kms:EncryptionContext:${key}`, values.length === 1 ? (values[0] ?? "") : values] as const;
  });
  return { pairs: Object.fromEntries(pairs), keys };
}

function ownerStatements({ ownerRoleArn, owner }: KeyPolicyTerms): readonly KeyPolicyStatement[] {
  const statement = { Effect: "Allow", Principal: { AWS: ownerRoleArn }, Resource: "*" } as const;
  return [
    {
      Sid: "OwnerWrapsOwnKeys",
      ...statement,
      Action: ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"],
      Condition: { StringEquals: { "kms:EncryptionContext:sealroom:owner": owner } },
    },
    // DescribeKey has no encryption context to compare.
    { Sid: "OwnerDescribesKey", ...statement, Action: "kms:DescribeKey" },
  ];
}

// Denials hold against every Allow, also one that is added later by mistake.
function denials(terms: KeyPolicyTerms, images: readonly Measurements[]): readonly KeyPolicyStatement[] {
  const { ownerRoleArn, breakGlassRoleArn } = terms;
  const statement = { Effect: "Deny", Principal: { AWS: "*" }, Resource: "*" } as const;
  const others = { ArnNotEquals: { "aws:PrincipalArn": [ownerRoleArn, breakGlassRoleArn] } };
  return [
    {
      Sid: "NobodyElseDecryptsUnattested",
      ...statement,
      Action: "kms:Decrypt",
      Condition: { ...others, Null: { "kms:RecipientAttestation:ImageSha384": "true" } },
    },
    ...REGISTERS.map((register) => ({
      Sid: `NobodyElseDecryptsByOtherPCR${register}`,
      ...statement,
      Action: "kms:Decrypt",
      Condition: {
        ...others,
        StringNotEqualsIgnoreCase: {
          [`kms:RecipientAttestation:PCR${register}`]: [...new Set(images.map((image) => image[register]))],
        },
      },
    })),
    {
      Sid: "NobodyElseHandsOn",
      ...statement,
      Action: ["kms:ReEncrypt*", "kms:CreateGrant"],
      Condition: others,
    },
    {
      Sid: "OnlyBreakGlassAdministers",
      ...statement,
      Action: ADMINISTRATION,
      Condition: { ArnNotEquals: { "aws:PrincipalArn": breakGlassRoleArn } },
    },
  ];
}

function checkedImages(measurements: readonly Measurements[]): readonly Measurements[] {
  if (measurements.length === 0) throw new SealroomError("KEYPOLICY_MEASUREMENT", { images: 0 });
  const images = new Map<string, Measurements>();
  for (const [index, image] of measurements.entries()) {
    const checked = {
      0: checkedRegister(image, 0, index),
      1: checkedRegister(image, 1, index),
      2: checkedRegister(image, 2, index),
    };
    images.set(`${checked[0]} ${checked[1]} ${checked[2]}`, checked);
  }
  return [...images.values()];
}

function checkedRegister(image: Measurements, register: 0 | 1 | 2, index: number): string {
  const value = parseRegister(image[register]);
  if (value === null) throw new SealroomError("KEYPOLICY_MEASUREMENT", { image: index, register });
  if (/^0+$/.test(value)) throw new PolicyError("KEYPOLICY_DEBUG", { image: index, register });
  return value;
}

// The same role in two parts would undo the separation: an owner's rights in the host's hands, say.
function checkRoles(terms: KeyPolicyTerms): void {
  const roles = {
    owner: terms.ownerRoleArn,
    enclave: terms.enclaveRoleArn,
    breakGlass: terms.breakGlassRoleArn,
  };
  const seen = new Set<string>();
  for (const [role, arn] of Object.entries(roles)) {
    if (!ROLE_ARN.test(arn) || arn.endsWith("/") || seen.has(arn)) {
      throw new SealroomError("KEYPOLICY_ROLE", { role });
    }
    seen.add(arn);
  }
}

function checkEpochs(liveEpochs: readonly number[]): void {
  for (const [index, epoch] of liveEpochs.entries()) {
    if (!Number.isSafeInteger(epoch) || epoch < 1 || liveEpochs.indexOf(epoch) !== index) {
      throw new SealroomError("KEYPOLICY_EPOCH", { index });
    }
  }
}
