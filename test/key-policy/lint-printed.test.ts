// What the linter says nothing about: every policy that is printed. And that its silence means something: each
// condition that is taken out of one is found, and a policy that it calls clean grants no attack.
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { encodeKeyPolicy, keyPolicy } from "../../owner/key-policy.ts";
import { readTerms } from "../../owner/key-policy/read-terms.ts";
import { checkTerms } from "../../owner/key-policy/terms.ts";
import type { CheckedTerms, KeyPolicyTerms, TokenKey } from "../../owner/key-policy/terms.ts";
import { ask, principalOf } from "../../owner/lint/ask.ts";
import type { Probe } from "../../owner/lint/finding.ts";
import { lintKeyPolicy } from "../../owner/lint/lint.ts";
import { parsePolicy } from "../../owner/policy/document.ts";
import { BOOTED } from "../local/kms/rig.ts";
import { add, drop } from "./edit.ts";
import type { Json, Policy } from "./edit.ts";
import { BREAK_GLASS_ROLE, ENCLAVE_ROLE, GOOD, OWNER, OWNER_ROLE, TERMS, USES } from "./good.ts";

const FROM_THE_POLICY = { enclave: [], owner: [], breakGlass: [] };
const RUNS = process.env["SEALROOM_DEEP"] === undefined ? 300 : 5000;
const GIVEN = { enclave: [ENCLAVE_ROLE], owner: [OWNER_ROLE], breakGlass: [BREAK_GLASS_ROLE] };

const hex = fc
  .uint8Array({ minLength: 48, maxLength: 48 })
  .map((bytes) => Buffer.from(bytes).toString("hex"))
  .filter((text) => !/^0+$/.test(text));
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const count = fc.integer({ min: 1, max: 2 ** 50 });
const role = fc
  .tuple(fc.stringMatching(/^[0-9]{12}$/), fc.stringMatching(/^[A-Za-z0-9+=,.@_-]{1,20}$/))
  .map(([account, text]) => `arn:aws:iam::${account}:role/${text}`);
const terms: fc.Arbitrary<KeyPolicyTerms> = fc
  .record({
    measurements: fc.array(fc.record({ 0: hex, 1: hex, 2: hex }, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 2,
    }),
    roles: fc.uniqueArray(role, { minLength: 3, maxLength: 3 }),
    parent: fc.constantFrom("enclave-role" as const, "anybody" as const),
    owner: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString("base64url")),
    dataset: name,
    liveEpochs: fc.uniqueArray(count, { maxLength: 4 }),
    tokens: fc.uniqueArray(fc.record({ domain: name, version: count }, { noNullPrototype: true }), {
      maxLength: 3,
      selector: ({ domain, version }) => `${domain}:${version}`,
    }),
    outputs: fc.uniqueArray(name, { maxLength: 3 }),
  })
  .map(({ roles: [ownerRoleArn = "", enclaveRoleArn = "", breakGlassRoleArn = ""], ...rest }) => ({
    ...rest,
    ownerRoleArn,
    enclaveRoleArn,
    breakGlassRoleArn,
  }));

test("finds nothing in any policy that is printed, and knows who is who in it", () => {
  fc.assert(
    fc.property(terms, (chosen) => {
      const { findings, roles, notes } = lintKeyPolicy(encodeKeyPolicy(keyPolicy(chosen)), FROM_THE_POLICY);
      assert.deepEqual(findings, []);
      const { liveEpochs, tokens = [], outputs = [] } = chosen;
      const isNamed = liveEpochs.length + tokens.length + outputs.length > 0;
      assert.deepEqual(roles.enclave, isNamed ? [chosen.enclaveRoleArn] : []);
      assert.deepEqual(roles.owner, [chosen.ownerRoleArn]);
      assert.deepEqual(roles.breakGlass, [chosen.breakGlassRoleArn]);
      assert.equal(notes.length, isNamed && chosen.parent === "anybody" ? 1 : 0);
    }),
    { numRuns: 60 },
  );
});

test("reads every printed policy with a live epoch back to the terms that it was printed from", () => {
  fc.assert(
    fc.property(terms, fc.boolean(), (chosen, isCompact) => {
      fc.pre(chosen.liveEpochs.length > 0);
      const printed = encodeKeyPolicy(keyPolicy(chosen));
      const read = readTerms(isCompact ? JSON.stringify(JSON.parse(printed)) : printed);
      assert.equal(encodeKeyPolicy(keyPolicy(read)), printed);
      // Token keys come back by domain.
      const inOrder = ({ tokens, ...rest }: CheckedTerms) => ({ ...rest, tokens: tokens.toSorted(byName) });
      assert.deepEqual(inOrder(read), inOrder(checkTerms(chosen)));
    }),
    { numRuns: 100 },
  );
});

