// A Terraform module, parsed by HashiCorp's own HCL parser, its references spelt as those of the CloudFormation template.
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "@cdktf/hcl2json";
import { isMembers, list, members } from "./json.ts";
import type { Json, Members } from "./json.ts";

export interface Module {
  /** By name. */
  readonly variables: Members;
  readonly outputs: Members;
  readonly locals: Members;
  /** `aws_s3_bucket.data` to its arguments and blocks; data sources as `data.aws_...`. */
  readonly blocks: Members;
}

export async function readModule(folder: string): Promise<Module> {
  const place = new URL(`../../deploy/${folder}/`, import.meta.url);
  const files = readdirSync(place).filter((name) => name.endsWith(".tf"));
  const parsed = await Promise.all(
    files.map(async (name) => (await parse(name, readFileSync(new URL(name, place), "utf8"))) as Members),
  );
  return mergeFiles(parsed);
}

export async function parseModule(text: string): Promise<Module> {
  return mergeFiles([(await parse("module.tf", text)) as Members]);
}

function mergeFiles(files: readonly Members[]): Module {
  const collect = (kind: string): Members =>
    Object.fromEntries(
      files.flatMap((file) =>
        Object.entries(members(file[kind])).map(([name, blocks]) => [name, list(blocks)[0] ?? null] as const),
      ),
    );
  return {
    variables: collect("variable"),
    outputs: collect("output"),
    locals: Object.assign({}, ...files.flatMap((file) => list(file["locals"]))) as Members,
    blocks: Object.fromEntries(
      files.flatMap((file) => [
        ...flatten(members(file["resource"]), ""),
        ...flatten(members(file["data"]), "data."),
      ]),
    ),
  };
}

function flatten(kinds: Members, prefix: string): readonly (readonly [string, Json])[] {
  return Object.entries(kinds).flatMap(([type, named]) =>
    Object.entries(members(named)).map(
      ([name, blocks]) => [`${prefix}${type}.${name}`, list(blocks)[0] ?? null] as const,
    ),
  );
}

/** Every reference in a value's expressions: `aws_vpc.main.id`, `var.name`. */
export function expressions(value: Json): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(expressions);
  if (isMembers(value)) return Object.values(value).flatMap(expressions);
  if (typeof value !== "string") return [];
  return Array.from(value.matchAll(/\$\{((?:[^{}]|\{[^{}]*\})*)\}/g), ([, found = ""]) => found).flatMap(
    (expression) =>
      Array.from(
        expression
          .replaceAll(/\\?"(?:\$\{path\.module\})?[^"]*"/g, "")
          .matchAll(/\b(?:data\.)?[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+/g),
        ([found]) => found,
      ),
  );
}

export interface Spelling {
  /** `aws_s3_bucket.data` to `DataBucket`. */
  readonly resources: Readonly<Record<string, string>>;
  /** `image_parameter` to `ImageId`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The value with its references spelt as CloudFormation's. */
export function canonical(value: Json, spelling: Spelling): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => canonical(item, spelling));
  if (isMembers(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, canonical(item, spelling)]));
  }
  if (typeof value !== "string") return value;
  return (
    value
      .replaceAll(/\$\{([a-z][a-z0-9_.]*)\}/g, (whole, found: string) => spell(found, spelling) ?? whole)
      // CloudFormation's ARN of a log group has the streams in it.
      .replaceAll(".ArnWithoutStreams>:*", ".Arn>")
  );
}

/** What CloudFormation gives by `Ref`, apart from ids and names. */
const REF: Readonly<Record<string, string>> = { "aws_sns_topic.arn": "Ref" };
const ATTRIBUTES: Readonly<Record<string, string>> = { arn: "Arn", id: "Ref", name: "Ref", json: "json" };

function spell(found: string, { resources, variables }: Spelling): string | null {
  const parts = found.split(".");
  const [first = "", second = ""] = parts;
  if (first === "local") return `<${second}>`;
  if (first === "var") return variables[second] === undefined ? null : `<param ${variables[second]}>`;
  const attribute = parts.at(-1) ?? "";
  const address = parts.slice(0, -1).join(".");
  const id = resources[address];
  const kind = REF[`${first}.${attribute}`] ?? ATTRIBUTES[attribute];
  if (id === undefined || kind === undefined) return null;
  const suffix = first === "aws_cloudwatch_log_group" && kind === "Arn" ? "WithoutStreams" : "";
  return `<${id}.${kind}${suffix}>`;
}
