// That each condition of the printed policy is needed: a request that offends against it alone is denied, and is
// allowed once that condition is taken out. So no other part of the policy hides a guard that does not bite.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createCredentials } from "../../local/credentials.ts";
import { keyPolicy } from "../../owner/key-policy.ts";
import type { KeyPolicy } from "../../owner/key-policy.ts";
import type { ConditionBlock, KeyPolicyStatement } from "../../owner/key-policy/statement.ts";
import { parsePolicy } from "../../owner/policy/document.ts";
import { decide } from "../../owner/policy/evaluate.ts";
import { requestContext } from "../../owner/policy/request-context.ts";
import { BOOTED, IMAGE } from "../local/kms/rig.ts";

type Pairs = Readonly<Record<string, string>>;

const OWNER = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
const DATASET: Pairs = {
  "sealroom:owner": OWNER,
  "sealroom:purpose": "dataset",
  "sealroom:dataset": "flights",
  "sealroom:epoch": "1763856000000",
};
const TOKEN: Pairs = {
  "sealroom:owner": OWNER,
  "sealroom:purpose": "token",
  "sealroom:domain": "passengers",
  "sealroom:version": "1",
};
const OUTPUT: Pairs = {
  "sealroom:owner": OWNER,
  "sealroom:purpose": "output",
  "sealroom:dataset": "flights-tokens",
  "sealroom:job": "ab".repeat(48),
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
  tokens: [{ domain: "passengers", version: 1 }],
  outputs: ["flights-tokens"],
});

interface Request {
  readonly who: keyof typeof roles;
  readonly action: string;
  readonly context?: Pairs;
  /** Registers of the recipient's document; null for a request without one. */
  readonly pcrs?: Readonly<Record<number, string>> | null;
}

