// Decides whether a key policy lets a principal do something: an explicit Deny wins over every Allow, and what no
// statement allows is denied.
import { matchesAction } from "./action.ts";
import { holds, type RequestContext } from "./condition.ts";
import type { Policy, PrincipalPattern, Statement } from "./document.ts";
import { matchesArn } from "./pattern.ts";
import { isAllowedByIdentity, type Principal } from "./principal.ts";

export interface AccessRequest {
  readonly principal: Principal;
  /** `kms:Decrypt`, say. */
  readonly action: string;
  /** ARN of the key. */
  readonly resource: string;
  readonly context: RequestContext;
}

/** `sid` is that of the statement that decided, null where it has none or no statement did. */
export interface Decision {
  readonly verdict: "allowed" | "denied-explicitly" | "denied-by-default";
  readonly sid: string | null;
}

export function decide(policy: Policy, request: AccessRequest): Decision {
  const applying = policy.statements.filter((statement) => applies(statement, request));
  const denial = applying.find(({ effect }) => effect === "Deny");
  if (denial !== undefined) return { verdict: "denied-explicitly", sid: denial.sid };
  const [allowance] = applying;
  if (allowance !== undefined) return { verdict: "allowed", sid: allowance.sid };
  return { verdict: "denied-by-default", sid: null };
}

function applies(statement: Statement, request: AccessRequest): boolean {
  return (
    statement.principals.some((pattern) => matchesPrincipal(pattern, statement.effect, request)) &&
    namesAction(statement, request.action) &&
    statement.resources.some((pattern) => pattern === "*" || matchesArn(pattern, request.resource)) &&
    statement.conditions.every((condition) => holds(condition, request.context))
  );
}

function matchesPrincipal(
  pattern: PrincipalPattern,
  effect: Statement["effect"],
  request: AccessRequest,
): boolean {
  const { principal, action } = request;
  switch (pattern.kind) {
    case "anyone":
      return true;
    case "arn":
      return pattern.arn === principal.roleArn || pattern.arn === principal.arn;
    case "account":
      // Allowing an account delegates to IAM: its administrators then say who may. A Deny holds for all in it.
      return (
        pattern.account === principal.account && (effect === "Deny" || isAllowedByIdentity(principal, action))
      );
  }
}

/** Whether the statement is about the action at all, whoever asks and how. */
export function namesAction({ actions }: Statement, action: string): boolean {
  const isNamed = actions.patterns.some((pattern) => matchesAction(pattern, action));
  return isNamed === (actions.kind === "only");
}
