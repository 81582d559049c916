// That each condition of the printed policy is needed: a request that offends against it alone is denied, and is
// allowed once that condition is taken out. So no other part of the policy hides a guard that does not bite.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createCredentials } from "../../local/credentials.ts";
import { parsePolicy } from "../../owner/policy/document.ts";
import { decide } from "../../owner/policy/evaluate.ts";
import { requestContext } from "../../owner/policy/request-context.ts";
import type { Recipient } from "../../local/kms/recipient.ts";
import { keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPolicy, KeyPolicyStatement } from "../../owner/key-policy.ts";
import { IMAGE, RECIPIENT } from "../local/kms/rig.ts";

const OWNER = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const CONTEXT: Record<string, string> = {
  "sealroom:owner": OWNER,
  "sealroom:purpose": "dataset",
  "sealroom:dataset": "flights",
  "sealroom:epoch": "1763856000000",
};
const roles = {
  owner: createCredentials("sealroom-owner", []).principal,
  enclave: createCredentials("sealroom-enclave", []).principal,
  breakGlass: createCredentials("sealroom-break-glass", []).principal,
  stranger: createCredentials("stranger", ["*"]).principal,
};
const POLICY = keyPolicy({
  measurements: [IMAGE],
  ownerRoleArn: roles.owner.roleArn,
  enclaveRoleArn: roles.enclave.roleArn,
  breakGlassRoleArn: roles.breakGlass.roleArn,
  owner: OWNER,
  dataset: "flights",
  liveEpochs: [1_763_856_000_000],
});

interface Request {
  readonly who: keyof typeof roles;
  readonly action: string;
  readonly context?: Record<string, string>;
  /** Registers of the recipient's document; null for a request without one. */
  readonly pcrs?: Readonly<Record<number, string>> | null;
}

function isAllowed(policy: KeyPolicy, { who, action, context = CONTEXT, pcrs = IMAGE }: Request): boolean {
  const recipient: Recipient | null =
    pcrs === null
      ? null
      : {
          publicKey: RECIPIENT.privateKey,
          pcrs: new Map(Object.entries(pcrs).map(([index, hex]) => [Number(index), hex])),
        };
  const request = {
    principal: roles[who],
    action,
    resource: "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-4333-8444-555555555555",
    context: requestContext({
      principal: roles[who],
      region: "eu-central-1",
      nowMs: 1_763_856_000_000,
      encryptionContext: Object.entries(context),
      recipient,
    }),
  };
  return decide(parsePolicy(JSON.stringify(policy)), request).verdict === "allowed";
}

type Cut = (policy: KeyPolicy) => KeyPolicy;

/** Takes a condition key out of one statement. */
const cutKey =
  (sid: string, operator: string, key: string): Cut =>
  (policy) => {
    let cuts = 0;
    const Statement = policy.Statement.map((statement) => {
      const keys = statement.Sid === sid ? statement.Condition?.[operator] : undefined;
      if (keys === undefined || !(key in keys)) return statement;
      cuts += 1;
      const kept = leaveOut(keys, key);
      const others = leaveOut(statement.Condition ?? {}, operator);
      const Condition = { ...others, ...(Object.keys(kept).length > 0 ? { [operator]: kept } : {}) };
      return withCondition(statement, Condition);
    });
    assert.equal(cuts, 1, `${sid} ${operator} ${key}`);
    return { ...policy, Statement };
  };

function withCondition(
  statement: KeyPolicyStatement,
  condition: NonNullable<KeyPolicyStatement["Condition"]>,
): KeyPolicyStatement {
  const { Sid, Effect, Principal, Action, Resource } = statement;
  const rest = { Sid, Effect, Principal, Action, Resource };
  return Object.keys(condition).length > 0 ? { ...rest, Condition: condition } : rest;
}

const cutStatement =
  (sid: string): Cut =>
  (policy) => {
    const Statement = policy.Statement.filter(({ Sid }) => Sid !== sid);
    assert.equal(Statement.length, policy.Statement.length - 1, sid);
    return { ...policy, Statement };
  };

const addAllow =
  (Action: string): Cut =>
  (policy) => ({
    ...policy,
    Statement: [
      ...policy.Statement,
      { Sid: "Mistake", Effect: "Allow", Principal: { AWS: "*" }, Action, Resource: "*" },
    ],
  });

const ENCLAVE = "EnclaveDecrypts0";
const ATTESTATION = "kms:RecipientAttestation:";
const decrypt = (change: Partial<Request>): Request => ({ who: "enclave", action: "kms:Decrypt", ...change });
const without = (key: string) => leaveOut(CONTEXT, key);

