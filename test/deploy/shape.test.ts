// Each template by itself: what CloudFormation's own description of its resources says, references that resolve, nothing
// that is declared and not used.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parseTemplate, readTemplate, references } from "./cloudformation.ts";
import type { Template } from "./cloudformation.ts";
import { changed, list, members, textOf } from "./json.ts";
import type { Json, Members } from "./json.ts";
import { findFaults, hasAttribute } from "./specification.ts";
import { expressions, parseModule, readModule } from "./terraform.ts";
import type { Module } from "./terraform.ts";

const TEMPLATES = ["sealroom.yaml", "dataset-key.yaml"];
const MODULES = ["terraform", "terraform/dataset-key"];
const PSEUDO = ["AWS::Region", "AWS::Partition", "AWS::AccountId"];

function findTemplateFaults({ parameters, resources, outputs }: Template): readonly string[] {
  const used = [...Object.entries(resources), ...Object.entries(outputs)].flatMap(([id, value]) =>
    references(value, id),
  );
  const dangling = used
    .filter(({ target, attribute }) => {
      if (PSEUDO.includes(target) || parameters[target] !== undefined) return attribute !== null;
      const resource = resources[target];
      if (resource === undefined) return true;
      return attribute !== null && !hasAttribute(textOf(members(resource)["Type"]), attribute);
    })
    .map(
      ({ where, target, attribute }) => `${where}: no ${target}${attribute === null ? "" : `.${attribute}`}`,
    );
  const idle = Object.keys(parameters).filter((name) => !used.some(({ target }) => target === name));
  const waits = Object.entries(resources).flatMap(([id, value]) =>
    list(members(value)["DependsOn"])
      .filter((name) => resources[textOf(name)] === undefined)
      .map((name) => `${id}: depends on ${textOf(name)}, which is not there`),
  );
  return [
    ...Object.entries(resources).flatMap(([id, value]) => findFaults(id, members(value))),
    ...dangling,
    ...idle.map((name) => `${name}: a parameter that nothing uses`),
    ...waits,
    ...findCycle(resources),
  ];
}

function findCycle(resources: Members): readonly string[] {
  const needs = new Map(
    Object.entries(resources).map(([id, value]) => [
      id,
      [
        ...references(value, id).map(({ target }) => target),
        ...list(members(value)["DependsOn"]).map(textOf),
      ],
    ]),
  );
  for (let found = true; found;) {
    found = false;
    for (const [id, others] of needs) {
      if (others.some((other) => needs.has(other))) continue;
      needs.delete(id);
      found = true;
    }
  }
  return needs.size === 0 ? [] : [`they wait for each other: ${[...needs.keys()].join(", ")}`];
}

function findModuleFaults({ variables, outputs, locals, blocks }: Module): readonly string[] {
  const values = [...Object.values(blocks), ...Object.values(outputs), ...Object.values(locals)];
  const used = values.flatMap(expressions);
  const isDeclared = (name: string): boolean => {
    const [first = "", second = "", third = ""] = name.split(".");
    if (first === "var") return variables[second] !== undefined;
    if (first === "local") return locals[second] !== undefined;
    if (first === "path") return true;
    return blocks[first === "data" ? `data.${second}.${third}` : `${first}.${second}`] !== undefined;
  };
  const idle = Object.keys(variables).filter((name) => !used.includes(`var.${name}`));
  const documents = Object.keys(blocks).filter(
    (address) => address.startsWith("data.") && !used.some((name) => name.startsWith(`${address}.`)),
  );
  return [
    ...used.filter((name) => !isDeclared(name)).map((name) => `no ${name}`),
    ...idle.map((name) => `${name}: a variable that nothing uses`),
    ...documents.map((address) => `${address}: nothing uses it`),
  ];
}

for (const name of TEMPLATES) {
  test(`${name} has only what CloudFormation knows, and all that it asks for`, () => {
    const template = readTemplate(name);
    assert.ok(Object.keys(template.resources).length > 0);
    assert.deepEqual(findTemplateFaults(template), []);
  });

  test(`${name} says of each parameter and output what it is`, () => {
    const { parameters, outputs } = readTemplate(name);
    for (const [id, value] of Object.entries({ ...parameters, ...outputs })) {
      assert.ok(textOf(members(value)["Description"] ?? "").length > 10, id);
    }
  });
}

for (const folder of MODULES) {
  test(`${folder} refers to what is there, and uses all that it declares`, async () => {
    const module = await readModule(folder);
    assert.ok(Object.keys(module.blocks).length > 1);
    assert.deepEqual(findModuleFaults(module), []);
  });

  test(`${folder} says of each variable and output what it is, and of what type a variable is`, async () => {
    const { variables, outputs } = await readModule(folder);
    for (const [name, value] of Object.entries({ ...variables, ...outputs })) {
      assert.ok(textOf(members(value)["description"] ?? "").length > 10, name);
    }
    for (const [name, value] of Object.entries(variables)) {
      assert.notEqual(members(value)["type"], undefined, name);
    }
  });
}

