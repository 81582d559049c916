// What the template for the parent has to hold, whatever else changes in it; each rule is shown to find the change that
// breaks it. What same.test.ts compares holds of the Terraform module too.
import assert from "node:assert/strict";
import test from "node:test";
import { canonical, readTemplate } from "./cloudformation.ts";
import type { Template } from "./cloudformation.ts";
import { at, changed, isMembers, list, members, textOf } from "./json.ts";
import type { Json, Members } from "./json.ts";
import { fromDocument } from "./policies.ts";
import type { Statement } from "./policies.ts";

type Rule = (template: Template) => boolean;

const TEMPLATE = readTemplate("sealroom.yaml");

function properties(template: Template, id: string): Members {
  return members(canonical(at(template.resources, `${id}.Properties`) ?? null, template));
}

function ofType(template: Template, type: string): readonly string[] {
  return Object.entries(template.resources)
    .filter(([, value]) => members(value)["Type"] === type)
    .map(([id]) => id);
}

function statements(template: Template, id: string, path: string): readonly Statement[] {
  return fromDocument(at(properties(template, id), path) ?? null);
}

const PARENTS_ACTIONS = [
  ...["s3:GetObject", "s3:ListBucket", "s3:PutObject", "ssm:UpdateInstanceInformation"],
  ...["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map(
    (name) => `ssmmessages:${name}`,
  ),
];
const ROLES = ["OwnerRole", "ParentRole", "BreakGlassRole", "TrailRole"];

function identityStatements(template: Template): readonly Statement[] {
  return ofType(template, "AWS::IAM::Role").flatMap((id) =>
    list(properties(template, id)["Policies"]).flatMap((policy) =>
      fromDocument(members(policy)["PolicyDocument"] ?? null),
    ),
  );
}

