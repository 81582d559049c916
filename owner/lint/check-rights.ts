// Rights that undo a key policy: to wrap keys, to hand them on, to administer. No attestation makes up for them, since
// the role's credentials are the host's.
import { ADMINISTRATION, OPENING, WRAPPING } from "../key-policy/denials.ts";
import { matchesAction } from "../policy/action.ts";
import { namesAction } from "../policy/evaluate.ts";
import type { Principal } from "../policy/principal.ts";
import { allows } from "./ask.ts";
import { contextsToTry, expectedRegisters } from "./baseline.ts";
import type { LintCode } from "./codes.ts";
import { finding, type Finding, type Probe } from "./finding.ts";
import type { JudgedStatement } from "./subject.ts";

export const REENCRYPTING: readonly string[] = ["kms:ReEncryptFrom", "kms:ReEncryptTo"];
export const GRANTING: readonly string[] = ["kms:CreateGrant"];
/** All that matters to who may read what. */
export const SENSITIVE: readonly string[] = [
  ...[...OPENING, ...WRAPPING, ...REENCRYPTING, ...GRANTING],
  ...ADMINISTRATION,
];

const OTHERS: readonly (readonly [LintCode, readonly string[]])[] = [
  ["GRANT", GRANTING],
  ["REENCRYPT", REENCRYPTING],
  ["ADMINISTRATION", ADMINISTRATION],
];

/** Of a role that is not break-glass. The owner's may wrap. */
export function checkRights(
  statement: JudgedStatement,
  principal: Principal,
  part: "owner" | "other",
): readonly Finding[] {
  const rights = part === "owner" ? OTHERS : ([["WRAP", WRAPPING], ...OTHERS] as const);
  return rights.flatMap(([code, actions]) => {
    const witnesses = actions.flatMap((action) => findUse(statement, principal, action) ?? []);
    const [first] = witnesses;
    if (first === undefined) return [];
    return [finding(code, statement.index, witnesses.map(({ action }) => action).join(", "), first)];
  });
}

/** Some request by which the principal may use the statement for the action. */
export function findUse(statement: JudgedStatement, principal: Principal, action: string): Probe | null {
  if (!namesAction(statement.judged, action)) return null;
  for (const registers of [null, expectedRegisters([statement])]) {
    for (const context of [null, ...contextsToTry(statement)]) {
      const probe = { principal, action, context, registers };
      if (allows([statement.judged], probe)) return probe;
    }
  }
  return null;
}

/** Patterns that reach more than they say. */
export function checkWildcards({ judged, index }: JudgedStatement): readonly Finding[] {
  const wide = judged.actions.patterns.filter(
    (pattern) => /[*?]/.test(pattern) && SENSITIVE.some((action) => matchesAction(pattern, action)),
  );
  if (judged.actions.kind === "allBut" || wide.length === 0) return [];
  return [finding("ACTION_WILDCARD", index, wide.join(", "))];
}