function isAllowed(policy: KeyPolicy, { who, action, context = DATASET, pcrs = BOOTED }: Request): boolean {
  const recipient =
    pcrs === null
      ? null
      : { pcrs: new Map(Object.entries(pcrs).map(([index, hex]) => [Number(index), hex])) };
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

interface Cut {
  /** What it takes out: `Sid`, or `Sid operator key`. */
  readonly name: string;
  readonly apply: (policy: KeyPolicy) => KeyPolicy;
}

/** Takes a condition key out of one statement. */
const cutKey = (sid: string, operator: string, key: string): Cut => ({
  name: `${sid} ${operator} ${key}`,
  apply: (policy) => {
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
  },
});

function withCondition(statement: KeyPolicyStatement, condition: ConditionBlock): KeyPolicyStatement {
  const { Sid, Effect, Principal, Action, Resource } = statement;
  const rest = { Sid, Effect, Principal, Action, Resource };
  return Object.keys(condition).length > 0 ? { ...rest, Condition: condition } : rest;
}

const cutStatement = (sid: string): Cut => ({
  name: sid,
  apply: (policy) => {
    const Statement = policy.Statement.filter(({ Sid }) => Sid !== sid);
    assert.equal(Statement.length, policy.Statement.length - 1, sid);
    return { ...policy, Statement };
  },
});

const BROAD: Cut = {
  name: "a broad Allow that should not be there",
  apply: (policy) => ({
    ...policy,
    Statement: [
      ...policy.Statement,
      { Sid: "Mistake", Effect: "Allow", Principal: { AWS: "*" }, Action: "kms:*", Resource: "*" },
    ],
  }),
};

/** A request, what stands against it, and what is wrong with the policy to begin with. */
interface Guard {
  readonly name: string;
  readonly request: Request;
  readonly guards: readonly Cut[];
  readonly flaws?: readonly Cut[];
}

const ATTESTATION = "kms:RecipientAttestation:";
const CONTEXT = "kms:EncryptionContext:";
const REGISTERS = [0, 1, 2, 3] as const;
const otherRegister = (register: number) => ({ ...BOOTED, [register]: "99".repeat(48) });

/** What an enclave may do by each of its statements, and the only fields of the context that are not fixed. */
const PURPOSES = [
  { sid: "EnclaveDecrypts0", action: "kms:Decrypt", context: DATASET, open: [] },
  { sid: "EnclaveDecryptsTokens0Domain0", action: "kms:Decrypt", context: TOKEN, open: [] },
  {
    sid: "EnclaveMakesOutputKeys0",
    action: "kms:GenerateDataKey",
    context: OUTPUT,
    open: ["sealroom:job"],
  },
] as const;

const ENCLAVE_GUARDS: readonly Guard[] = PURPOSES.flatMap(({ sid, action, context, open }) => {
  const fixed = Object.keys(context).filter((key) => !(open as readonly string[]).includes(key));
  const inOtherCase = { ...leaveOut(context, "sealroom:owner"), "Sealroom:Owner": OWNER };
  const exactKeys = cutKey(sid, "ForAllValues:StringEquals", "kms:EncryptionContextKeys");
  return [
    ...REGISTERS.map((register) => ({
      name: `PCR${register} in ${sid}`,
      request: { who: "enclave", action, context, pcrs: otherRegister(register) } as const,
      guards: [
        cutKey(sid, "StringEqualsIgnoreCase", `${ATTESTATION}PCR${register}`),
        ...(register === 0 ? [cutKey(sid, "StringEqualsIgnoreCase", `${ATTESTATION}ImageSha384`)] : []),
        cutStatement(`NobodyElseOpensByOtherPCR${register}`),
      ],
    })),
    ...fixed.map((key) => ({
      name: `${key} in ${sid}`,
      request: { who: "enclave", action, context: { ...context, [key]: "other" } } as const,
      guards: [
        cutKey(sid, "StringEquals", CONTEXT + key),
        ...(action === "kms:GenerateDataKey" && key === "sealroom:purpose"
          ? [cutStatement("NobodyElseDrawsKeysButForOutput")]
          : []),
      ],
    })),
    ...open.map((key) => ({
      name: `that ${key} is there, in ${sid}`,
      request: { who: "enclave", action, context: leaveOut(context, key) } as const,
      guards: [cutKey(sid, "Null", CONTEXT + key)],
    })),
    {
      name: `no other key of the context in ${sid}`,
      request: { who: "enclave", action, context: { ...context, extra: "x" } },
      guards: [exactKeys],
    },
    {
      name: `the case of the context's keys in ${sid}`,
      request: { who: "enclave", action, context: inOtherCase },
      guards: [exactKeys],
    },
  ];
});

const OWNERS_USES = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"];

const OWNER_GUARDS: readonly Guard[] = [
  ...[...OWNERS_USES, "kms:GenerateDataKeyWithoutPlaintext"].map((action) => ({
    name: `the owner's own thumbprint for ${action}`,
    request: { who: "owner", action, context: { ...DATASET, "sealroom:owner": "other" } } as const,
    guards: [
      cutKey(
        OWNERS_USES.includes(action) ? "OwnerWrapsOwnKeys" : "OwnerMakesTokenKeys",
        "StringEquals",
        "kms:EncryptionContext:sealroom:owner",
      ),
    ],
  })),
  ...OWNERS_USES.map((action) => ({
    name: `the keys of token domains from the owner's ${action}`,
    request: { who: "owner", action, context: TOKEN } as const,
    guards: [cutKey("OwnerWrapsOwnKeys", "StringEquals", "kms:EncryptionContext:sealroom:purpose")],
  })),
];

/** Each against a broad Allow. */
const DENIALS: readonly Guard[] = [
  ...(["kms:Decrypt", "kms:GenerateDataKey"] as const).flatMap((action): Guard[] => [
    {
      name: `attestation for whoever else may use ${action}`,
      request: { who: "stranger", action, context: OUTPUT, pcrs: null },
      guards: [
        cutStatement("NobodyElseOpensUnattested"),
        ...REGISTERS.map((register) => cutStatement(`NobodyElseOpensByOtherPCR${register}`)),
      ],
    },
    ...REGISTERS.map((register) => ({
      name: `PCR${register} for whoever else may use ${action}`,
      request: { who: "stranger", action, context: OUTPUT, pcrs: otherRegister(register) } as const,
      guards: [cutStatement(`NobodyElseOpensByOtherPCR${register}`)],
    })),
  ]),
  ...[DATASET, TOKEN, {}].map((context, index) => ({
    name: `that nobody else draws keys for another purpose than output (${index})`,
    request: { who: "enclave", action: "kms:GenerateDataKey", context } as const,
    guards: [cutStatement("NobodyElseDrawsKeysButForOutput")],
  })),
  ...[
    "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
  ].map((action) => ({
    name: `${action} being nobody else's`,
    request: { who: "enclave", action, context: OUTPUT } as const,
    guards: [cutStatement("NobodyElseWraps")],
  })),
  ...["kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"].map((action) => ({
    name: `${action} being nobody's`,
    request: { who: "enclave", action } as const,
    guards: [cutStatement("NobodyElseHandsOn")],
  })),
  ...["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:TagResource"].flatMap((action) =>
    (["enclave", "owner", "stranger"] as const).map((who) => ({
      name: `${action} not being the ${who}'s`,
      request: { who, action },
      guards: [cutStatement("OnlyBreakGlassAdministers")],
    })),
  ),
].map((guard) => ({ ...guard, flaws: [BROAD] }));

const GUARDS: readonly Guard[] = [...ENCLAVE_GUARDS, ...OWNER_GUARDS, ...DENIALS];

test("allows what the guards below are tried on", () => {
  for (const { action, context } of PURPOSES) {
    assert.ok(isAllowed(POLICY, { who: "enclave", action, context }));
  }
  assert.ok(isAllowed(POLICY, { who: "owner", action: "kms:Encrypt", pcrs: null }));
  assert.ok(isAllowed(POLICY, { who: "breakGlass", action: "kms:PutKeyPolicy", pcrs: null }));
});

for (const { name, request, guards, flaws = [] } of GUARDS) {
  test(`guards ${name}`, () => {
    const flawed = flaws.reduce((policy, cut) => cut.apply(policy), POLICY);
    assert.equal(isAllowed(flawed, request), false);
    const unguarded = guards.reduce((policy, cut) => cut.apply(policy), flawed);
    assert.equal(isAllowed(unguarded, request), true);
  });
}

for (const { sid, action, context } of PURPOSES) {
  test(`reads a context with no keys at all as none of the enclave's, by Null beside ForAllValues (${sid})`, () => {
    const conditions = POLICY.Statement.find(({ Sid }) => Sid === sid)?.Condition ?? {};
    const cuts = [
      ...Object.keys(conditions["StringEquals"] ?? {}).map((key) => cutKey(sid, "StringEquals", key)),
      ...Object.keys(conditions["Null"] ?? {})
        .filter((key) => key !== "kms:EncryptionContextKeys")
        .map((key) => cutKey(sid, "Null", key)),
      ...(action === "kms:GenerateDataKey" ? [cutStatement("NobodyElseDrawsKeysButForOutput")] : []),
    ];
    // Without the comparisons only the set operator is left, which holds for the empty set.
    const loose = cuts.reduce((policy, cut) => cut.apply(policy), POLICY);
    assert.equal(isAllowed(loose, { who: "enclave", action, context }), true);
    assert.equal(isAllowed(loose, { who: "enclave", action, context: {} }), false);
    const open = cutKey(sid, "Null", "kms:EncryptionContextKeys").apply(loose);
    assert.equal(isAllowed(open, { who: "enclave", action, context: {} }), true);
  });
}

test("has no condition and no denial that no guard above tries", () => {
  const tried = new Set(GUARDS.flatMap(({ guards }) => guards.map(({ name }) => name)));
  const printed = POLICY.Statement.flatMap(({ Sid, Effect, Condition = {} }) =>
    Effect === "Deny"
      ? [Sid]
      : Object.entries(Condition).flatMap(([operator, keys]) =>
          Object.keys(keys).map((key) => `${Sid} ${operator} ${key}`),
        ),
  );
  const untried = printed.filter((name) => !tried.has(name));
  // These three have a test of their own, just above.
  assert.deepEqual(
    untried,
    PURPOSES.map(({ sid }) => `${sid} Null kms:EncryptionContextKeys`),
  );
});

test("spares the owner and break-glass from the denials, and nobody else", () => {
  const spared = POLICY.Statement.filter(({ Effect }) => Effect === "Deny").map(({ Sid, Condition }) => [
    Sid,
    Condition?.["ArnNotEquals"]?.["aws:PrincipalArn"],
  ]);
  const both = [roles.owner.roleArn, roles.breakGlass.roleArn];
  for (const [sid, arns] of spared) {
    assert.deepEqual(arns, sid === "OnlyBreakGlassAdministers" ? roles.breakGlass.roleArn : both);
  }
});

function leaveOut<Value>(object: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}