const RULES: Readonly<Record<string, Rule>> = {
  "the parent may have enclaves": (t) => at(properties(t, "Parent"), "EnclaveOptions.Enabled") === true,
  "the metadata service asks for tokens, and no hop more": (t) =>
    at(properties(t, "Parent"), "MetadataOptions.HttpTokens") === "required" &&
    at(properties(t, "Parent"), "MetadataOptions.HttpPutResponseHopLimit") === 1,
  "the parent's disk is encrypted": (t) =>
    list(properties(t, "Parent")["BlockDeviceMappings"]).every((disk) => at(disk, "Ebs.Encrypted") === true),
  "nobody logs in by SSH": (t) => properties(t, "Parent")["KeyName"] === undefined,
  "nothing comes in to the parent": (t) =>
    properties(t, "ParentSecurityGroup")["SecurityGroupIngress"] === undefined &&
    ofType(t, "AWS::EC2::SecurityGroupIngress").length === 0,
  "only TLS goes out of the parent": (t) =>
    list(properties(t, "ParentSecurityGroup")["SecurityGroupEgress"]).every(
      (rule) =>
        at(rule, "IpProtocol") === "tcp" && at(rule, "FromPort") === 443 && at(rule, "ToPort") === 443,
    ),
  "the network has no way to the internet": (t) =>
    [
      "InternetGateway",
      "NatGateway",
      "EgressOnlyInternetGateway",
      "VPCGatewayAttachment",
      "Route",
      "EIP",
    ].every((name) => ofType(t, `AWS::EC2::${name}`).length === 0) &&
    properties(t, "Subnet")["MapPublicIpOnLaunch"] === false,
  "every bucket refuses to be public, and plain HTTP": (t) =>
    ofType(t, "AWS::S3::Bucket").every((id) => {
      const { PublicAccessBlockConfiguration: block } = properties(t, id);
      const policy = ofType(t, "AWS::S3::BucketPolicy").find(
        (other) => properties(t, other)["Bucket"] === `<${id}.Ref>`,
      );
      const tls = policy === undefined ? [] : statements(t, policy, "PolicyDocument");
      return (
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"].every(
          (name) => members(block)[name] === true,
        ) &&
        tls.some(
          ({ effect, actions, resources, principals, conditions }) =>
            effect === "Deny" &&
            actions.includes("s3:*") &&
            principals.includes("*") &&
            resources.includes(`<${id}.Arn>`) &&
            resources.includes(`<${id}.Arn>/*`) &&
            conditions["Bool aws:SecureTransport"]?.[0] === "false",
        )
      );
    }),
  "every bucket keeps versions, is encrypted, and outlives the stack, but not one that could not be made": (
    t,
  ) =>
    ofType(t, "AWS::S3::Bucket").every(
      (id) =>
        at(properties(t, id), "VersioningConfiguration.Status") === "Enabled" &&
        properties(t, id)["BucketEncryption"] !== undefined &&
        at(t.resources, `${id}.DeletionPolicy`) === "RetainExceptOnCreate" &&
        at(t.resources, `${id}.UpdateReplacePolicy`) === "Retain",
    ),
  "only the owner writes sealed data": (t) =>
    statements(t, "DataBucketPolicy", "PolicyDocument").some(
      ({ effect, actions, conditions }) =>
        effect === "Deny" &&
        ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"].every((name) =>
          actions.includes(name),
        ) &&
        conditions["ArnNotEquals aws:PrincipalArn"]?.join() === "<OwnerRole.Arn>",
    ),
  "no role has a wildcard of actions": (t) =>
    identityStatements(t).every(
      ({ effect, actions }) => effect === "Deny" || !actions.some((name) => name.includes("*")),
    ),
  "no role has a right on keys, but the one of making them": (t) =>
    identityStatements(t)
      .filter(({ effect }) => effect === "Allow")
      .flatMap(({ actions }) => actions)
      .every((name) => !name.startsWith("kms:") || name === "kms:CreateKey"),
  "the parent's role is kept from what is not decrypting, whatever is added to it": (t) =>
    fromDocument(at(properties(t, "ParentRole"), "Policies.0.PolicyDocument") ?? null).some(
      ({ effect, notActions, resources }) =>
        effect === "Deny" &&
        notActions.join() === "kms:Decrypt,kms:GenerateDataKey" &&
        resources.length === 1,
    ),
  "the parent reads buckets, hands out results and opens sessions, and may do nothing else": (t) =>
    properties(t, "ParentRole")["ManagedPolicyArns"] === undefined &&
    fromDocument(at(properties(t, "ParentRole"), "Policies.0.PolicyDocument") ?? null)
      .filter(({ effect }) => effect === "Allow")
      .flatMap(({ actions }) => actions)
      .every((name) => PARENTS_ACTIONS.includes(name)),
  "the parent writes below results/ alone, by its role and by the endpoint": (t) =>
    [
      fromDocument(at(properties(t, "ParentRole"), "Policies.0.PolicyDocument") ?? null),
      statements(t, "S3Endpoint", "PolicyDocument"),
    ].every((all) => {
      const writes = all.filter(
        ({ effect, actions }) =>
          effect === "Allow" && actions.some((name) => /^s3:(?!GetObject$|ListBucket$)/.test(name)),
      );
      return writes.every(
        ({ actions, resources }) =>
          actions.join() === "s3:PutObject" && resources.join() === "<ArtifactBucket.Arn>/results/*",
      );
    }),
  "break-glass needs a second factor": (t) =>
    statements(t, "BreakGlassRole", "AssumeRolePolicyDocument").every(
      ({ conditions }) => conditions["Bool aws:MultiFactorAuthPresent"]?.join() === "true",
    ),
  "nobody can assume a role from everywhere": (t) =>
    ROLES.every((id) =>
      statements(t, id, "AssumeRolePolicyDocument").every(
        ({ principals }) => principals.length === 1 && !principals.some((name) => name.endsWith("*")),
      ),
    ),
  "KMS is asked through the endpoint by the parent's role alone": (t) =>
    statements(t, "KmsEndpoint", "PolicyDocument").every(
      ({ conditions }) => conditions["ArnEquals aws:PrincipalArn"]?.join() === "<ParentRole.Arn>",
    ),
  "the records cannot be changed unseen, and are of all regions": (t) =>
    ["EnableLogFileValidation", "IsMultiRegionTrail", "IsLogging", "IncludeGlobalServiceEvents"].every(
      (name) => properties(t, "Trail")[name] === true,
    ),
  "each alarm watches a metric that a filter makes, and tells somebody": (t) =>
    ofType(t, "AWS::CloudWatch::Alarm").length === 4 &&
    ofType(t, "AWS::CloudWatch::Alarm").every((id) => {
      const { MetricName, AlarmActions, Threshold } = properties(t, id);
      const made = ofType(t, "AWS::Logs::MetricFilter").map((other) =>
        at(properties(t, other), "MetricTransformations.0.MetricName"),
      );
      return (
        made.includes(MetricName) &&
        Threshold === 1 &&
        list(AlarmActions).map(textOf).join() === "<AlarmTopic.Ref>"
      );
    }),
  "an unattested request of the parent's role raises an alarm": (t) => {
    const pattern = textOf(properties(t, "UnattestedDecryptFilter")["FilterPattern"]);
    return (
      pattern.includes('sessionIssuer.arn = "<ParentRole.Arn>"') &&
      pattern.includes("attestationDocumentEnclaveImageDigest NOT EXISTS")
    );
  },
};

