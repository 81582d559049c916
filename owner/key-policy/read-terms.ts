// A key policy in force, back to the terms that it was printed from. What is read from it is not trusted to mean what
// it seems: the policy that these terms print has to be the one that was given, or it is refused.
import type { Measurements } from "../../core/attestation/measurements.ts";
import { SealroomError } from "../../core/errors.ts";
import { canonicalText, parseJson, type JsonObject, type JsonValue } from "../../core/json.ts";
import { encodeKeyPolicy, keyPolicy } from "../key-policy.ts";
import { MAX_POLICY_BYTES } from "../policy/document.ts";
import { ATTESTATION, CONTEXT } from "./enclave.ts";
import { checkTerms, type CheckedTerms, type KeyPolicyTerms, type TokenKey } from "./terms.ts";

/** KMS hands a policy out with other spaces than it was given. */
const LIMITS = { bytes: 4 * MAX_POLICY_BYTES, depth: 8, values: 8192 };

/**
 * Of a policy that keyPolicy printed, with at least one live epoch.
 * @throws KEYPOLICY_NO_EPOCH for one without; KEYPOLICY_FOREIGN for any other; JSON_* for what is no JSON
 */
export function readTerms(policy: string): CheckedTerms {
  const document = parseJson(policy, LIMITS);
  const statements = objects(objectOf(document)["Statement"]);
  const [terms, text] = printAgain(statements);
  const printed = objectOf(parseJson(text));
  const expected = objects(printed["Statement"]);
  const different = expected.findIndex((statement, index) => !isSame(statement, statements[index]));
  if (different >= 0) throw foreign(`statement ${sidOf(expected[different])} is not as it is printed`);
  if (!isSame(printed, document)) throw foreign("it has more than is printed");
  return terms;
}

function printAgain(statements: readonly JsonObject[]): readonly [terms: CheckedTerms, text: string] {
  const found = termsOf(statements);
  try {
    const terms = checkTerms(found);
    return [terms, encodeKeyPolicy(keyPolicy(terms))];
  } catch (error) {
    if (error instanceof SealroomError && error.code.startsWith("KEYPOLICY_")) {
      throw foreign("its terms would not be printed", error);
    }
    throw error;
  }
}

function termsOf(statements: readonly JsonObject[]): KeyPolicyTerms {
  const bySid = (pattern: RegExp) => statements.filter((statement) => pattern.test(sidOf(statement)));
  const [enclave] = bySid(/^EnclaveDecrypts0$/);
  const [owner] = bySid(/^OwnerWrapsOwnKeys$/);
  const [breakGlass] = bySid(/^BreakGlassAdministers$/);
  if (enclave === undefined) {
    // Whether all else of it is as it is printed cannot be known without its terms, and no policy is made of it.
    if (owner !== undefined && breakGlass !== undefined) throw new SealroomError("KEYPOLICY_NO_EPOCH");
    throw foreign("it has no statement EnclaveDecrypts0");
  }
  const [outputs] = bySid(/^EnclaveMakesOutputKeys0$/);
  return {
    measurements: bySid(/^EnclaveDecrypts\d+$/).map(imageOf),
    ownerRoleArn: principalOf(owner),
    enclaveRoleArn: principalOf(enclave),
    breakGlassRoleArn: principalOf(breakGlass),
    parent: texts(pins(enclave)[`${ATTESTATION}PCR3`]).length === 0 ? "anybody" : "enclave-role",
    owner: texts(contextOf(enclave, "owner"))[0] ?? "",
    dataset: texts(contextOf(enclave, "dataset"))[0] ?? "",
    liveEpochs: texts(contextOf(enclave, "epoch")).map(Number),
    tokens: bySid(/^EnclaveDecryptsTokens0Domain\d+$/).flatMap(tokensOf),
    outputs: outputs === undefined ? [] : texts(contextOf(outputs, "dataset")),
  };
}

function imageOf(statement: JsonObject): Measurements {
  const register = (index: number) => texts(pins(statement)[`${ATTESTATION}PCR${index}`])[0] ?? "";
  return { 0: register(0), 1: register(1), 2: register(2) };
}

function tokensOf(statement: JsonObject): readonly TokenKey[] {
  const [domain = ""] = texts(contextOf(statement, "domain"));
  return texts(contextOf(statement, "version")).map((version) => ({ domain, version: Number(version) }));
}

function pins(statement: JsonObject): JsonObject {
  return objectOf(objectOf(statement["Condition"])["StringEqualsIgnoreCase"]);
}

function contextOf(statement: JsonObject, field: string): JsonValue | undefined {
  return objectOf(objectOf(statement["Condition"])["StringEquals"])[`${CONTEXT}sealroom:${field}`];
}

function principalOf(statement: JsonObject | undefined): string {
  return texts(objectOf(statement?.["Principal"])["AWS"])[0] ?? "";
}

function sidOf(statement: JsonObject | undefined): string {
  const sid = statement?.["Sid"];
  return typeof sid === "string" ? sid : "";
}

// Whatever has another shape reads as empty; the comparison at the end then finds it.
function objectOf(value: JsonValue | undefined): JsonObject {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : {};
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(objectOf) : [];
}

function texts(value: JsonValue | undefined): readonly string[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  return list.filter((entry) => typeof entry === "string");
}

/** To IAM a list of one is that one, and members have no order. */
function isSame(left: JsonValue, right: JsonValue | undefined): boolean {
  return right !== undefined && canonicalText(unlisted(left)) === canonicalText(unlisted(right));
}

function unlisted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const list = (value as readonly JsonValue[]).map(unlisted);
    const [only] = list;
    return list.length === 1 && only !== undefined ? only : list;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, unlisted(member)]));
}

function foreign(fault: string, cause?: SealroomError): SealroomError {
  return new SealroomError("KEYPOLICY_FOREIGN", { fault }, cause === undefined ? {} : { cause });
}
