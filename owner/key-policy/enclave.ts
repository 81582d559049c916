// What a measured image may do: open the data set's key in its live epochs, open token keys, and have a key drawn for
// sealed output. Each statement has one image, as lists would also admit PCR0 of one image with PCR1 of another.
import { encodeRegister, type Measurements } from "../../core/attestation/measurements.ts";
import { parentRoleRegister } from "../../core/parent-registers.ts";
import {
  datasetContext,
  outputContext,
  tokenContext,
  type EncryptionContext,
} from "../../core/manifest/encryption-context.ts";
import { oneOrList, type ConditionBlock, type KeyPolicyStatement, type Operands } from "./statement.ts";
import type { CheckedTerms, TokenKey } from "./terms.ts";

export const ATTESTATION = "kms:RecipientAttestation:";
export const CONTEXT = "kms:EncryptionContext:";
export const CONTEXT_KEYS = "kms:EncryptionContextKeys";
export const JOB = "sealroom:job";
/** Any plan's digest: only the names of the context's keys are taken from it. */
const ANY_JOB = "0".repeat(96);

export function enclaveStatements(terms: CheckedTerms): readonly KeyPolicyStatement[] {
  return terms.measurements.flatMap((image, index) => [
    ...datasetStatements(terms, image, index),
    ...tokenStatements(terms, image, index),
    ...outputStatements(terms, image, index),
  ]);
}

/** PCR3 as the policy pins it; null where any parent will do. */
export function pinnedParent({ parent, enclaveRoleArn }: CheckedTerms): string | null {
  return parent === "anybody" ? null : encodeRegister(parentRoleRegister(enclaveRoleArn));
}

function datasetStatements(
  terms: CheckedTerms,
  image: Measurements,
  index: number,
): readonly KeyPolicyStatement[] {
  const { owner, dataset, liveEpochs } = terms;
  if (liveEpochs.length === 0) return [];
  const contexts = liveEpochs.map((epoch) => datasetContext({ owner, dataset, epoch }));
  return [allow(`EnclaveDecrypts${index}`, "kms:Decrypt", terms, image, exactly(contexts))];
}

// One statement a domain: lists would also admit a retired version of one domain that lives in another.
function tokenStatements(
  terms: CheckedTerms,
  image: Measurements,
  index: number,
): readonly KeyPolicyStatement[] {
  const { owner, tokens } = terms;
  return [...byDomain(tokens)].map(([domain, versions], place) => {
    const contexts = versions.map((version) => tokenContext({ owner, domain, version }));
    const sid = `EnclaveDecryptsTokens${index}Domain${place}`;
    return allow(sid, "kms:Decrypt", terms, image, exactly(contexts));
  });
}

function outputStatements(
  terms: CheckedTerms,
  image: Measurements,
  index: number,
): readonly KeyPolicyStatement[] {
  const { owner, outputs } = terms;
  if (outputs.length === 0) return [];
  const contexts = outputs.map((dataset) => outputContext({ owner, dataset, job: ANY_JOB }));
  const conditions = exactly(contexts);
  const { StringEquals = {}, Null = {} } = conditions;
  // Which job is not known beforehand; that one is named is.
  const pairs = Object.entries(StringEquals).filter(([key]) => key !== CONTEXT + JOB);
  return [
    allow(`EnclaveMakesOutputKeys${index}`, "kms:GenerateDataKey", terms, image, {
      ...conditions,
      StringEquals: Object.fromEntries(pairs),
      Null: { ...Null, [CONTEXT + JOB]: "false" },
    }),
  ];
}

function allow(
  sid: string,
  action: string,
  terms: CheckedTerms,
  image: Measurements,
  contexts: ConditionBlock,
): KeyPolicyStatement {
  return {
    Sid: sid,
    Effect: "Allow",
    Principal: { AWS: terms.enclaveRoleArn },
    Action: action,
    Resource: "*",
    Condition: { StringEqualsIgnoreCase: attestation(image, pinnedParent(terms)), ...contexts },
  };
}

function attestation(image: Measurements, parent: string | null): Operands {
  return {
    [`${ATTESTATION}ImageSha384`]: image[0],
    [`${ATTESTATION}PCR0`]: image[0],
    [`${ATTESTATION}PCR1`]: image[1],
    [`${ATTESTATION}PCR2`]: image[2],
    ...(parent === null ? {} : { [`${ATTESTATION}PCR3`]: parent }),
  };
}

/** These contexts, which the enclave builds too. They differ in one value alone, so lists admit no mixture of them. */
function exactly(contexts: readonly EncryptionContext[]): ConditionBlock {
  const keys = Object.keys(contexts[0] ?? {});
  const pairs = keys.map((key) => {
    const values = contexts.map((context) => context[key] ?? "");
    return [CONTEXT + key, oneOrList(values)] as const;
  });
  return {
    StringEquals: Object.fromEntries(pairs),
    // Exactly these keys, in this case. ForAllValues alone would hold for a request that has none.
    "ForAllValues:StringEquals": { [CONTEXT_KEYS]: keys },
    Null: { [CONTEXT_KEYS]: "false" },
  };
}

function byDomain(tokens: readonly TokenKey[]): ReadonlyMap<string, readonly number[]> {
  const domains = new Map<string, number[]>();
  for (const { domain, version } of tokens) domains.set(domain, [...(domains.get(domain) ?? []), version]);
  return domains;
}