for (const [name, rule] of Object.entries(RULES)) {
  test(`in the template, ${name}`, () => {
    assert.ok(rule(TEMPLATE));
  });
}

/** The rule that is broken, where, and by what. */
type Attack = readonly [rule: string, path: string, to: Json | undefined];

const ATTACKS: readonly Attack[] = [
  ["the parent may have enclaves", "Parent.Properties.EnclaveOptions.Enabled", false],
  [
    "the metadata service asks for tokens, and no hop more",
    "Parent.Properties.MetadataOptions.HttpTokens",
    "optional",
  ],
  [
    "the metadata service asks for tokens, and no hop more",
    "Parent.Properties.MetadataOptions.HttpPutResponseHopLimit",
    2,
  ],
  ["the parent's disk is encrypted", "Parent.Properties.BlockDeviceMappings.0.Ebs.Encrypted", false],
  ["nobody logs in by SSH", "Parent.Properties.KeyName", "mine"],
  ["nothing comes in to the parent", "ParentSecurityGroup.Properties.SecurityGroupIngress", []],
  ["nothing comes in to the parent", "Hole", { Type: "AWS::EC2::SecurityGroupIngress", Properties: {} }],
  ["only TLS goes out of the parent", "ParentSecurityGroup.Properties.SecurityGroupEgress.0.FromPort", 0],
  ["the network has no way to the internet", "Way", { Type: "AWS::EC2::NatGateway", Properties: {} }],
  ["the network has no way to the internet", "Subnet.Properties.MapPublicIpOnLaunch", true],
  [
    "every bucket refuses to be public, and plain HTTP",
    "TrailBucket.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy",
    false,
  ],
  ["every bucket refuses to be public, and plain HTTP", "ArtifactBucketPolicy", undefined],
  [
    "every bucket refuses to be public, and plain HTTP",
    "DataBucketPolicy.Properties.PolicyDocument.Statement.0.Action",
    "s3:GetObject",
  ],
  [
    "every bucket keeps versions, is encrypted, and outlives the stack, but not one that could not be made",
    "DataBucket.DeletionPolicy",
    undefined,
  ],
  [
    "every bucket keeps versions, is encrypted, and outlives the stack, but not one that could not be made",
    "TrailBucket.DeletionPolicy",
    "Retain",
  ],
  [
    "every bucket keeps versions, is encrypted, and outlives the stack, but not one that could not be made",
    "DataBucket.Properties.VersioningConfiguration.Status",
    "Suspended",
  ],
  [
    "only the owner writes sealed data",
    "DataBucketPolicy.Properties.PolicyDocument.Statement.1.Effect",
    "Allow",
  ],
  [
    "no role has a wildcard of actions",
    "OwnerRole.Properties.Policies.0.PolicyDocument.Statement.0.Action",
    "s3:*",
  ],
  [
    "no role has a right on keys, but the one of making them",
    "ParentRole.Properties.Policies.0.PolicyDocument.Statement.0.Action",
    "kms:Decrypt",
  ],
  [
    "the parent's role is kept from what is not decrypting, whatever is added to it",
    "ParentRole.Properties.Policies.0.PolicyDocument.Statement.3.NotAction",
    ["kms:*"],
  ],
  [
    "the parent reads buckets, hands out results and opens sessions, and may do nothing else",
    "ParentRole.Properties.Policies.0.PolicyDocument.Statement.0.Action",
    "s3:DeleteObject",
  ],
  [
    "the parent reads buckets, hands out results and opens sessions, and may do nothing else",
    "ParentRole.Properties.Policies.0.PolicyDocument.Statement.2.Action",
    "ssm:GetParameters",
  ],
  [
    "the parent reads buckets, hands out results and opens sessions, and may do nothing else",
    "ParentRole.Properties.ManagedPolicyArns",
    ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
  ],
  ...[
    [
      "ParentRole.Properties.Policies.0.PolicyDocument.Statement.4.Resource",
      { "Fn::Sub": "${ArtifactBucket.Arn}/*" },
    ],
    ["ParentRole.Properties.Policies.0.PolicyDocument.Statement.4.Action", "s3:*"],
    ["ParentRole.Properties.Policies.0.PolicyDocument.Statement.0.Action", ["s3:GetObject", "s3:PutObject"]],
    ["S3Endpoint.Properties.PolicyDocument.Statement.1.Resource", { "Fn::Sub": "${DataBucket.Arn}/*" }],
    ["S3Endpoint.Properties.PolicyDocument.Statement.0.Action", ["s3:GetObject", "s3:PutObject"]],
  ].map(([path = "", to]): Attack => [
    "the parent writes below results/ alone, by its role and by the endpoint",
    path as string,
    to,
  ]),
  [
    "break-glass needs a second factor",
    "BreakGlassRole.Properties.AssumeRolePolicyDocument.Statement.0.Condition",
    undefined,
  ],
  [
    "nobody can assume a role from everywhere",
    "OwnerRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal",
    { AWS: "*" },
  ],
  [
    "KMS is asked through the endpoint by the parent's role alone",
    "KmsEndpoint.Properties.PolicyDocument.Statement.0.Condition",
    undefined,
  ],
  [
    "the records cannot be changed unseen, and are of all regions",
    "Trail.Properties.EnableLogFileValidation",
    false,
  ],
  [
    "each alarm watches a metric that a filter makes, and tells somebody",
    "BreakGlassAlarm.Properties.AlarmActions",
    [],
  ],
  ["each alarm watches a metric that a filter makes, and tells somebody", "BreakGlassFilter", undefined],
  [
    "an unattested request of the parent's role raises an alarm",
    "UnattestedDecryptFilter.Properties.FilterPattern",
    "{ $.eventName = Decrypt }",
  ],
];

for (const [index, [rule, path, to]] of ATTACKS.entries()) {
  test(`change ${index + 1} breaks the rule that ${rule}`, () => {
    const resources = changed(TEMPLATE.resources, path, to);
    assert.equal(RULES[rule]?.({ ...TEMPLATE, resources }), false);
  });
}

test("every rule has a change that breaks it", () => {
  assert.deepEqual([...new Set(ATTACKS.map(([rule]) => rule))].sort(), Object.keys(RULES).sort());
  assert.ok(isMembers(TEMPLATE.resources));
});
