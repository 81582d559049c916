// One call of the local KMS: who calls, with what, on which key; and whether the key's policy lets it.
import type { JsonObject } from "../../core/json.ts";
import { decide } from "../../owner/policy/evaluate.ts";
import { isAllowedByIdentity, type Principal } from "../../owner/policy/principal.ts";
import { requestContext } from "../../owner/policy/request-context.ts";
import { AwsError } from "../aws-error.ts";
import type { CmsForm } from "./cms.ts";
import type { Key, KeyStore } from "./key-store.ts";
import type { Context, Parameters } from "./parameters.ts";
import type { AuthenticateRecipient, Recipient } from "./recipient.ts";

export interface KmsState {
  readonly keys: KeyStore;
  readonly authenticateRecipient: AuthenticateRecipient;
  readonly cmsForm: CmsForm;
}

export interface Call {
  readonly kms: KmsState;
  readonly principal: Principal;
  readonly parameters: Parameters;
  readonly nowMs: number;
}

/** The parameters an operation knows, and what it does. */
export interface Operation {
  readonly parameters: readonly string[];
  readonly run: (call: Call) => Promise<JsonObject>;
}

/** What a policy may ask about beside the caller. */
export interface Circumstances {
  readonly encryptionContext?: Context;
  readonly recipient?: Recipient | null;
  readonly bypassesLockoutCheck?: boolean;
}

/** The key of parameter KeyId: an id, or an ARN of this region. @throws AwsError NotFoundException */
export function getKey({ kms, nowMs }: Call, keyId: string): Key {
  const prefix = kms.keys.arnOf("");
  const key = kms.keys.find(keyId.startsWith(prefix) ? keyId.slice(prefix.length) : keyId, nowMs);
  if (key === null) {
    throw new AwsError("NotFoundException", 400, "there is no such key here; aliases are not known");
  }
  return key;
}

/** @throws AwsError AccessDeniedException */
export function authorize(call: Call, action: string, key: Key, circumstances: Circumstances): void {
  const { principal, nowMs, kms } = call;
  const context = requestContext({ principal, region: kms.keys.region, nowMs, ...circumstances });
  const { verdict, sid } = decide(key.policy, { principal, action, resource: key.arn, context });
  if (verdict === "allowed") return;
  const why =
    verdict === "denied-explicitly"
      ? `with an explicit deny in a resource-based policy${sid === null ? "" : ` (${sid})`}`
      : `because no resource-based policy allows the ${action} action`;
  throw accessDenied(principal, action, key.arn, why);
}

/** For actions on no key. @throws AwsError AccessDeniedException */
export function authorizeByIdentity({ principal }: Call, action: string): void {
  if (!isAllowedByIdentity(principal, action)) {
    throw accessDenied(
      principal,
      action,
      "*",
      `because no identity-based policy allows the ${action} action`,
    );
  }
}

/** After authorization: who may not use a key learns nothing of its state. */
export function checkEnabled(key: Key): void {
  if (key.state === "Disabled") throw new AwsError("DisabledException", 400, `${key.arn} is disabled.`);
  if (key.state === "PendingDeletion") throw invalidState(key);
}

export function invalidState(key: Key): AwsError {
  return new AwsError("KMSInvalidStateException", 400, `${key.arn} is ${key.state}.`);
}

/** The end of a rehearsal: all checks passed. @throws AwsError DryRunOperationException */
export function checkDryRun({ parameters }: Call): void {
  if (parameters.flag("DryRun")) {
    throw new AwsError(
      "DryRunOperationException",
      412,
      "The request would have succeeded, but the DryRun option is set.",
    );
  }
}

function accessDenied(principal: Principal, action: string, resource: string, why: string): AwsError {
  const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  return new AwsError("AccessDeniedException", 400, message);
}
