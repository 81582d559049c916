// What a key policy is made of, and which terms would protect nothing: those are refused before a policy is printed.
import { parseRegister, type Measurements } from "../../core/attestation/measurements.ts";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import { THUMBPRINT } from "../../core/manifest/jwk.ts";
import { DATASET_NAME } from "../../core/manifest/manifest.ts";

/** One version of the key that makes the tokens of a domain. */
export interface TokenKey {
  readonly domain: string;
  readonly version: number;
}

export interface KeyPolicyTerms {
  /** The images that may decrypt. At least one. */
  readonly measurements: readonly Measurements[];
  readonly ownerRoleArn: string;
  /** Of the instances that run the enclave: its credentials sign the requests, and PCR3 is made of it. */
  readonly enclaveRoleArn: string;
  readonly breakGlassRoleArn: string;
  /**
   * On whose instances the image may run: those of the enclave's role alone, which PCR3 attests (where this is left
   * out), or anybody's who has the role's credentials.
   */
  readonly parent?: "enclave-role" | "anybody";
  /** RFC 7638 thumbprint (SHA-256, base64url) of the key that signs the manifests. */
  readonly owner: string;
  readonly dataset: string;
  /** Epochs (UTC milliseconds) whose manifests still work. With none, no enclave opens the data set. */
  readonly liveEpochs: readonly number[];
  /** Token keys that still work. */
  readonly tokens?: readonly TokenKey[];
  /** Data sets that a job may write sealed output for, under keys that KMS draws for it. */
  readonly outputs?: readonly string[];
}

/** Terms that passed every check, in the one form that a policy is printed from. */
export interface CheckedTerms extends Required<KeyPolicyTerms> {
  /** Each image once, registers in lower case. */
  readonly measurements: readonly Measurements[];
}

const ROLE_ARN = /^arn:(?:aws|aws-cn|aws-us-gov):iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@_/-]{1,512}$/;

/**
 * @throws KEYPOLICY_MEASUREMENT, KEYPOLICY_DEBUG, KEYPOLICY_ROLE, KEYPOLICY_OWNER, KEYPOLICY_DATASET, KEYPOLICY_EPOCH,
 *   KEYPOLICY_TOKEN, KEYPOLICY_OUTPUT
 */
export function checkTerms(terms: KeyPolicyTerms): CheckedTerms {
  const { parent = "enclave-role", tokens = [], outputs = [] } = terms;
  const measurements = checkedImages(terms.measurements);
  checkRoles(terms);
  if (!THUMBPRINT.test(terms.owner)) throw new SealroomError("KEYPOLICY_OWNER");
  // A name of this form is literal in a policy: it has no wildcard and no `${variable}`.
  if (!DATASET_NAME.test(terms.dataset)) throw new SealroomError("KEYPOLICY_DATASET");
  checkEpochs(terms.liveEpochs);
  checkTokens(tokens);
  checkOutputs(outputs);
  return { ...terms, measurements, parent, tokens, outputs };
}

/** The same for the same image, however its registers are written. */
export function imageName(image: Measurements): string {
  return `${image[0]} ${image[1]} ${image[2]}`.toLowerCase();
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
    images.set(imageName(checked), checked);
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
    if (!isCount(epoch) || liveEpochs.indexOf(epoch) !== index) {
      throw new SealroomError("KEYPOLICY_EPOCH", { index });
    }
  }
}

function checkTokens(tokens: readonly TokenKey[]): void {
  const seen = new Set<string>();
  for (const [index, { domain, version }] of tokens.entries()) {
    const name = `${domain}:${version}`;
    if (!DATASET_NAME.test(domain) || !isCount(version) || seen.has(name)) {
      throw new SealroomError("KEYPOLICY_TOKEN", { index });
    }
    seen.add(name);
  }
}

function checkOutputs(outputs: readonly string[]): void {
  for (const [index, name] of outputs.entries()) {
    if (!DATASET_NAME.test(name) || outputs.indexOf(name) !== index) {
      throw new SealroomError("KEYPOLICY_OUTPUT", { index });
    }
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
