// A caller, as IAM sees one, with what its own policy lets it do: patterns of actions that it may use on anything.
import { matchesAction } from "./action.ts";

export interface Principal {
  /** Of the session: `arn:aws:sts::account:assumed-role/role/session`. */
  readonly arn: string;
  /** Of the role; what aws:PrincipalArn is for a session. */
  readonly roleArn: string;
  readonly account: string;
  /** Its identity policy: action patterns it may use on anything, as far as a resource policy delegates to IAM. */
  readonly identityActions: readonly string[];
}

/** Whether the principal's own policy lets it do this. */
export function isAllowedByIdentity(principal: Principal, action: string): boolean {
  return principal.identityActions.some((pattern) => matchesAction(pattern, action));
}