function byName(left: TokenKey, right: TokenKey): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

/** Conditions that another one repeats, so that taking one of them out opens nothing. */
const REPEATED = [
  /^Enclave\w+ StringEqualsIgnoreCase kms:RecipientAttestation:(ImageSha384|PCR0)$/,
  // A note says that PCR3 is not pinned; another may be wanted.
  /^Enclave\w+ StringEqualsIgnoreCase kms:RecipientAttestation:PCR3$/,
  // Without a document there are no registers, and they differ from all that are listed.
  /^NobodyElseOpensUnattested/,
  /^NobodyElseOpensByOtherPCR3/,
];

test("finds each condition and each denial that is taken out, but for those that another one repeats", () => {
  const cuts = GOOD.Statement.flatMap((statement): readonly (readonly [string, Policy])[] => {
    const sid = String(statement["Sid"]);
    if (statement["Effect"] === "Deny") return [[sid, drop(sid)(GOOD)]];
    const block = (statement["Condition"] ?? {}) as Record<string, Json>;
    return Object.entries(block).flatMap(([operator, keys]) =>
      Object.keys(keys).map((key) => [`${sid} ${operator} ${key}`, withoutKey(sid, operator, key)] as const),
    );
  });
  assert.ok(cuts.length > 30);
  const missed = cuts
    .filter(([, policy]) => lintKeyPolicy(JSON.stringify(policy), FROM_THE_POLICY).findings.length === 0)
    .map(([label]) => label)
    .filter((label) => !REPEATED.some((pattern) => pattern.test(label)));
  // That output names a job is the enclave's own care: without it nobody gets a key that he should not.
  assert.deepEqual(missed, ["EnclaveMakesOutputKeys0 Null kms:EncryptionContext:sealroom:job"]);
});

function withoutKey(sid: string, operator: string, key: string): Policy {
  const Statement = GOOD.Statement.map((statement) => {
    if (statement["Sid"] !== sid) return statement;
    const block = (statement["Condition"] ?? {}) as Record<string, Json>;
    const kept = Object.entries(block[operator] ?? {}).filter(([other]) => other !== key);
    const others = Object.entries(block).filter(([other]) => other !== operator);
    const Condition = Object.fromEntries(
      kept.length === 0 ? others : [...others, [operator, Object.fromEntries(kept)]],
    );
    return { ...statement, Condition };
  });
  return { ...GOOD, Statement };
}

// What nobody may do, whatever the policy looks like: made without the linter's own probes.

const ANALYST = "arn:aws:iam::000000000000:role/sealroom-analyst";
const PCRS = new Map(Object.entries(BOOTED).map(([index, value]) => [Number(index), value]));
const otherImage = (register: number) => new Map([...PCRS, [register, "99".repeat(48)]]);
const asEnclave = (action: string, context: Probe["context"], registers: Probe["registers"]): Probe => ({
  principal: principalOf(ENCLAVE_ROLE),
  action,
  context,
  registers,
});

const ATTACKS: readonly Probe[] = [
  ...USES.flatMap(({ action, context }) => [
    asEnclave(action, context, null),
    ...[0, 1, 2].map((register) => asEnclave(action, context, otherImage(register))),
    asEnclave(action, {}, PCRS),
    ...["owner", "purpose", "dataset", "epoch", "domain", "version"]
      .filter((field) => `sealroom:${field}` in context)
      .map((field) => asEnclave(action, { ...context, [`sealroom:${field}`]: "z".repeat(43) }, PCRS)),
    asEnclave(action, { ...context, further: "x" }, PCRS),
    ...[null, PCRS].map((registers) => ({
      ...asEnclave(action, context, registers),
      principal: principalOf(ANALYST),
    })),
  ]),
  ...["kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"].flatMap(
    (action) => USES.map(({ context }) => asEnclave(action, context, null)),
  ),
  asEnclave("kms:GenerateDataKey", USES[0]?.context ?? {}, PCRS),
  asEnclave("kms:Decrypt", USES[2]?.context ?? {}, PCRS),
  ...[ENCLAVE_ROLE, ANALYST, OWNER_ROLE].flatMap((arn) =>
    ["kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"].map((action) => ({
      principal: principalOf(arn),
      action,
      context: null,
      registers: null,
    })),
  ),
  {
    principal: principalOf(OWNER_ROLE),
    action: "kms:Decrypt",
    context: { ...USES[0]?.context, "sealroom:owner": "z".repeat(43) },
    registers: null,
  },
  ...["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"].flatMap((action) =>
    USES.filter(({ context }) => context["sealroom:purpose"] === "token").map(({ context }) => ({
      principal: principalOf(OWNER_ROLE),
      action,
      context,
      registers: null,
    })),
  ),
];

