// What a key policy can ask about a request: the values of the condition keys of condition-key.ts.
import type { RequestContext } from "./condition.ts";
import type { Principal } from "./principal.ts";

export interface RequestFacts {
  readonly principal: Principal;
  readonly region: string;
  readonly nowMs: number;
  /** Of operations that take one. */
  readonly encryptionContext?: readonly (readonly [key: string, value: string])[];
  /** Of a request with an attestation document: its registers in lower-case hex. */
  readonly recipient?: { readonly pcrs: ReadonlyMap<number, string> } | null;
  /** Of CreateKey and PutKeyPolicy. */
  readonly bypassesLockoutCheck?: boolean;
}

/** Keys in lower case, as conditions look them up. */
export function requestContext(facts: RequestFacts): RequestContext {
  const { principal, region, nowMs, encryptionContext, recipient, bypassesLockoutCheck } = facts;
  const context = new Map<string, readonly string[]>([
    ["aws:principalarn", [principal.roleArn]],
    ["aws:principalaccount", [principal.account]],
    ["aws:principaltype", ["AssumedRole"]],
    ["aws:principalisawsservice", ["false"]],
    ["aws:viaawsservice", ["false"]],
    ["aws:securetransport", ["true"]],
    ["aws:requestedregion", [region]],
    ["aws:currenttime", [new Date(nowMs).toISOString()]],
    ["aws:epochtime", [String(Math.floor(nowMs / 1000))]],
    ["kms:calleraccount", [principal.account]],
    ["kms:keyorigin", ["AWS_KMS"]],
    ["kms:keyspec", ["SYMMETRIC_DEFAULT"]],
    ["kms:keyusage", ["ENCRYPT_DECRYPT"]],
  ]);
  if (encryptionContext !== undefined) {
    context.set("kms:encryptionalgorithm", ["SYMMETRIC_DEFAULT"]);
    context.set(
      "kms:encryptioncontextkeys",
      encryptionContext.map(([key]) => key),
    );
    for (const [key, value] of encryptionContext) {
      context.set(`kms:encryptioncontext:${key.toLowerCase()}`, [value]);
    }
  }
  for (const [index, register] of recipient?.pcrs ?? []) {
    context.set(`kms:recipientattestation:pcr${index}`, [register]);
    if (index === 0) context.set("kms:recipientattestation:imagesha384", [register]);
  }
  if (bypassesLockoutCheck !== undefined) {
    context.set("kms:bypasspolicylockoutsafetycheck", [String(bypassesLockoutCheck)]);
  }
  return context;
}
