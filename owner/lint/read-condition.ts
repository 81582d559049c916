// The conditions of a statement, one by one: what is written, and what can be judged of it.
import { SealroomError } from "../../core/errors.ts";
import { findNearest } from "../../core/text/nearest.ts";
import type { JsonValue } from "../../core/json.ts";
import { isOperator, parseCondition, type Condition } from "../policy/condition.ts";
import { findKeyType } from "../policy/condition-key.ts";
import { finding, type Finding } from "./finding.ts";
import { describe, isObject, listOf } from "./json-shape.ts";
import { isDocumentedKey, spellDecisiveKey } from "./known-key.ts";
import type { Part } from "./read-scope.ts";

export interface ReadCondition {
  readonly operator: string;
  readonly key: string;
  readonly operands: readonly string[];
  /** Null for one that is left out: an Allow is judged as if it held. */
  readonly judged: Condition | null;
}

type Judgement =
  | { readonly kind: "judged"; readonly condition: Condition }
  | { readonly kind: "left-out" }
  | { readonly kind: "unjudged" }
  | { readonly kind: "faulty"; readonly finding: Finding };

const SUGGESTIONS = [
  "kms:RecipientAttestation:ImageSha384",
  ...Array.from({ length: 32 }, (_, register) => `kms:RecipientAttestation:PCR${register}`),
  ...["owner", "purpose", "dataset", "epoch", "domain", "version", "job"].map(
    (field) => `kms:EncryptionContext:sealroom:${field}`,
  ),
  ...["kms:EncryptionContextKeys", "aws:PrincipalArn", "aws:PrincipalAccount", "kms:CallerAccount"],
];

export function readConditions(
  block: JsonValue | undefined,
  index: number,
): Part<readonly ReadCondition[]> & { readonly unjudged: readonly string[] } {
  const value: ReadCondition[] = [];
  const findings: Finding[] = [];
  const unjudged: string[] = [];
  let isWhole = true;
  if (block !== undefined && !isObject(block)) {
    findings.push(finding("ELEMENT", index, `Condition is ${describe(block)}`));
    isWhole = false;
  }
  for (const [operator, keys] of isObject(block) ? Object.entries(block) : []) {
    if (!isObject(keys)) {
      findings.push(finding("ELEMENT", index, `${operator} is ${describe(keys)}`));
      isWhole = false;
      continue;
    }
    for (const [key, operands] of Object.entries(keys)) {
      const judgement = judge(operator, key, operands, index);
      const judged = judgement.kind === "judged" ? judgement.condition : null;
      value.push({ operator, key, operands: listOf(operands).map(textOf), judged });
      if (judgement.kind === "faulty") findings.push(judgement.finding);
      if (judgement.kind === "unjudged") unjudged.push(key);
      isWhole &&= judged !== null;
      findings.push(...checkCase(key, index));
    }
  }
  return { value, isWhole, findings, unjudged };
}

function judge(operator: string, key: string, operands: JsonValue, index: number): Judgement {
  if (!isOperator(operator)) {
    // Of network addresses: known, and nothing that a request to KMS is judged by here.
    if (/^(Not)?IpAddress(IfExists)?$/.test(operator)) return { kind: "unjudged" };
    return { kind: "faulty", finding: finding("OPERATOR", index, operator) };
  }
  if (listOf(operands).some((operand) => typeof operand === "string" && operand.includes("${"))) {
    return { kind: "faulty", finding: finding("VARIABLE", index, key) };
  }
  if (findKeyType(key) === null) {
    if (isDocumentedKey(key)) return { kind: "unjudged" };
    const nearest = findNearest(key, SUGGESTIONS);
    const detail = `${key}${nearest === undefined ? "" : ` (${nearest}?)`}`;
    return { kind: "faulty", finding: finding("CONDITION_KEY", index, detail) };
  }
  try {
    const condition = parseCondition(operator, key, operands);
    // Time, region, transport and the like are the caller's to arrange.
    return spellDecisiveKey(key) === null ? { kind: "unjudged" } : { kind: "judged", condition };
  } catch (error) {
    return { kind: "faulty", finding: finding("OPERAND", index, `${operator} ${key}: ${faultOf(error)}`) };
  }
}

function checkCase(key: string, index: number): readonly Finding[] {
  const spelt = spellDecisiveKey(key);
  return spelt === null || spelt === key ? [] : [finding("CONDITION_KEY_CASE", index, `${key} for ${spelt}`)];
}

/** An operand as it is compared; what cannot be is shown as it stands. */
function textOf(operand: JsonValue): string {
  return typeof operand === "string" ? operand : JSON.stringify(operand);
}

/** Why something was refused, in the words of whoever refused it. */
function faultOf(error: unknown): string {
  if (!(error instanceof SealroomError) || error.code !== "KEYPOLICY_SYNTAX") throw error;
  return String(error.details["fault"]);
}