const indexOf = fc.nat({ max: 1000 });
const operators = [
  ...["StringEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotEquals", "StringEqualsIfExists"],
  ...["ForAllValues:StringEquals", "ForAnyValue:StringLike", "StringNotEqualsIgnoreCase", "Null"],
];
const principals = [{ AWS: "*" }, { AWS: ENCLAVE_ROLE }, { AWS: ANALYST }, { AWS: "000000000000" }];
const actions = ["kms:*", "kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant", "kms:De*"];

type Vandalism = (policy: Policy) => Policy;
const atStatement = (index: number, edit: (statement: Json) => Json): Vandalism => {
  return (policy) => {
    const place = index % Math.max(1, policy.Statement.length);
    return { ...policy, Statement: policy.Statement.map((one, at) => (at === place ? edit(one) : one)) };
  };
};
const atCondition = (
  index: number,
  edit: (operator: string, key: string, value: unknown) => readonly (readonly [string, string, unknown])[],
): Vandalism =>
  atStatement(index, (statement) => {
    const block = (statement["Condition"] ?? {}) as Record<string, Json>;
    const entries = Object.entries(block).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => [operator, key, value] as const),
    );
    const place = (index >> 4) % Math.max(1, entries.length);
    const edited = entries.flatMap((entry, at) => (at === place ? edit(...entry) : [entry]));
    const Condition: Record<string, Json> = {};
    for (const [operator, key, value] of edited) {
      Condition[operator] = { ...Condition[operator], [key]: value };
    }
    return { ...statement, Condition };
  });

const vandalism: fc.Arbitrary<Vandalism> = fc.oneof(
  indexOf.map((index): Vandalism => (policy) => ({
    ...policy,
    Statement: policy.Statement.filter((_, at) => at !== index % policy.Statement.length),
  })),
  indexOf.map((index) => atCondition(index, () => [])),
  fc
    .tuple(indexOf, fc.constantFrom(...operators))
    .map(([index, operator]) =>
      atCondition(index, (_, key, value) => [[operator, key, operator === "Null" ? "false" : value]]),
    ),
  fc
    .tuple(indexOf, fc.constantFrom("*", "99".repeat(48), OWNER, "dataset", "output"))
    .map(([index, value]) => atCondition(index, (operator, key) => [[operator, key, value]])),
  fc
    .tuple(indexOf, fc.constantFrom(...principals))
    .map(([index, Principal]) => atStatement(index, (statement) => ({ ...statement, Principal }))),
  fc
    .tuple(indexOf, fc.constantFrom(...actions))
    .map(([index, Action]) => atStatement(index, (statement) => ({ ...statement, Action }))),
  fc
    .tuple(fc.constantFrom(...principals), fc.constantFrom(...actions), fc.nat({ max: 20 }), indexOf)
    .map(([Principal, Action, from, index]): Vandalism => (policy) => {
      const source = policy.Statement[from % policy.Statement.length];
      const Sid = `Added${index}`;
      const Condition = source?.["Condition"];
      const allow = { Sid, Effect: "Allow", Principal, Action, Resource: "*" };
      return add(index % 2 === 0 || Condition === undefined ? allow : { ...allow, Condition })(policy);
    }),
);

test("calls no policy clean that grants an attack", () => {
  const seen = { clean: 0, attacked: 0 };
  fc.assert(
    fc.property(fc.array(vandalism, { minLength: 1, maxLength: 4 }), (edits) => {
      const policy = edits.reduce((edited, edit) => edit(edited), GOOD);
      if (policy.Statement.length === 0) return;
      const text = JSON.stringify(policy);
      const granted = grantedAttacks(text);
      if (granted.length > 0) seen.attacked += 1;
      const { findings } = lintKeyPolicy(text, GIVEN);
      if (findings.length > 0) return;
      seen.clean += 1;
      const changed = policy.Statement.filter((one) => !GOOD.Statement.includes(one));
      assert.deepEqual(granted, [], JSON.stringify(changed));
    }),
    { numRuns: RUNS },
  );
  assert.ok(seen.attacked > 40, `${seen.attacked} of the policies granted an attack`);
});

function grantedAttacks(text: string): readonly Probe[] {
  let statements;
  try {
    statements = parsePolicy(text).statements;
  } catch {
    return [];
  }
  return ATTACKS.filter((probe) => ask(statements, probe).verdict === "allowed");
}

test("the printed policy grants none of these attacks, and its uses", () => {
  assert.deepEqual(grantedAttacks(JSON.stringify(keyPolicy(TERMS))), []);
  const { statements } = parsePolicy(JSON.stringify(keyPolicy(TERMS)));
  for (const { action, context } of USES) {
    assert.equal(ask(statements, asEnclave(action, context, PCRS)).verdict, "allowed");
  }
});
