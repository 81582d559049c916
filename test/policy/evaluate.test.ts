// The policy language of the local KMS, as IAM defines it: what applies, what wins, and what absence means.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createCredentials } from "../../local/credentials.ts";
import { decide } from "../../owner/policy/evaluate.ts";
import { parsePolicy } from "../../owner/policy/document.ts";

const ROLE = "arn:aws:iam::000000000000:role/worker";
const KEY = "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-4333-8444-555555555555";

type Json = Record<string, unknown>;

const principalOf = (role: string, identityActions: readonly string[] = []) =>
  createCredentials(role, identityActions).principal;

function verdict(
  statements: readonly Json[],
  context: Record<string, string[]> = {},
  action = "kms:Decrypt",
): string {
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }));
  const request = {
    principal: principalOf("worker"),
    action,
    resource: KEY,
    context: new Map([["aws:principalarn", [ROLE]], ...Object.entries(context)]),
  };
  return decide(policy, request).verdict;
}

const allow = (more: Json = {}): Json => ({
  Effect: "Allow",
  Principal: { AWS: ROLE },
  Action: "kms:Decrypt",
  Resource: "*",
  ...more,
});
const deny = (more: Json = {}): Json => ({ ...allow(), Effect: "Deny", ...more });

test("denies by default what no statement allows", () => {
  assert.equal(verdict([allow({ Action: "kms:Encrypt" })]), "denied-by-default");
});

test("allows what one statement allows", () => {
  assert.equal(verdict([allow()]), "allowed");
});

test("lets an explicit Deny win, whichever comes first", () => {
  assert.equal(verdict([allow(), deny()]), "denied-explicitly");
  assert.equal(verdict([deny(), allow()]), "denied-explicitly");
  assert.equal(verdict([allow(), allow({ Principal: "*" }), deny({ Principal: "*" })]), "denied-explicitly");
});

test("lets a broad second Allow undo a narrow first one", () => {
  const narrow = allow({ Condition: { StringEquals: { "kms:EncryptionContext:a": "b" } } });
  assert.equal(verdict([narrow]), "denied-by-default");
  assert.equal(verdict([narrow, allow({ Principal: "*", Action: "kms:*" })]), "allowed");
});

test("names the statement that decided", () => {
  const policy = parsePolicy(
    JSON.stringify({ Version: "2012-10-17", Statement: [allow({ Sid: "A" }), deny({ Sid: "D" })] }),
  );
  const request = {
    principal: principalOf("worker"),
    action: "kms:Decrypt",
    resource: KEY,
    context: new Map(),
  };
  assert.deepEqual(decide(policy, request), { verdict: "denied-explicitly", sid: "D" });
});

const PRINCIPALS: readonly (readonly [string, unknown, boolean])[] = [
  ["the role", { AWS: ROLE }, true],
  ["the session of the role", { AWS: "arn:aws:sts::000000000000:assumed-role/worker/local" }, true],
  ["another session of the role", { AWS: "arn:aws:sts::000000000000:assumed-role/worker/other" }, false],
  ["a list with the role in it", { AWS: ["arn:aws:iam::000000000000:role/x", ROLE] }, true],
  ["another role", { AWS: "arn:aws:iam::000000000000:role/worker2" }, false],
  ["the role in other case", { AWS: "arn:aws:iam::000000000000:role/Worker" }, false],
  ["the role's name in another account", { AWS: "arn:aws:iam::111111111111:role/worker" }, false],
  ["a user of the same name", { AWS: "arn:aws:iam::000000000000:user/worker" }, false],
  ["everyone", "*", true],
  ["everyone, in the long form", { AWS: "*" }, true],
];

for (const [name, Principal, applies] of PRINCIPALS) {
  test(`${applies ? "applies" : "does not apply"} to the role a statement for ${name}`, () => {
    assert.equal(verdict([allow({ Principal })]), applies ? "allowed" : "denied-by-default");
    assert.equal(verdict([allow(), deny({ Principal })]), applies ? "denied-explicitly" : "allowed");
  });
}

