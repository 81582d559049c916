// Conditions that look like a restriction and are less: by their operator, or by the value they compare with.
import { finding, type Finding } from "./finding.ts";
import { isAttestationKey, isContextKey } from "./known-key.ts";
import type { ReadCondition } from "./read-condition.ts";
import type { ReadStatement } from "./reading.ts";

/** Of an Allow to anybody but break-glass. */
export function checkOperators({ conditions, index }: ReadStatement): readonly Finding[] {
  return conditions.flatMap((condition) => {
    const { operator, key, operands, judged } = condition;
    if (judged === null || !(isAttestationKey(key) || isContextKey(key))) return [];
    const found: Finding[] = [];
    const detail = `${operator} ${key}`;
    if (judged.ifExists) found.push(finding("IF_EXISTS", index, detail));
    if (judged.set === "all" && !isDemanded(conditions, key)) {
      found.push(finding("FOR_ALL_VALUES", index, detail));
    }
    if (judged.set === "any") found.push(finding("FOR_ANY_VALUE", index, detail));
    if (operator.includes("Like") && operands.some((operand) => /[*?]/.test(operand))) {
      found.push(finding("VALUE_WILDCARD", index, `${detail}: ${operands.join(", ")}`));
    }
    return found;
  });
}

/** Of any statement: what is compared with a register. */
export function checkRegisterValues({ conditions, index }: ReadStatement): readonly Finding[] {
  return conditions.flatMap(({ operator, key, operands, judged }) => {
    if (judged === null || judged.test === "absence" || !isAttestationKey(key)) return [];
    const found: Finding[] = [];
    const isHex = operands.every((operand) => /^[0-9a-f]{96}$/i.test(operand));
    if (!isHex && !operator.includes("Like")) found.push(finding("REGISTER", index, key));
    if (!operator.includes("IgnoreCase") && operands.some((operand) => /[A-F]/.test(operand))) {
      found.push(finding("HEX_CASE", index, `${operator} ${key}`));
    }
    if (/(pcr[012]|imagesha384)$/i.test(key) && operands.some((operand) => /^0+$/.test(operand))) {
      found.push(finding("DEBUG_IMAGE", index, key));
    }
    return found;
  });
}

function isDemanded(conditions: readonly ReadCondition[], key: string): boolean {
  return conditions.some(
    (condition) =>
      condition.key.toLowerCase() === key.toLowerCase() &&
      condition.judged?.test === "absence" &&
      condition.operands.includes("false"),
  );
}
