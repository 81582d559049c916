// A key policy is taken whole or not at all: nothing in it that is not understood may be passed over.
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { SealroomError } from "../../core/errors.ts";
import { matchesArn, matchesPattern } from "../../owner/policy/pattern.ts";
import { MAX_POLICY_BYTES, parsePolicy } from "../../owner/policy/document.ts";

const STATEMENT = {
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::000000000000:role/worker" },
  Action: "kms:Decrypt",
  Resource: "*",
};
const withStatement = (change: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ ...STATEMENT, ...change }] });
const withCondition = (Condition: unknown) => withStatement({ Condition });

test("takes a policy with one statement that is not in a list", () => {
  assert.equal(
    parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: STATEMENT })).statements.length,
    1,
  );
});

const REFUSED: readonly (readonly [string, string])[] = [
  ["what is not JSON", "{"],
  ["an empty text", ""],
  ["a list", "[]"],
  ["an older version", JSON.stringify({ Version: "2008-10-17", Statement: [STATEMENT] })],
  ["no version", JSON.stringify({ Statement: [STATEMENT] })],
  ["no statement", JSON.stringify({ Version: "2012-10-17" })],
  ["an empty list of statements", JSON.stringify({ Version: "2012-10-17", Statement: [] })],
  ["an unknown element", JSON.stringify({ Version: "2012-10-17", Statement: [STATEMENT], Extra: 1 })],
  [
    "two conditions in one statement, of which JSON would keep the last",
    `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*",` +
      `"Condition":{"Null":{"kms:ViaService":"true"}},"Condition":{"Null":{"kms:ViaService":"false"}}}]}`,
  ],
  [
    "two statements with one Sid",
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { ...STATEMENT, Sid: "A" },
        { ...STATEMENT, Sid: "A" },
      ],
    }),
  ],
  [
    "text outside Latin-1",
    withStatement({ Sid: "A", Principal: { AWS: "arn:aws:iam::000000000000:role/\u4e2d" } }),
  ],
  ["a policy past 32 KiB", `${withStatement({})}${" ".repeat(MAX_POLICY_BYTES)}`],
  ["an unknown statement element", withStatement({ Conditions: {} })],
  ["an element in other case", withStatement({ condition: {} })],
  ["an effect in other case", withStatement({ Effect: "deny" })],
  ["no effect", withStatement({ Effect: undefined })],
  ["no principal", withStatement({ Principal: undefined })],
  ["NotPrincipal", withStatement({ Principal: undefined, NotPrincipal: "*" })],
  ["a service as principal", withStatement({ Principal: { Service: "s3.amazonaws.com" } })],
  [
    "a federated principal beside a role",
    withStatement({ Principal: { ...STATEMENT.Principal, Federated: "x" } }),
  ],
  [
    "a wildcard within a principal",
    withStatement({ Principal: { AWS: "arn:aws:iam::000000000000:role/*" } }),
  ],
  ["a principal that is no ARN", withStatement({ Principal: { AWS: "worker" } })],
  ["an empty list of principals", withStatement({ Principal: { AWS: [] } })],
  ["Action and NotAction", withStatement({ NotAction: "kms:Encrypt" })],
  ["neither Action nor NotAction", withStatement({ Action: undefined })],
  ["an action that KMS does not have", withStatement({ Action: "kms:Decrypyt" })],
  ["ReEncrypt, which is two actions of other names", withStatement({ Action: "kms:ReEncrypt" })],
  ["another service's action", withStatement({ Action: "s3:GetObject" })],
  ["an empty list of actions", withStatement({ Action: [] })],
  ["NotResource", withStatement({ Resource: undefined, NotResource: "*" })],
  ["a resource that is no ARN", withStatement({ Resource: "key" })],
  ["an empty condition", withCondition({})],
  ["a condition without keys", withCondition({ StringEquals: {} })],
  ["a condition that is a list", withCondition([])],
  ["an unknown operator", withCondition({ StringMatches: { "kms:KeySpec": "x" } })],
  ["an operator in other case", withCondition({ stringEquals: { "kms:KeySpec": "x" } })],
  ["IP addresses, which are not known here", withCondition({ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } })],
  [
    "an unknown set operator",
    withCondition({ "ForSomeValues:StringEquals": { "kms:EncryptionContextKeys": "x" } }),
  ],
  ["IfExists twice", withCondition({ StringEqualsIfExistsIfExists: { "kms:KeySpec": "x" } })],
  ["NullIfExists", withCondition({ NullIfExists: { "kms:KeySpec": "true" } })],
  [
    "Null under a set operator",
    withCondition({ "ForAllValues:Null": { "kms:EncryptionContextKeys": "true" } }),
  ],
  ["Null with something else than true or false", withCondition({ Null: { "kms:KeySpec": "yes" } })],
  ["Null with both", withCondition({ Null: { "kms:KeySpec": ["true", "false"] } })],
  ["an unknown condition key", withCondition({ StringEquals: { "kms:Unknown": "x" } })],
  ["a misspelt attestation key", withCondition({ StringEquals: { "kms:RecipientAttestation:PCR32": "x" } })],
  ["a PCR with a leading zero", withCondition({ StringEquals: { "kms:RecipientAttestation:PCR00": "x" } })],
  [
    "an encryption context without a name",
    withCondition({ StringEquals: { "kms:EncryptionContext:": "x" } }),
  ],
  [
    "a list key without a set operator",
    withCondition({ StringEquals: { "kms:EncryptionContextKeys": "x" } }),
  ],
  ["nothing to compare with", withCondition({ StringEquals: { "kms:KeySpec": [] } })],
  ["an object to compare with", withCondition({ StringEquals: { "kms:KeySpec": {} } })],
  ["null to compare with", withCondition({ StringEquals: { "kms:KeySpec": null } })],
  ["a policy variable", withCondition({ StringEquals: { "kms:EncryptionContext:a": "${aws:username}" } })],
  ["ArnEquals with what is no ARN", withCondition({ ArnEquals: { "aws:PrincipalArn": "worker" } })],
  ["ArnEquals on what is no ARN", withCondition({ ArnEquals: { "kms:KeySpec": "arn:aws:iam::0:role/x" } })],
  ["NumericEquals with text", withCondition({ NumericEquals: { "aws:EpochTime": "soon" } })],
  ["NumericEquals on text", withCondition({ NumericEquals: { "kms:KeySpec": "1" } })],
  ["Bool with a number", withCondition({ Bool: { "aws:SecureTransport": 1 } })],
  ["a date that is none", withCondition({ DateLessThan: { "aws:CurrentTime": "tomorrow" } })],
];

for (const [name, text] of REFUSED) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => parsePolicy(text),
      (error: unknown) => error instanceof SealroomError && error.code === "KEYPOLICY_SYNTAX",
    );
  });
}

test("matches wildcards as a regular expression would", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", ":"), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      const naive = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
      assert.equal(matchesPattern(pattern, value), naive.test(value));
    }),
    { numRuns: 2000 },
  );
});

test("matches a hostile pattern without backtracking for ever", () => {
  assert.equal(matchesPattern(`${"*a".repeat(2000)}b`, "a".repeat(20_000)), false);
});

test("refuses to match what is no ARN, even with stars", () => {
  assert.equal(matchesArn("*", "arn:aws:iam::000000000000:role/x"), false);
  assert.equal(matchesArn("arn:*:*:*:*:*", "role/x"), false);
});
