// Puts a probe to statements of a policy, as KMS would. What decides is owner/policy/evaluate.ts, the very code that the
// local KMS enforces policies with.
import type { Policy, Statement } from "../policy/document.ts";
import { decide, type Decision } from "../policy/evaluate.ts";
import type { Principal } from "../policy/principal.ts";
import { requestContext } from "../policy/request-context.ts";
import type { Probe } from "./finding.ts";

/** Time and region are in no condition that is judged. */
const REGION = "us-east-1";
const NOW_MS = 0;
const KEY_ID = "00000000-0000-4000-8000-000000000000";

export function ask(statements: readonly Statement[], probe: Probe): Decision {
  const { principal, action, context, registers } = probe;
  const policy: Policy = { statements };
  return decide(policy, {
    principal,
    action,
    resource: `arn:aws:kms:${REGION}:${principal.account}:key/${KEY_ID}`,
    context: requestContext({
      principal,
      region: REGION,
      nowMs: NOW_MS,
      ...(context === null ? {} : { encryptionContext: Object.entries(context) }),
      recipient: registers === null ? null : { pcrs: registers },
    }),
  });
}

export function allows(statements: readonly Statement[], probe: Probe): boolean {
  return ask(statements, probe).verdict === "allowed";
}

/** Somebody whom IAM lets do anything, as an administrator of the account can arrange. */
export function principalOf(roleArn: string): Principal {
  const account = /^arn:[^:]+:[^:]+::([0-9]{12}):/.exec(roleArn)?.[1] ?? "";
  return { arn: roleArn, roleArn, account, identityActions: ["*"] };
}

export function withRegister(
  registers: ReadonlyMap<number, string>,
  register: number,
  value: string | null,
): ReadonlyMap<number, string> {
  const changed = new Map(registers);
  if (value === null) changed.delete(register);
  else changed.set(register, value);
  return changed;
}
