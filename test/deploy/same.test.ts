// The two templates say the same: every resource of the one is in the other with the same properties, every policy has
// the same statements, every parameter the same default and bounds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { canonical as canonicalCloudFormation, readTemplate } from "./cloudformation.ts";
import type { Template } from "./cloudformation.ts";
import { at, isMembers, leaves, list, members, textOf } from "./json.ts";
import type { Json, Members } from "./json.ts";
import { KEY_PAIRS, OTHER_PARAMETERS, PAIRS } from "./pairs.ts";
import type { Pair } from "./pairs.ts";
import { fromBlocks, fromDocument } from "./policies.ts";
import type { Statement } from "./policies.ts";
import { canonical as canonicalTerraform, readModule } from "./terraform.ts";
import type { Module, Spelling } from "./terraform.ts";

interface Both {
  readonly name: string;
  readonly pairs: readonly Pair[];
  readonly template: Template;
  readonly module: Module;
  readonly spelling: Spelling;
}

const BOTH: readonly Both[] = [
  await readBoth("sealroom.yaml", "terraform", PAIRS),
  await readBoth("dataset-key.yaml", "terraform/dataset-key", KEY_PAIRS),
];

async function readBoth(file: string, folder: string, pairs: readonly Pair[]): Promise<Both> {
  const template = readTemplate(file);
  const module = await readModule(folder);
  const resources = Object.fromEntries(
    pairs.flatMap(({ id, addresses }) => addresses.map((address) => [address, id] as const)),
  );
  const variables = Object.fromEntries(
    Object.keys(template.parameters).map((name) => [findVariable(name, module), name]),
  );
  return { name: file, pairs, template, module, spelling: { resources, variables } };
}

/** `EnclaveMemoryMiB` and `enclave_memory_mib`. */
function findVariable(parameter: string, { variables }: Module): string {
  const plain = parameter.toLowerCase();
  return (
    OTHER_PARAMETERS[parameter] ??
    Object.keys(variables).find((name) => name.replaceAll("_", "") === plain) ??
    `no variable for ${parameter}`
  );
}

for (const { name, pairs, template, module, spelling } of BOTH) {
  test(`${name}: each resource of the one template has its own in the other`, () => {
    assert.deepEqual(pairs.map(({ id }) => id).sort(), Object.keys(template.resources).sort());
    const resources = Object.keys(module.blocks).filter((address) => !address.startsWith("data."));
    assert.deepEqual(pairs.flatMap(({ addresses }) => addresses).sort(), resources.sort());
  });

  for (const { id, addresses, same, elsewhere = [] } of pairs) {
    test(`${name}: ${id} is the same in both`, () => {
      const properties = members(members(template.resources[id])["Properties"]);
      const missing = leaves(canonicalCloudFormation(properties, template)).filter(
        (path) =>
          same[path] === undefined &&
          !elsewhere.some((other) => path === other || path.startsWith(`${other}.`)),
      );
      assert.deepEqual(missing, [], "properties that nobody compares");
      for (const [path, [which, argument]] of Object.entries(same)) {
        const address = addresses[which] ?? "";
        const here = canonicalCloudFormation(at(properties, path) ?? null, template);
        const there = canonicalTerraform(at(module.blocks[address], argument) ?? null, spelling);
        assert.equal(plain(there), plain(here), `${path} and ${address} ${argument}`);
      }
    });
  }

  test(`${name}: every policy has the same statements in both`, () => {
    const here = cloudFormationPolicies(template);
    const there = terraformPolicies(module, spelling);
    assert.deepEqual([...there.keys()].sort(), [...here.keys()].sort());
    assert.notEqual(here.size, 0);
    for (const [place, statements] of here) assert.deepEqual(there.get(place), statements, place);
  });

  test(`${name}: parameters have the same defaults and bounds in both`, () => {
    const variables = Object.keys(module.variables);
    assert.deepEqual(
      Object.keys(template.parameters)
        .map((parameter) => findVariable(parameter, module))
        .sort(),
      variables.sort(),
    );
    for (const [parameter, value] of Object.entries(template.parameters)) {
      const variable = members(module.variables[findVariable(parameter, module)]);
      const { Default, AllowedPattern, MinValue, Description } = members(value);
      assert.equal(plain(variable["default"] ?? null), plain(Default ?? null), parameter);
      const condition = textOf(at(variable, "validation.0.condition") ?? "");
      if (AllowedPattern !== undefined) {
        const pattern = textOf(AllowedPattern).replaceAll("\\", "\\\\");
        assert.ok(condition.includes(`"^${pattern}$"`), `${parameter}: ${condition}`);
      } else if (MinValue !== undefined) {
        assert.ok(condition.endsWith(`>= ${textOf(MinValue)}}`), `${parameter}: ${condition}`);
      } else assert.equal(condition, "", parameter);
      if (OTHER_PARAMETERS[parameter] === undefined && name === "sealroom.yaml") {
        assert.equal(textOf(variable["description"]), textOf(Description), parameter);
      }
    }
  });

  test(`${name}: the outputs are the same in both`, () => {
    const here = Object.entries(template.outputs).map(([id, value]) => [
      id.toLowerCase(),
      textOf(members(value)["Description"]),
      plain(canonicalCloudFormation(members(value)["Value"] ?? null, template)),
    ]);
    const there = Object.entries(module.outputs).map(([id, value]) => [
      id.replaceAll("_", ""),
      textOf(members(value)["description"]),
      plain(canonicalTerraform(members(value)["value"] ?? null, spelling)),
    ]);
    assert.deepEqual(there.sort(), here.sort());
  });
}