const SPOILT: readonly (readonly [name: string, path: string, to: Json | undefined, fault: RegExp])[] = [
  ["a type that does not exist", "Parent.Type", "AWS::EC2::Machine", /no such type/],
  ["a property that does not exist", "Parent.Properties.Enclaves", true, /no such property/],
  [
    "a property of a property that does not exist",
    "Parent.Properties.MetadataOptions",
    { Tokens: "required" },
    /Parent\.MetadataOptions: no such property Tokens/,
  ],
  ["a required property that is missing", "Trail.Properties.IsLogging", undefined, /lacks IsLogging/],
  ["a text for a number", "TrailLog.Properties.RetentionInDays", "long", /not a number/],
  ["an object for a text", "AlarmMail.Properties.Protocol", {}, /not a text/],
  ["a text for a list", "Trail.Properties.EventSelectors", "all", /not a list/],
  [
    "a value that is none of those allowed",
    "DataBucket.Properties.VersioningConfiguration.Status",
    "On",
    /none of/,
  ],
  ["a member that no resource has", "Vpc.Deletion", "Retain", /no such member Deletion/],
  [
    "a reference to nothing",
    "Subnet.Properties.VpcId",
    { Ref: "Vpcs" },
    /Subnet\.Properties\.VpcId: no Vpcs/,
  ],
  [
    "an attribute that the resource has not",
    "Subnet.Properties.VpcId",
    { "Fn::GetAtt": ["Vpc", "Arns"] },
    /no Vpc\.Arns/,
  ],
  [
    "a reference to nothing within a text",
    "Trail.Properties.TrailName",
    { "Fn::Sub": "${Nam}-trail" },
    /no Nam/,
  ],
  ["something to wait for that is not there", "Trail.DependsOn", "TrailBucketPolicies", /which is not there/],
  [
    "two resources that wait for each other",
    "Vpc.Properties.CidrBlock",
    { Ref: "Subnet" },
    /wait for each other/,
  ],
];

for (const [name, path, to, fault] of SPOILT) {
  test(`${name} is found`, () => {
    const template = readTemplate("sealroom.yaml");
    const faults = findTemplateFaults({ ...template, resources: changed(template.resources, path, to) });
    assert.ok(
      faults.some((text) => fault.test(text)),
      faults.join("\n"),
    );
  });
}

test("a parameter that nothing uses, and an alias, are found", () => {
  const template = readTemplate("sealroom.yaml");
  const parameters = { ...template.parameters, Idle: {} };
  assert.deepEqual(findTemplateFaults({ ...template, parameters }), ["Idle: a parameter that nothing uses"]);
  assert.throws(() => parseTemplate("Resources: { A: &a { Type: x }, B: *a }"), /alias/);
  assert.throws(() => parseTemplate("Resources: { A: !Unknown x }"), /Unresolved tag/);
  assert.throws(() => parseTemplate("Resources: { A: 1, A: 2 }"), /unique/);
});

const HCL: readonly (readonly [name: string, text: string, fault: string])[] = [
  ["a resource that is not there", 'resource "aws_x" "a" { v = aws_y.b.id }', "no aws_y.b.id"],
  ["a variable that is not there", 'resource "aws_x" "a" { v = "${var.b}-c" }', "no var.b"],
  ["a local that is not there", 'resource "aws_x" "a" { v = [local.b] }', "no local.b"],
  [
    "a data source that is not there",
    'resource "aws_x" "a" { v = data.aws_y.b.json }',
    "no data.aws_y.b.json",
  ],
  [
    "an argument of a function that is not there",
    'resource "aws_x" "a" { v = f("x", { b = var.c }) }',
    "no var.c",
  ],
  ["what it has to wait for", 'resource "aws_x" "a" { depends_on = [aws_y.b] }', "no aws_y.b"],
  ["a variable that nothing uses", 'variable "b" {}', "b: a variable that nothing uses"],
  ["a document that nothing uses", 'data "aws_x" "a" {}', "data.aws_x.a: nothing uses it"],
];

for (const [name, text, fault] of HCL) {
  test(`in Terraform, ${name} is found`, async () => {
    assert.deepEqual(findModuleFaults(await parseModule(`${text}\n`)), [fault]);
  });
}

test("the templates name no account, key or secret", () => {
  for (const name of [
    ...TEMPLATES.map((each) => `cloudformation/${each}`),
    "parent/set-up.sh",
    "allocator.yaml",
  ]) {
    const text = readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8");
    assert.doesNotMatch(
      text,
      /\b\d{12}\b|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}|-----BEGIN|ami-[0-9a-f]{8}/,
      name,
    );
  }
});
