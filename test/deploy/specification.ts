// CloudFormation's own description of its resources, as AWS publishes it for its CDK: which properties a resource has,
// which are required, of which types and values.
import { loadAwsServiceSpecSync } from "@aws-cdk/aws-service-spec";
import type { Property, PropertyType } from "@aws-cdk/service-spec-types";
import { isMembers, members, textOf } from "./json.ts";
import type { Json, Members } from "./json.ts";

const database = loadAwsServiceSpecSync();

/** What is wrong with a resource, each with its place. */
export function findFaults(id: string, resource: Members): readonly string[] {
  const [found] = database.lookup("resource", "cloudFormationType", "equals", textOf(resource["Type"]));
  if (found === undefined) return [`${id}: no such type ${textOf(resource["Type"])}`];
  const others = Object.keys(resource).filter((name) => !RESOURCE_MEMBERS.includes(name));
  return [
    ...others.map((name) => `${id}: no such member ${name}`),
    ...findMemberFaults(id, members(resource["Properties"]), found.properties),
  ];
}

/** Whether `!GetAtt` knows it. */
export function hasAttribute(type: string, attribute: string): boolean {
  const [found] = database.lookup("resource", "cloudFormationType", "equals", type);
  return found?.attributes[attribute] !== undefined;
}

const RESOURCE_MEMBERS = ["Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"];

function findMemberFaults(
  where: string,
  values: Members,
  properties: Readonly<Record<string, Property>>,
): readonly string[] {
  const missing = Object.entries(properties)
    .filter(([name, { required }]) => required === true && values[name] === undefined)
    .map(([name]) => `${where}: lacks ${name}`);
  return [
    ...missing,
    ...Object.entries(values).flatMap(([name, value]) => {
      const property = properties[name];
      return property === undefined
        ? [`${where}: no such property ${name}`]
        : findTypeFaults(`${where}.${name}`, value, property.type);
    }),
  ];
}

function findTypeFaults(where: string, value: Json, type: PropertyType): readonly string[] {
  // What a function gives is known when the stack is made.
  if (isMembers(value) && /^(Ref|Fn::)/.test(Object.keys(value)[0] ?? "")) return [];
  switch (type.type) {
    case "ref": {
      const { properties } = database.get("typeDefinition", type.reference);
      return isMembers(value) ? findMemberFaults(where, value, properties) : [`${where}: not an object`];
    }
    case "array":
      if (!Array.isArray(value)) return [`${where}: not a list`];
      return (value as readonly Json[]).flatMap((item, index) =>
        findTypeFaults(`${where}.${index}`, item, type.element),
      );
    case "map":
      if (!isMembers(value)) return [`${where}: not a map`];
      return Object.entries(value).flatMap(([name, item]) =>
        findTypeFaults(`${where}.${name}`, item, type.element),
      );
    case "union": {
      const faults = type.types.map((each) => findTypeFaults(where, value, each));
      return faults.some((each) => each.length === 0) ? [] : (faults[0] ?? []);
    }
    case "tag":
      return isMembers(value) && typeof value["Key"] === "string" && value["Value"] !== undefined
        ? []
        : [`${where}: not a tag`];
    case "json":
      return isMembers(value) || typeof value === "string" ? [] : [`${where}: not an object`];
    case "boolean":
      return typeof value === "boolean" ? [] : [`${where}: not a boolean`];
    case "integer":
    case "number":
      return typeof value === "number" ? [] : [`${where}: not a number`];
    case "string":
      if (typeof value !== "string") return [`${where}: not a text`];
      return type.allowedValues === undefined || type.allowedValues.includes(value)
        ? []
        : [`${where}: '${value}' is none of ${type.allowedValues.join(", ")}`];
    default:
      return [];
  }
}
