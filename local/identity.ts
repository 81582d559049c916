// Identity policies of the local principals: patterns of actions that each may use on anything.
import type { Principal } from "./credentials.ts";
import { matchesAction } from "./kms/policy/action.ts";

/** Whether the principal's own policy lets it do this. */
export function isAllowedByIdentity(principal: Principal, action: string): boolean {
  return principal.identityActions.some((pattern) => matchesAction(pattern, action));
}