for (const account of ["000000000000", "arn:aws:iam::000000000000:root"]) {
  test(`reads an Allow for ${account} as delegation to IAM, and a Deny as one for all in it`, () => {
    const policy = parsePolicy(
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [allow({ Principal: { AWS: account }, Action: "kms:*" })],
      }),
    );
    const request = { action: "kms:Decrypt", resource: KEY, context: new Map<string, string[]>() };
    const decided = (identityActions: readonly string[]) =>
      decide(policy, { ...request, principal: principalOf("worker", identityActions) }).verdict;
    assert.equal(decided([]), "denied-by-default");
    assert.equal(decided(["kms:Encrypt"]), "denied-by-default");
    assert.equal(decided(["kms:Dec*"]), "allowed");
    assert.equal(decided(["*"]), "allowed");
    assert.equal(verdict([allow(), deny({ Principal: { AWS: account } })]), "denied-explicitly");
  });
}

const ACTIONS: readonly (readonly [Json, boolean])[] = [
  [{ Action: "kms:*" }, true],
  [{ Action: "*" }, true],
  [{ Action: "KMS:DECRYPT" }, true],
  [{ Action: "kms:Decryp?" }, true],
  [{ Action: "kms:D*t" }, true],
  [{ Action: ["kms:Encrypt", "kms:Decrypt"] }, true],
  [{ Action: "kms:ReEncrypt*" }, false],
  [{ Action: "kms:De" + "scribe*" }, false],
  [{ Action: undefined, NotAction: "kms:Encrypt" }, true],
  [{ Action: undefined, NotAction: ["kms:Encrypt", "kms:Decrypt"] }, false],
  [{ Action: undefined, NotAction: "kms:*" }, false],
];

for (const [action, applies] of ACTIONS) {
  test(`${applies ? "reads" : "does not read"} ${JSON.stringify(action)} as kms:Decrypt`, () => {
    assert.equal(verdict([allow(action)]), applies ? "allowed" : "denied-by-default");
  });
}

test("compares Resource with the key's ARN part by part", () => {
  const resource = (Resource: unknown) => verdict([allow({ Resource })]);
  assert.equal(resource(KEY), "allowed");
  assert.equal(resource("arn:aws:kms:*:000000000000:key/*"), "allowed");
  assert.equal(resource(["arn:aws:kms:us-east-1:000000000000:key/*", KEY]), "allowed");
  assert.equal(resource("arn:aws:kms:us-east-1:000000000000:key/*"), "denied-by-default");
  assert.equal(resource("arn:aws:kms:*:key/11111111-2222-4333-8444-555555555555:x:y"), "denied-by-default");
});

interface ConditionCase {
  readonly name: string;
  readonly condition: Json;
  readonly context?: Record<string, string[]>;
  readonly holds: boolean;
}

const PCR = "kms:RecipientAttestation:PCR0";
const pcr = (value: string) => ({ "kms:recipientattestation:pcr0": [value] });
const keys = (...values: string[]) => ({ "kms:encryptioncontextkeys": values });

