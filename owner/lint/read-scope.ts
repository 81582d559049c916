// Whom, what and which key a statement is about: Principal, Action, Resource and their negations.
import { findNearest } from "../../core/text/nearest.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isKmsActionPattern, KMS_ACTIONS } from "../policy/action.ts";
import { parsePrincipal, type PrincipalPattern, type Statement } from "../policy/document.ts";
import { finding, type Finding } from "./finding.ts";
import { describe, isObject, listOf } from "./json-shape.ts";

/** A part of a statement. It is whole if nothing of it was left out: only then can a Deny be counted on. */
export interface Part<Value> {
  readonly value: Value;
  readonly isWhole: boolean;
  readonly findings: readonly Finding[];
}

const ANYONE: PrincipalPattern = { kind: "anyone" };

export function readPrincipals(
  entry: JsonObject,
  effect: "Allow" | "Deny",
  index: number,
): Part<readonly PrincipalPattern[]> {
  const { Principal, NotPrincipal } = entry;
  if (NotPrincipal !== undefined) {
    const found = finding("NOT_PRINCIPAL", index, describe(NotPrincipal));
    return { value: [ANYONE], isWhole: false, findings: [found] };
  }
  if (Principal === "*") return { value: [ANYONE], isWhole: true, findings: [] };
  if (!isObject(Principal) || Object.keys(Principal).length === 0) {
    const found = finding("ELEMENT", index, `Principal is ${describe(Principal)}`);
    return { value: [], isWhole: false, findings: [found] };
  }
  const findings: Finding[] = [];
  const value: PrincipalPattern[] = [];
  for (const [kind, named] of Object.entries(Principal)) {
    for (const name of listOf(named)) {
      const principal = kind === "AWS" ? findPrincipal(name) : null;
      if (principal !== null) value.push(principal);
      else findings.push(finding("PRINCIPAL", index, `${kind}: ${describe(name)}`));
      // KMS takes no wildcard in a role's name; whoever writes one means it.
      if (principal === null && effect === "Allow" && typeof name === "string" && /[*?]/.test(name)) {
        value.push(ANYONE);
      }
    }
  }
  return { value, isWhole: findings.length === 0, findings };
}

function findPrincipal(name: JsonValue): PrincipalPattern | null {
  if (typeof name !== "string") return null;
  try {
    return parsePrincipal(name);
  } catch {
    return null;
  }
}

export function readActions(entry: JsonObject, index: number): Part<Statement["actions"]> {
  const { Action, NotAction } = entry;
  const kind = Action === undefined && NotAction !== undefined ? "allBut" : "only";
  const patterns: string[] = [];
  const findings: Finding[] = [];
  if (NotAction !== undefined) findings.push(finding("NOT_ACTION", index, describe(NotAction)));
  if (Action === undefined && NotAction === undefined) {
    findings.push(finding("ELEMENT", index, "Action is missing"));
  }
  for (const name of listOf(kind === "only" ? Action : NotAction)) {
    if (typeof name === "string" && isKmsActionPattern(name)) patterns.push(name);
    else findings.push(finding("ACTION", index, misspelt(name)));
  }
  return { value: { kind, patterns }, isWhole: true, findings };
}

function misspelt(name: JsonValue): string {
  const nearest = typeof name === "string" ? findNearest(name, KMS_ACTIONS) : undefined;
  return `${describe(name)}${nearest === undefined ? "" : ` (${nearest}?)`}`;
}

/** Only the key that the policy is attached to is judged; an Allow for another resource is taken to mean it. */
export function readResources(entry: JsonObject, index: number): Part<null> {
  const { Resource, NotResource } = entry;
  const findings: Finding[] = [];
  if (NotResource !== undefined) findings.push(finding("NOT_RESOURCE", index, describe(NotResource)));
  else if (Resource === undefined) findings.push(finding("ELEMENT", index, "Resource is missing"));
  else if (!listOf(Resource).includes("*")) findings.push(finding("RESOURCE", index, describe(Resource)));
  return { value: null, isWhole: findings.length === 0, findings };
}
