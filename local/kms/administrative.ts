// The operations that make, describe and change keys. CreateGrant is authorized and then refused: there are no grants
// here, and a policy that lets someone create one must show as such.
import type { JsonObject } from "../../core/json.ts";
import { MAX_POLICY_BYTES, type Policy } from "../../owner/policy/document.ts";
import { decide } from "../../owner/policy/evaluate.ts";
import { requestContext } from "../../owner/policy/request-context.ts";
import { AwsError } from "../aws-error.ts";
import { LOCAL_ACCOUNT } from "../credentials.ts";
import { authorize, authorizeByIdentity, getKey, invalidState, type Call, type Operation } from "./call.ts";
import { takePolicy } from "./key-policy.ts";
import type { Key } from "./key-store.ts";

const MAX_KEY_ID = 2048;
const MAX_DESCRIPTION = 8192;
const DAY_MS = 24 * 60 * 60_000;

/** What KMS gives a key that is made without a policy: the account's IAM decides. */
export const DEFAULT_POLICY: string = JSON.stringify({
  Version: "2012-10-17",
  Id: "key-default-1",
  Statement: [
    {
      Sid: "Enable IAM User Permissions",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${LOCAL_ACCOUNT}:root` },
      Action: "kms:*",
      Resource: "*",
    },
  ],
});

async function createKey(call: Call): Promise<JsonObject> {
  const { parameters, kms, nowMs } = call;
  parameters.word("KeySpec", "SYMMETRIC_DEFAULT");
  parameters.word("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT");
  parameters.word("KeyUsage", "ENCRYPT_DECRYPT");
  parameters.word("Origin", "AWS_KMS");
  parameters.checkEmptyList("Tags", "TagException");
  if (parameters.flag("MultiRegion")) throw unsupported("keys of several regions");
  const description = parameters.findText("Description", MAX_DESCRIPTION) ?? "";
  const policyText = parameters.findText("Policy", MAX_POLICY_BYTES) ?? DEFAULT_POLICY;

  authorizeByIdentity(call, "kms:CreateKey");
  checkLockout(call, takePolicy(policyText), kms.keys.arnOf("new"));
  return { KeyMetadata: describe(await kms.keys.create({ policyText, description, createdMs: nowMs })) };
}

async function describeKey(call: Call): Promise<JsonObject> {
  return Promise.resolve({ KeyMetadata: describe(authorizedKey(call, "kms:DescribeKey")) });
}

async function getKeyPolicy(call: Call): Promise<JsonObject> {
  call.parameters.word("PolicyName", "default");
  return Promise.resolve({
    Policy: authorizedKey(call, "kms:GetKeyPolicy").policyText,
    PolicyName: "default",
  });
}

async function putKeyPolicy(call: Call): Promise<JsonObject> {
  const { parameters, kms } = call;
  parameters.word("PolicyName", "default");
  const policyText = parameters.getText("Policy", MAX_POLICY_BYTES);
  const bypassesLockoutCheck = parameters.flag("BypassPolicyLockoutSafetyCheck");
  const key = getKey(call, parameters.getText("KeyId", MAX_KEY_ID));

  authorize(call, "kms:PutKeyPolicy", key, { bypassesLockoutCheck });
  if (key.state === "PendingDeletion") throw invalidState(key);
  checkLockout(call, takePolicy(policyText), key.arn);
  await kms.keys.change(key.id, { policyText });
  return {};
}

async function enableKey(call: Call): Promise<JsonObject> {
  const key = authorizedKey(call, "kms:EnableKey");
  if (key.state === "PendingDeletion") throw invalidState(key);
  await call.kms.keys.change(key.id, { state: "Enabled" });
  return {};
}

async function disableKey(call: Call): Promise<JsonObject> {
  const key = authorizedKey(call, "kms:DisableKey");
  if (key.state === "PendingDeletion") throw invalidState(key);
  await call.kms.keys.change(key.id, { state: "Disabled" });
  return {};
}

async function scheduleKeyDeletion(call: Call): Promise<JsonObject> {
  const days = call.parameters.findInteger("PendingWindowInDays", 7, 30) ?? 30;
  const key = authorizedKey(call, "kms:ScheduleKeyDeletion");
  if (key.state === "PendingDeletion") throw invalidState(key);
  const deletionMs = call.nowMs + days * DAY_MS;
  await call.kms.keys.change(key.id, { state: "PendingDeletion", deletionMs });
  return {
    KeyId: key.arn,
    DeletionDate: deletionMs / 1000,
    KeyState: "PendingDeletion",
    PendingWindowInDays: days,
  };
}

async function cancelKeyDeletion(call: Call): Promise<JsonObject> {
  const key = authorizedKey(call, "kms:CancelKeyDeletion");
  if (key.state !== "PendingDeletion") throw invalidState(key);
  await call.kms.keys.change(key.id, { state: "Disabled", deletionMs: null });
  return { KeyId: key.arn };
}

async function createGrant(call: Call): Promise<JsonObject> {
  authorizedKey(call, "kms:CreateGrant");
  return Promise.reject(unsupported("grants"));
}

export const ADMINISTRATIVE_OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  [
    "CreateKey",
    {
      parameters: [
        "Policy",
        "Description",
        "KeySpec",
        "CustomerMasterKeySpec",
        "KeyUsage",
        "Origin",
        "Tags",
        "MultiRegion",
        "BypassPolicyLockoutSafetyCheck",
      ],
      run: createKey,
    },
  ],
  ["DescribeKey", { parameters: ["KeyId"], run: describeKey }],
  ["GetKeyPolicy", { parameters: ["KeyId", "PolicyName"], run: getKeyPolicy }],
  [
    "PutKeyPolicy",
    { parameters: ["KeyId", "PolicyName", "Policy", "BypassPolicyLockoutSafetyCheck"], run: putKeyPolicy },
  ],
  ["EnableKey", { parameters: ["KeyId"], run: enableKey }],
  ["DisableKey", { parameters: ["KeyId"], run: disableKey }],
  ["ScheduleKeyDeletion", { parameters: ["KeyId", "PendingWindowInDays"], run: scheduleKeyDeletion }],
  ["CancelKeyDeletion", { parameters: ["KeyId"], run: cancelKeyDeletion }],
  [
    "CreateGrant",
    {
      parameters: ["KeyId", "GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints", "Name"],
      run: createGrant,
    },
  ],
]);

function authorizedKey(call: Call, action: string): Key {
  const key = getKey(call, call.parameters.getText("KeyId", MAX_KEY_ID));
  authorize(call, action, key, {});
  return key;
}

// As KMS, unless the caller asks otherwise: a policy that shuts out whoever sets it is taken for a mistake.
function checkLockout(call: Call, policy: Policy, resource: string): void {
  const { principal, nowMs, kms } = call;
  if (call.parameters.flag("BypassPolicyLockoutSafetyCheck")) return;
  const context = requestContext({ principal, region: kms.keys.region, nowMs, bypassesLockoutCheck: false });
  if (decide(policy, { principal, action: "kms:PutKeyPolicy", resource, context }).verdict !== "allowed") {
    throw new AwsError(
      "MalformedPolicyDocumentException",
      400,
      "The new key policy will not allow you to update the key policy in the future.",
    );
  }
}

function describe(key: Key): JsonObject {
  return {
    AWSAccountId: LOCAL_ACCOUNT,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: key.createdMs / 1000,
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: key.state,
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    KeySpec: "SYMMETRIC_DEFAULT",
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: false,
    ...(key.deletionMs === null ? {} : { DeletionDate: key.deletionMs / 1000 }),
  };
}

function unsupported(what: string): AwsError {
  return new AwsError("UnsupportedOperationException", 400, `the local KMS has no ${what}`);
}