const CONDITIONS: readonly ConditionCase[] = [
  {
    name: "StringEquals on the same text",
    condition: { StringEquals: { [PCR]: "ab" } },
    context: pcr("ab"),
    holds: true,
  },
  {
    name: "StringEquals on other case",
    condition: { StringEquals: { [PCR]: "AB" } },
    context: pcr("ab"),
    holds: false,
  },
  {
    name: "StringEquals with a wildcard",
    condition: { StringEquals: { [PCR]: "a*" } },
    context: pcr("ab"),
    holds: false,
  },
  {
    name: "StringEquals on one of several",
    condition: { StringEquals: { [PCR]: ["x", "ab"] } },
    context: pcr("ab"),
    holds: true,
  },
  { name: "StringEquals without the key", condition: { StringEquals: { [PCR]: "ab" } }, holds: false },
  {
    name: "StringEqualsIfExists without the key",
    condition: { StringEqualsIfExists: { [PCR]: "ab" } },
    holds: true,
  },
  {
    name: "StringEqualsIfExists on other text",
    condition: { StringEqualsIfExists: { [PCR]: "ab" } },
    context: pcr("cd"),
    holds: false,
  },
  {
    name: "StringEqualsIgnoreCase on other case",
    condition: { StringEqualsIgnoreCase: { [PCR]: "AB" } },
    context: pcr("ab"),
    holds: true,
  },
  {
    name: "StringEqualsIgnoreCase on other text",
    condition: { StringEqualsIgnoreCase: { [PCR]: "AB" } },
    context: pcr("abc"),
    holds: false,
  },
  {
    name: "StringNotEquals on other text",
    condition: { StringNotEquals: { [PCR]: "ab" } },
    context: pcr("cd"),
    holds: true,
  },
  {
    name: "StringNotEquals on the same text",
    condition: { StringNotEquals: { [PCR]: "ab" } },
    context: pcr("ab"),
    holds: false,
  },
  {
    name: "StringNotEquals on one of several",
    condition: { StringNotEquals: { [PCR]: ["x", "ab"] } },
    context: pcr("ab"),
    holds: false,
  },
  { name: "StringNotEquals without the key", condition: { StringNotEquals: { [PCR]: "ab" } }, holds: true },
  {
    name: "StringNotEqualsIgnoreCase on other case",
    condition: { StringNotEqualsIgnoreCase: { [PCR]: "AB" } },
    context: pcr("ab"),
    holds: false,
  },
  {
    name: "StringLike with a star",
    condition: { StringLike: { [PCR]: "a*c" } },
    context: pcr("abbc"),
    holds: true,
  },
  {
    name: "StringLike with a question mark",
    condition: { StringLike: { [PCR]: "a?c" } },
    context: pcr("abbc"),
    holds: false,
  },
  { name: "StringLike without the key", condition: { StringLike: { [PCR]: "*" } }, holds: false },
  {
    name: "StringNotLike on what matches",
    condition: { StringNotLike: { [PCR]: "a*" } },
    context: pcr("ab"),
    holds: false,
  },
  { name: "Null true without the key", condition: { Null: { [PCR]: "true" } }, holds: true },
  { name: "Null true with the key", condition: { Null: { [PCR]: true } }, context: pcr("ab"), holds: false },
  { name: "Null false without the key", condition: { Null: { [PCR]: "false" } }, holds: false },
  { name: "Null false with the key", condition: { Null: { [PCR]: false } }, context: pcr("ab"), holds: true },
  {
    name: "Null true for a list that is empty",
    condition: { Null: { "kms:EncryptionContextKeys": "true" } },
    context: keys(),
    holds: true,
  },
  {
    name: "two operators of which one fails",
    condition: { StringEquals: { [PCR]: "ab" }, Null: { [PCR]: "true" } },
    context: pcr("ab"),
    holds: false,
  },
  {
    name: "two keys of which one fails",
    condition: { StringEquals: { [PCR]: "ab", "kms:EncryptionContext:a": "b" } },
    context: pcr("ab"),
    holds: false,
  },
  {
    name: "a key in other case",
    condition: { StringEquals: { "KMS:recipientattestation:pcr0": "ab" } },
    context: pcr("ab"),
    holds: true,
  },
  // The traps of set operators.
  {
    name: "ForAllValues when all match",
    condition: { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["a", "b"] } },
    context: keys("a"),
    holds: true,
  },
  {
    name: "ForAllValues when one does not",
    condition: { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["a", "b"] } },
    context: keys("a", "c"),
    holds: false,
  },
  {
    name: "ForAllValues on the empty set",
    condition: { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys(),
    holds: true,
  },
  {
    name: "ForAllValues without the key",
    condition: { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["a"] } },
    holds: true,
  },
  {
    name: "ForAllValues on a single-valued key that is absent",
    condition: { "ForAllValues:StringEquals": { [PCR]: "ab" } },
    holds: true,
  },
  {
    name: "ForAllValues on other case of a context key",
    condition: { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys("A"),
    holds: false,
  },
  {
    name: "ForAnyValue when one matches",
    condition: { "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys("x", "a"),
    holds: true,
  },
  {
    name: "ForAnyValue when none matches",
    condition: { "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys("x"),
    holds: false,
  },
  {
    name: "ForAnyValue on the empty set",
    condition: { "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys(),
    holds: false,
  },
  {
    name: "ForAnyValue of a negation, one differing",
    condition: { "ForAnyValue:StringNotEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys("a", "b"),
    holds: true,
  },
  {
    name: "ForAnyValue of a negation without the key",
    condition: { "ForAnyValue:StringNotEquals": { "kms:EncryptionContextKeys": ["a"] } },
    holds: false,
  },
  {
    name: "ForAllValues of a negation, one equal",
    condition: { "ForAllValues:StringNotEquals": { "kms:EncryptionContextKeys": ["a"] } },
    context: keys("a", "b"),
    holds: false,
  },
  {
    name: "ForAnyValue IfExists without the key",
    condition: { "ForAnyValue:StringEqualsIfExists": { "kms:EncryptionContextKeys": ["a"] } },
    holds: true,
  },
  // ARNs
  { name: "ArnEquals on the same ARN", condition: { ArnEquals: { "aws:PrincipalArn": ROLE } }, holds: true },
  {
    name: "ArnEquals with a wildcard, which it reads as ArnLike does",
    condition: { ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::*:role/w*" } },
    holds: true,
  },
  {
    name: "ArnLike whose star would cross a colon",
    condition: { ArnLike: { "aws:PrincipalArn": "arn:*:000000000000:role/worker:*:*" } },
    holds: false,
  },
  {
    name: "ArnNotEquals on the same ARN",
    condition: { ArnNotEquals: { "aws:PrincipalArn": [ROLE, "arn:aws:iam::000000000000:role/x"] } },
    holds: false,
  },
  {
    name: "ArnNotEquals on another ARN",
    condition: { ArnNotEquals: { "aws:PrincipalArn": ["arn:aws:iam::000000000000:role/x"] } },
    holds: true,
  },
  {
    name: "ArnNotLike on a fitting pattern",
    condition: { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/*" } },
    holds: false,
  },
  // The other types
  {
    name: "Bool on the same value",
    condition: { Bool: { "aws:SecureTransport": "true" } },
    context: { "aws:securetransport": ["true"] },
    holds: true,
  },
  {
    name: "Bool on the other value",
    condition: { Bool: { "aws:SecureTransport": false } },
    context: { "aws:securetransport": ["true"] },
    holds: false,
  },
  {
    name: "Bool without the key",
    condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } },
    holds: false,
  },
  {
    name: "BoolIfExists without the key",
    condition: { BoolIfExists: { "aws:MultiFactorAuthPresent": "true" } },
    holds: true,
  },
  {
    name: "NumericEquals of another spelling",
    condition: { NumericEquals: { "aws:EpochTime": "100.0" } },
    context: { "aws:epochtime": ["100"] },
    holds: true,
  },
  {
    name: "NumericLessThan the value",
    condition: { NumericLessThan: { "aws:EpochTime": 100 } },
    context: { "aws:epochtime": ["100"] },
    holds: false,
  },
  {
    name: "NumericLessThanEquals the value",
    condition: { NumericLessThanEquals: { "aws:EpochTime": 100 } },
    context: { "aws:epochtime": ["100"] },
    holds: true,
  },
  {
    name: "NumericNotEquals without the key",
    condition: { NumericNotEquals: { "aws:EpochTime": 100 } },
    holds: true,
  },
  {
    name: "NumericGreaterThan by number, not by text",
    condition: { NumericGreaterThan: { "aws:EpochTime": "9" } },
    context: { "aws:epochtime": ["100"] },
    holds: true,
  },
  {
    name: "DateLessThan a later day",
    condition: { DateLessThan: { "aws:CurrentTime": "2027-01-01T00:00:00Z" } },
    context: { "aws:currenttime": ["2026-11-23T00:00:00Z"] },
    holds: true,
  },
  {
    name: "DateGreaterThan a later day",
    condition: { DateGreaterThan: { "aws:CurrentTime": "2027-01-01" } },
    context: { "aws:currenttime": ["2026-11-23T00:00:00Z"] },
    holds: false,
  },
];

for (const { name, condition, context, holds } of CONDITIONS) {
  test(`${holds ? "holds" : "does not hold"}: ${name}`, () => {
    assert.equal(
      verdict([allow({ Condition: condition })], context),
      holds ? "allowed" : "denied-by-default",
    );
    assert.equal(
      verdict([allow(), deny({ Condition: condition })], context),
      holds ? "denied-explicitly" : "allowed",
    );
  });
}
