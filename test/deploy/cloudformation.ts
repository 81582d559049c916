// A CloudFormation template read as CloudFormation reads it: YAML 1.1 without anchors, its functions by their short tags,
// and each reference given one spelling that Terraform's can be compared with.
import { readFileSync } from "node:fs";
import { parseDocument, visit } from "yaml";
import type { ScalarTag, CollectionTag } from "yaml";
import { isMembers, list, members, textOf } from "./json.ts";
import type { Json, Members } from "./json.ts";

export interface Template {
  readonly parameters: Members;
  /** Logical id to resource, its functions in their long form. */
  readonly resources: Members;
  readonly outputs: Members;
}

const FUNCTIONS = ["GetAtt", "Sub", "Base64", "Select", "GetAZs", "Join"];

function tags(): (ScalarTag | CollectionTag)[] {
  const scalar = (tag: string, resolve: (text: string) => Json): ScalarTag => ({ tag, resolve });
  return [
    scalar("!Ref", (text) => ({ Ref: text })),
    ...FUNCTIONS.map((name) =>
      scalar(`!${name}`, (text) => ({
        [`Fn::${name}`]: name === "GetAtt" ? text.split(/\.(.*)/s).slice(0, 2) : text,
      })),
    ),
  ];
}

export function readTemplate(name: string): Template {
  const text = readFileSync(new URL(`../../deploy/cloudformation/${name}`, import.meta.url), "utf8");
  return parseTemplate(text);
}

export function parseTemplate(text: string): Template {
  const document = parseDocument(text, { customTags: tags(), strict: true, version: "1.2" });
  if (document.errors.length + document.warnings.length > 0) {
    throw new Error([...document.errors, ...document.warnings].map(({ message }) => message).join("\n"));
  }
  // CloudFormation refuses aliases, which YAML resolves unseen.
  visit(document, {
    Alias: (_key, { source }) => {
      throw new Error(`the template has an alias: ${source}`);
    },
  });
  const value = document.toJS() as Json;
  return {
    parameters: members(members(value)["Parameters"]),
    resources: members(members(value)["Resources"]),
    outputs: members(members(value)["Outputs"]),
  };
}

export interface Reference {
  /** Where it stands: `Parent.Properties.UserData`. */
  readonly where: string;
  readonly target: string;
  /** Null for what `Ref` gives. */
  readonly attribute: string | null;
}

/** Everything that a value refers to. */
export function references(value: Json, where: string): readonly Reference[] {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).flatMap((item, index) => references(item, `${where}.${index}`));
  }
  if (!isMembers(value)) return [];
  const [name = "", argument = null] = Object.entries(value)[0] ?? [];
  if (name === "Ref") return [{ where, target: textOf(argument), attribute: null }];
  if (name === "Fn::GetAtt") {
    const [target, attribute] = list(argument);
    return [{ where, target: textOf(target), attribute: textOf(attribute) }];
  }
  if (name === "Fn::Sub") {
    const [text, values] = typeof argument === "string" ? [argument, {}] : list(argument);
    const own = Object.keys(members(values));
    const named = Array.from(textOf(text).matchAll(/\$\{([^}]+)\}/g), ([, found = ""]) => found);
    return [
      ...named
        .filter((found) => !own.includes(found))
        .map((found) => {
          const [target = "", attribute] = found.split(".");
          return { where, target, attribute: attribute ?? null };
        }),
      ...references(values ?? null, where),
    ];
  }
  return Object.entries(value).flatMap(([member, item]) => references(item, `${where}.${member}`));
}

/** The value with every function replaced by its one spelling: `<Data.Arn>`, `<param Name>`, `<region>`. */
export function canonical(value: Json, template: Template): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => canonical(item, template));
  if (!isMembers(value)) return value;
  const [name = "", argument = null] = Object.entries(value)[0] ?? [];
  if (name === "Ref") return spell(textOf(argument), null, template);
  if (name === "Fn::GetAtt") {
    const [target, attribute] = list(argument);
    return spell(textOf(target), textOf(attribute), template);
  }
  if (name === "Fn::Sub") return substitute(argument, template);
  if (name === "Fn::Base64") return canonical(argument, template);
  return Object.fromEntries(
    Object.entries(value).map(([member, item]) => [member, canonical(item, template)]),
  );
}

function substitute(argument: Json, template: Template): string {
  const [text, values] = typeof argument === "string" ? [argument, {}] : list(argument);
  const own = members(values);
  return textOf(text).replaceAll(/\$\{([^}]+)\}/g, (_, found: string) => {
    const given = own[found];
    if (given !== undefined) return textOf(canonical(given, template));
    const [target = "", attribute] = found.split(".");
    return spell(target, attribute ?? null, template);
  });
}

const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Region": "<region>",
  "AWS::Partition": "<partition>",
  "AWS::AccountId": "<account>",
};

function spell(target: string, attribute: string | null, { parameters }: Template): string {
  if (PSEUDO[target] !== undefined) return PSEUDO[target];
  if (parameters[target] !== undefined) return `<param ${target}>`;
  return `<${target}.${attribute ?? "Ref"}>`;
}