/** A request, what stands against it, and what is wrong with the policy to begin with. */
const GUARDS: readonly (readonly [
  name: string,
  request: Request,
  guards: readonly Cut[],
  flaws?: readonly Cut[],
])[] = [
  ...([0, 1, 2] as const).map(
    (register) =>
      [
        `the image's PCR${register}`,
        decrypt({ pcrs: { ...IMAGE, [register]: "99".repeat(48) } }),
        [
          cutKey(ENCLAVE, "StringEqualsIgnoreCase", `${ATTESTATION}PCR${register}`),
          ...(register === 0 ? [cutKey(ENCLAVE, "StringEqualsIgnoreCase", `${ATTESTATION}ImageSha384`)] : []),
          cutStatement(`NobodyElseDecryptsByOtherPCR${register}`),
        ],
      ] as const,
  ),
  ...(["owner", "purpose", "dataset", "epoch"] as const).map(
    (field) =>
      [
        `the context's ${field}`,
        decrypt({ context: { ...CONTEXT, [`sealroom:${field}`]: "other" } }),
        [cutKey(ENCLAVE, "StringEquals", `kms:EncryptionContext:sealroom:${field}`)],
      ] as const,
  ),
  [
    "no other key of the context",
    decrypt({ context: { ...CONTEXT, extra: "x" } }),
    [cutKey(ENCLAVE, "ForAllValues:StringEquals", "kms:EncryptionContextKeys")],
  ],
  [
    "the case of the context's keys",
    decrypt({ context: { ...without("sealroom:owner"), "Sealroom:Owner": OWNER } }),
    [cutKey(ENCLAVE, "ForAllValues:StringEquals", "kms:EncryptionContextKeys")],
  ],
  [
    "the owner's own thumbprint",
    { who: "owner", action: "kms:Encrypt", context: { ...CONTEXT, "sealroom:owner": "other" } },
    [cutKey("OwnerWrapsOwnKeys", "StringEquals", "kms:EncryptionContext:sealroom:owner")],
  ],
  // The denials, each against a broad Allow that should not be there.
  [
    "attestation for whoever else may decrypt",
    decrypt({ who: "stranger", pcrs: null }),
    [
      cutStatement("NobodyElseDecryptsUnattested"),
      cutStatement("NobodyElseDecryptsByOtherPCR0"),
      cutStatement("NobodyElseDecryptsByOtherPCR1"),
      cutStatement("NobodyElseDecryptsByOtherPCR2"),
    ],
    [addAllow("kms:*")],
  ],
  ...([0, 1, 2] as const).map(
    (register) =>
      [
        `PCR${register} for whoever else may decrypt`,
        decrypt({ who: "stranger", pcrs: { ...IMAGE, [register]: "00".repeat(48) } }),
        [cutStatement(`NobodyElseDecryptsByOtherPCR${register}`)],
        [addAllow("kms:*")],
      ] as const,
  ),
  ...["kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"].map(
    (action) =>
      [
        `${action} being nobody's`,
        { who: "enclave", action },
        [cutStatement("NobodyElseHandsOn")],
        [addAllow("kms:*")],
      ] as const,
  ),
  ...["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:TagResource"].flatMap((action) =>
    (["enclave", "owner", "stranger"] as const).map(
      (who) =>
        [
          `${action} not being the ${who}'s`,
          { who, action },
          [cutStatement("OnlyBreakGlassAdministers")],
          [addAllow("kms:*")],
        ] as const,
    ),
  ),
];

test("allows what the guards below are tried on", () => {
  assert.ok(isAllowed(POLICY, decrypt({})));
  assert.ok(isAllowed(POLICY, { who: "owner", action: "kms:Encrypt", pcrs: null }));
  assert.ok(isAllowed(POLICY, { who: "breakGlass", action: "kms:PutKeyPolicy", pcrs: null }));
});

for (const [name, request, guards, flaws = []] of GUARDS) {
  test(`guards ${name}`, () => {
    const flawed = flaws.reduce((policy, cut) => cut(policy), POLICY);
    assert.equal(isAllowed(flawed, request), false);
    const unguarded = guards.reduce((policy, cut) => cut(policy), flawed);
    assert.equal(isAllowed(unguarded, request), true);
  });
}

test("reads a context with no keys at all as none of the enclave's, by Null beside ForAllValues", () => {
  const keys = ["owner", "purpose", "dataset", "epoch"].map(
    (field) => `kms:EncryptionContext:sealroom:${field}`,
  );
  // Without the four comparisons only the set operator is left, which holds for the empty set.
  const loose = keys.reduce<KeyPolicy>((policy, key) => cutKey(ENCLAVE, "StringEquals", key)(policy), POLICY);
  assert.equal(isAllowed(loose, decrypt({ context: {} })), false);
  const open = cutKey(ENCLAVE, "Null", "kms:EncryptionContextKeys")(loose);
  assert.equal(isAllowed(open, decrypt({ context: {} })), true);
});

function leaveOut<Value>(object: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}
