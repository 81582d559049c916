// A key policy as the linter reads it: also one that KMS or owner/policy/document.ts would refuse. What is not
// understood is a finding, and from then on counts for the attacker: an Allow as if it were not restricted by it, a
// Deny as if it never applied.
import { parseJson, type JsonObject, type JsonValue } from "../../core/json.ts";
import { MAX_POLICY_BYTES, type Statement } from "../policy/document.ts";
import { malformedPolicy } from "../policy/malformed.ts";
import { finding, type Finding } from "./finding.ts";
import { describe, isObject } from "./json-shape.ts";
import { readConditions, type ReadCondition } from "./read-condition.ts";
import { readActions, readPrincipals, readResources } from "./read-scope.ts";

export interface ReadStatement {
  readonly index: number;
  /** Sid, or its place for people. */
  readonly name: string;
  readonly effect: "Allow" | "Deny";
  readonly conditions: readonly ReadCondition[];
  /** What of it can be judged; null for a Deny that cannot be counted on. */
  readonly judged: Statement | null;
}

export interface Reading {
  readonly statements: readonly ReadStatement[];
  readonly findings: readonly Finding[];
  /** Of every statement, also one that could not be read. */
  readonly names: readonly string[];
  /** Documented condition keys that were not judged. */
  readonly unjudged: readonly string[];
}

const LIMITS = { bytes: 1024 * 1024, depth: 16, values: 65_536 };
const POLICY_ELEMENTS = ["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS = [
  ...["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"],
  "Condition",
];

/** @throws JSON_* for what is no JSON, KEYPOLICY_SYNTAX for what is no policy at all */
export function readPolicy(text: string): Reading {
  const document = parseJson(text, LIMITS);
  if (!isObject(document)) throw malformedPolicy("it is not an object with Version and Statement");
  const { Version, Statement: entries } = document;
  const list = Array.isArray(entries) ? (entries as readonly JsonValue[]) : [entries];
  const found: Finding[] = [];
  const objects = list.map((entry) => {
    if (!isObject(entry)) throw malformedPolicy("Statement is missing, or has what is no statement");
    return entry;
  });
  if (objects.length === 0) throw malformedPolicy("Statement is empty");
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_POLICY_BYTES) found.push(finding("SIZE", null, `${bytes} of ${MAX_POLICY_BYTES} bytes`));
  if (Version !== "2012-10-17") found.push(finding("VERSION", null, describe(Version)));
  found.push(...unknownElements(document, POLICY_ELEMENTS, null), ...checkSids(objects));
  const read = objects.map((statement, index) => readStatement(statement, index));
  return {
    statements: read.flatMap(({ statement }) => (statement === null ? [] : [statement])),
    names: objects.map(({ Sid }, index) => nameOf(Sid, index)),
    findings: [...found, ...read.flatMap(({ findings }) => findings)],
    unjudged: [...new Set(read.flatMap(({ unjudged }) => unjudged))],
  };
}

interface Outcome {
  readonly statement: ReadStatement | null;
  readonly findings: readonly Finding[];
  readonly unjudged: readonly string[];
}

function readStatement(entry: JsonObject, index: number): Outcome {
  const found: Finding[] = [...unknownElements(entry, STATEMENT_ELEMENTS, index)];
  const { Sid, Effect } = entry;
  if (Effect !== "Allow" && Effect !== "Deny") {
    found.push(finding("ELEMENT", index, `Effect is ${describe(Effect)}`));
    return { statement: null, findings: found, unjudged: [] };
  }
  const principals = readPrincipals(entry, Effect, index);
  const actions = readActions(entry, index);
  const resources = readResources(entry, index);
  const conditions = readConditions(entry["Condition"], index);
  for (const part of [principals, actions, resources, conditions]) found.push(...part.findings);
  const isWhole = [principals, resources, conditions].every((part) => part.isWhole);
  const judged: Statement = {
    sid: nameOf(Sid, index),
    effect: Effect,
    principals: principals.value,
    actions: actions.value,
    resources: ["*"],
    conditions: conditions.value.flatMap(({ judged: condition }) => (condition === null ? [] : [condition])),
  };
  return {
    statement: {
      index,
      name: nameOf(Sid, index),
      effect: Effect,
      conditions: conditions.value,
      judged: Effect === "Allow" || isWhole ? judged : null,
    },
    findings: found,
    unjudged: conditions.unjudged,
  };
}

function unknownElements(
  entry: JsonObject,
  known: readonly string[],
  index: number | null,
): readonly Finding[] {
  return Object.keys(entry)
    .filter((name) => !known.includes(name))
    .map((name) => finding("ELEMENT", index, `${name} is unknown`));
}

function checkSids(statements: readonly JsonObject[]): readonly Finding[] {
  const seen = new Set<JsonValue>();
  return statements.flatMap(({ Sid }, index) => {
    if (Sid === undefined) return [];
    const isGood = typeof Sid === "string" && /^[A-Za-z0-9 _-]*$/.test(Sid) && !seen.has(Sid);
    seen.add(Sid);
    return isGood ? [] : [finding("SID", index, describe(Sid))];
  });
}

function nameOf(sid: JsonValue | undefined, index: number): string {
  return typeof sid === "string" && sid !== "" ? sid : `statement ${index + 1}`;
}
