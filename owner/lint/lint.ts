// The linter for key policies: reads any, finds what would let somebody else than the measured image open an owner's
// keys, and shows the request by which he would. It judges by the evaluator that the local KMS enforces policies with.
// Leaves out IAM policies, grants that are there already, and what other keys allow.
import type { Statement } from "../policy/document.ts";
import { allows, ask, principalOf } from "./ask.ts";
import { checkAllow } from "./check-allow.ts";
import { checkDenials } from "./check-denials.ts";
import { checkRegisterValues } from "./check-shape.ts";
import { finding, type Finding } from "./finding.ts";
import { isAttestationKey } from "./known-key.ts";
import { notesOn } from "./notes.ts";
import { readPolicy, type ReadStatement } from "./reading.ts";
import { findRoles, type GivenRoles, type Roles } from "./roles.ts";
import { isJudged } from "./subject.ts";

/** A finding, and what the policy as a whole says to its witness. */
export interface JudgedFinding extends Finding {
  /** The statement's Sid, or its place for people; null for the policy as a whole. */
  readonly name: string | null;
  /**
   * `open`: KMS lets the witness through today. `held`: another statement stops it. `latent`: nothing allows it today.
   * `form`: there is no witness.
   */
  readonly stand: "open" | "held" | "latent" | "form";
  /** The Deny that stops it. */
  readonly heldBy: string | null;
}

export interface Lint {
  /** In the order of the statements; those of the policy as a whole last. */
  readonly findings: readonly JudgedFinding[];
  readonly roles: Roles;
  /** What is no fault, and worth knowing. */
  readonly notes: readonly string[];
}

/** @throws JSON_* for what is no JSON, KEYPOLICY_SYNTAX for what is no policy at all */
export function lintKeyPolicy(text: string, given: GivenRoles): Lint {
  const { statements, names, findings: faults, unjudged } = readPolicy(text);
  const counted = statements.flatMap(({ judged }) => judged ?? []);
  const roles = findRoles(statements, counted, given);
  const found = [
    ...faults,
    ...statements.flatMap(checkRegisterValues),
    ...statements
      .filter(isJudged)
      .flatMap((statement) =>
        statement.effect === "Allow" ? checkAllow(statement, roles, { statements, counted }) : [],
      ),
    ...checkPolicy(statements, counted, roles, given),
    ...checkDenials(statements, roles),
  ];
  return {
    findings: inOrder(unique(found)).map((one) => judge(one, names, counted)),
    roles,
    notes: notesOn(statements, roles, unjudged),
  };
}

function checkPolicy(
  statements: readonly ReadStatement[],
  counted: readonly Statement[],
  roles: Roles,
  given: GivenRoles,
): readonly Finding[] {
  const found: Finding[] = [];
  const asks = statements.some(({ conditions }) => conditions.some(({ key }) => isAttestationKey(key)));
  if (!asks) found.push(finding("NO_ATTESTATION", null, "no kms:RecipientAttestation condition anywhere"));
  if (given.owner.length === 0 && roles.owner.length > 1) {
    found.push(finding("OWNERS", null, roles.owner.join(", ")));
  }
  if (given.breakGlass.length === 0 && roles.breakGlass.length > 1) {
    found.push(finding("ADMINISTRATORS", null, roles.breakGlass.join(", ")));
  }
  const everybody = [...roles.breakGlass, ...roles.owner, ...roles.enclave, ...roles.others].map(principalOf);
  const isGoverned = [...everybody, ...roles.strangers].some((principal) =>
    allows(counted, { principal, action: "kms:PutKeyPolicy", context: null, registers: null }),
  );
  if (!isGoverned) found.push(finding("NO_ADMINISTRATOR", null, "kms:PutKeyPolicy"));
  return found;
}

function judge(one: Finding, names: readonly string[], counted: readonly Statement[]): JudgedFinding {
  const name = one.statement === null ? null : (names[one.statement] ?? null);
  if (one.witness === undefined) return { ...one, name, stand: "form", heldBy: null };
  const { verdict, sid } = ask(counted, one.witness);
  switch (verdict) {
    case "allowed":
      return { ...one, name, stand: "open", heldBy: null };
    case "denied-explicitly":
      return { ...one, name, stand: "held", heldBy: sid };
    case "denied-by-default":
      return { ...one, name, stand: "latent", heldBy: null };
  }
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, statement, detail }) => {
    const name = `${code} ${String(statement)} ${detail}`;
    return !seen.has(name) && seen.add(name);
  });
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const place = ({ statement }: Finding) => statement ?? Number.MAX_SAFE_INTEGER;
  return findings.toSorted((left, right) => place(left) - place(right));
}