test("both run the script that stands in deploy/parent, and give it all that it names", () => {
  const script = readFileSync(new URL("../../deploy/parent/set-up.sh", import.meta.url), "utf8");
  const [both] = BOTH;
  assert.ok(both !== undefined);
  const [text, values] = list(at(both.template.resources, "Parent.Properties.UserData.Fn::Base64.Fn::Sub"));
  assert.equal(text, script);
  assert.deepEqual(values, { Region: { Ref: "AWS::Region" } });
  const userData = textOf(members(both.module.blocks["aws_instance.parent"])["user_data"]);
  assert.ok(userData.includes('"${path.module}/../parent/set-up.sh"'), userData);
  const given = Array.from(userData.matchAll(/^\s*(\w+)\s*=/gm), ([, name = ""]) => name);
  const named = Array.from(script.matchAll(/\$\{(\w+)\}/g), ([, name = ""]) => name);
  assert.deepEqual([...new Set(named)].sort(), given.sort());
});

/** Numbers and booleans as texts; runs of white space as one; a list of one as what is in it. */
function plain(value: Json): string {
  const single = Array.isArray(value) && value.length === 1 ? (value as readonly Json[])[0] : value;
  if (typeof single === "object") return JSON.stringify(single);
  return textOf(single).replaceAll(/\s+/g, " ").trim();
}

function cloudFormationPolicies(template: Template): ReadonlyMap<string, readonly Statement[]> {
  const found = new Map<string, readonly Statement[]>();
  for (const [id, resource] of Object.entries(template.resources)) {
    const properties = members(members(resource)["Properties"]);
    const documents: readonly (readonly [string, Json | undefined])[] = [
      [`${id} trust`, properties["AssumeRolePolicyDocument"]],
      [`${id} policy`, properties["PolicyDocument"] ?? properties["KeyPolicy"]],
      ...list(properties["Policies"]).map(
        (policy) =>
          [`${id} ${textOf(members(policy)["PolicyName"])}`, members(policy)["PolicyDocument"]] as const,
      ),
    ];
    for (const [place, document] of documents) {
      if (!isMembers(document)) continue;
      const target = textOf(canonicalCloudFormation(properties["Bucket"] ?? null, template));
      const name = target === "null" ? place : `${target} policy`;
      found.set(name, fromDocument(canonicalCloudFormation(document, template)));
    }
  }
  return found;
}

function terraformPolicies(
  { blocks }: Module,
  spelling: Spelling,
): ReadonlyMap<string, readonly Statement[]> {
  const found = new Map<string, readonly Statement[]>();
  for (const [address, value] of Object.entries(blocks)) {
    const block = members(value);
    const id = spelling.resources[address] ?? address;
    const role = textOf(canonicalTerraform(block["role"] ?? null, spelling)).replace(/<(.*)\.Ref>/, "$1");
    const target = textOf(canonicalTerraform(block["bucket"] ?? null, spelling));
    const place = address.startsWith("aws_iam_role_policy.")
      ? `${role} ${textOf(block["name"])}`
      : address.startsWith("aws_s3_bucket_policy.")
        ? `${target} policy`
        : `${id} policy`;
    for (const [name, document] of [
      [`${id} trust`, block["assume_role_policy"]],
      [place, block["policy"]],
    ] as const) {
      const [, source = ""] = /^\$\{(data\..*)\.json\}$/.exec(textOf(document ?? "")) ?? [];
      if (source === "") continue;
      found.set(name, fromBlocks(canonicalTerraform(blocks[source] ?? null, spelling) as Members));
    }
  }
  return found;
}
