// One Allow, for each whom it lets in: strangers, the enclave's role and others that have to attest, the owner's.
import { OPENING, WRAPPING } from "../key-policy/denials.ts";
import type { Statement } from "../policy/document.ts";
import { namesAction } from "../policy/evaluate.ts";
import type { Principal } from "../policy/principal.ts";
import { allows, ask, principalOf } from "./ask.ts";
import { findBaseline } from "./baseline.ts";
import { checkAttestation } from "./check-attestation.ts";
import { checkContext, checkOwner } from "./check-context.ts";
import { checkRights, checkWildcards, findUse, SENSITIVE } from "./check-rights.ts";
import { checkOperators } from "./check-shape.ts";
import { tokenContexts } from "./contexts.ts";
import { finding, type Finding, type Probe } from "./finding.ts";
import type { ReadStatement } from "./reading.ts";
import type { Roles } from "./roles.ts";
import type { JudgedStatement, Subject } from "./subject.ts";

/** By which whoever asks sees a key, or brings one that he knows. */
const SHOWING: readonly string[] = [...OPENING, "kms:Encrypt", "kms:GenerateDataKeyPair"];

/** The policy that the statement stands in, and what of it counts. */
export interface Whole {
  readonly statements: readonly ReadStatement[];
  readonly counted: readonly Statement[];
}

export function checkAllow(statement: JudgedStatement, roles: Roles, whole: Whole): readonly Finding[] {
  if (isForBreakGlassAlone(statement, roles)) return [];
  const shape = [...checkOperators(statement), ...checkWildcards(statement)];
  const strangers = checkStrangers(statement, roles);
  // Who else is let in does not matter where everybody is.
  if (strangers.length > 0) return [...strangers, ...shape];
  return [
    ...roles.enclave.flatMap((arn) => checkUntrusted(statement, arn, whole)),
    ...roles.others.flatMap((arn) => checkOther(statement, arn, whole)),
    ...roles.owner.flatMap((arn) => checkOwnersRole(statement, arn, whole)),
    ...shape,
  ];
}

function isForBreakGlassAlone({ judged }: JudgedStatement, { breakGlass }: Roles): boolean {
  const { principals } = judged;
  return principals.every((pattern) => pattern.kind === "arn" && breakGlass.includes(pattern.arn));
}

function checkStrangers(statement: JudgedStatement, { strangers }: Roles): readonly Finding[] {
  for (const stranger of strangers) {
    const witness = SENSITIVE.flatMap((action) => findUse(statement, stranger, action) ?? [])[0];
    if (witness === undefined) continue;
    const isOpen = statement.judged.principals.some(({ kind }) => kind === "anyone");
    const code = isOpen ? "ANYONE" : "ROOT_DELEGATION";
    return [finding(code, statement.index, `${witness.action} by ${stranger.roleArn}`, witness)];
  }
  return [];
}

function checkUntrusted(statement: JudgedStatement, arn: string, whole: Whole): readonly Finding[] {
  const principal = principalOf(arn);
  const found: Finding[] = [...checkRights(statement, principal, "other")];
  for (const action of OPENING) {
    const baseline = findBaseline(statement, principal, action, denialsOf(whole));
    if (baseline === null) {
      const isMeant =
        names(statement, arn) && namesAction(statement.judged, action) && findUses(statement, arn) === 0;
      if (isMeant) found.push(finding("NEVER", statement.index, action));
      continue;
    }
    const subject: Subject = { statement, baseline };
    const open = [...checkAttestation(subject), ...checkContext(subject)];
    found.push(...open, ...(open.length === 0 ? checkShutOut(subject, whole) : []));
  }
  return found;
}

/** Of a role that nobody vouched for: what would do for the enclave's is too much. */
function checkOther(statement: JudgedStatement, arn: string, whole: Whole): readonly Finding[] {
  const found = checkUntrusted(statement, arn, whole);
  const uses = OPENING.flatMap((action) => findBaseline(statement, principalOf(arn), action, []) ?? []);
  return found.length > 0
    ? found
    : uses.map((use) => finding("OTHER_ROLE", statement.index, `${use.action} by ${arn}`, use));
}

function checkOwnersRole(statement: JudgedStatement, arn: string, whole: Whole): readonly Finding[] {
  const principal = principalOf(arn);
  const found: Finding[] = [...checkRights(statement, principal, "owner")];
  for (const action of [...OPENING, ...WRAPPING]) {
    const baseline = findBaseline(statement, principal, action, denialsOf(whole));
    if (baseline !== null) found.push(...checkOwner({ statement, baseline }, baseline.context ?? {}));
  }
  for (const action of SHOWING) {
    const witness = findTokenUse(statement, principal, action);
    if (witness === null) continue;
    found.push(finding("OWNER_TOKENS", statement.index, `${action} for purpose token`, witness));
  }
  return found;
}

/** Some token domain whose keys the statement shows to the principal, or takes from it. */
function findTokenUse(statement: JudgedStatement, principal: Principal, action: string): Probe | null {
  const probes = tokenContexts(statement).map((context) => ({ principal, action, context, registers: null }));
  return probes.find((probe) => allows([statement.judged], probe)) ?? null;
}

function checkShutOut({ statement, baseline }: Subject, { counted }: Whole): readonly Finding[] {
  const { verdict, sid } = ask(counted, baseline);
  if (verdict !== "denied-explicitly") return [];
  return [finding("SHUT_OUT", statement.index, `${baseline.action}, by ${sid ?? "a Deny"}`)];
}

function denialsOf({ statements }: Whole): readonly ReadStatement[] {
  return statements.filter(({ effect }) => effect === "Deny");
}

function names({ judged }: JudgedStatement, arn: string): boolean {
  return judged.principals.some((pattern) => pattern.kind === "arn" && pattern.arn === arn);
}

/** In how many sensitive ways the role may use the statement at all. */
function findUses(statement: JudgedStatement, arn: string): number {
  const principal = principalOf(arn);
  return SENSITIVE.filter((action) => findUse(statement, principal, action) !== null).length;
}
