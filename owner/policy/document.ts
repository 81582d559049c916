// A key policy document, from text to what evaluate.ts reads. Strict: an element, a principal or a form that is not
// known refuses the whole document, as a statement that is passed over could be the Deny that mattered. Leaves out
// NotPrincipal, NotResource, service and federated principals, and policy variables.
import { parseJson, type JsonObject, type JsonValue } from "../../core/json.ts";
import { SealroomError } from "../../core/errors.ts";
import { isKmsActionPattern } from "./action.ts";
import { parseConditions, type Condition } from "./condition.ts";
import { malformedPolicy } from "./malformed.ts";
import { splitArn } from "./pattern.ts";

/** KMS takes key policies of at most 32 KiB. */
export const MAX_POLICY_BYTES: number = 32 * 1024;

export type PrincipalPattern =
  | { readonly kind: "anyone" }
  | { readonly kind: "account"; readonly account: string }
  | { readonly kind: "arn"; readonly arn: string };

export interface Statement {
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
  readonly principals: readonly PrincipalPattern[];
  /** Patterns of the actions meant, or of those excepted. */
  readonly actions: { readonly kind: "only" | "allBut"; readonly patterns: readonly string[] };
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Policy {
  readonly statements: readonly Statement[];
}

const POLICY_ELEMENTS = ["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS = ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"];
const LIMITS = { bytes: MAX_POLICY_BYTES, depth: 8, values: 8192 };
const IAM_ARN =
  /^arn:(?:aws|aws-cn|aws-us-gov):(?:iam|sts)::[0-9]{12}:(root$|(?:role|user|assumed-role)\/[^*?$]+$)/;

/** @throws KEYPOLICY_SYNTAX, whose `fault` says what */
export function parsePolicy(text: string): Policy {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) throw malformedPolicy("the policy is longer than 32 KiB");
  // What KMS's own model of the parameter allows.
  if (!/^[\t\n\r\x20-\u00ff]+$/.test(text)) {
    throw malformedPolicy("the policy has characters outside Latin-1");
  }
  const document = asObject(readJson(text), "the policy");
  checkElements(document, POLICY_ELEMENTS);
  // The older language reads `${` literally, so one text would mean two things.
  if (document["Version"] !== "2012-10-17") throw malformedPolicy("Version must be 2012-10-17");
  if (document["Id"] !== undefined && typeof document["Id"] !== "string") {
    throw malformedPolicy("Id is not text");
  }
  const statements = asList(document["Statement"], "Statement").map((entry) =>
    parseStatement(asObject(entry, "a statement")),
  );
  const sids = statements.flatMap(({ sid }) => (sid === null ? [] : [sid]));
  if (new Set(sids).size !== sids.length) throw malformedPolicy("two statements have the same Sid");
  return { statements };
}

function parseStatement(statement: JsonObject): Statement {
  checkElements(statement, STATEMENT_ELEMENTS);
  const { Sid, Effect, Condition: conditions } = statement;
  if (Sid !== undefined && (typeof Sid !== "string" || !/^[A-Za-z0-9 _-]*$/.test(Sid))) {
    throw malformedPolicy("Sid is malformed");
  }
  if (Effect !== "Allow" && Effect !== "Deny") throw malformedPolicy("Effect must be Allow or Deny");
  return {
    sid: Sid ?? null,
    effect: Effect,
    principals: parsePrincipals(statement["Principal"]),
    actions: parseActions(statement["Action"], statement["NotAction"]),
    resources: asTexts(statement["Resource"], "Resource").map(parseResource),
    conditions: conditions === undefined ? [] : parseConditions(conditions),
  };
}

function parsePrincipals(value: JsonValue | undefined): readonly PrincipalPattern[] {
  if (value === "*") return [{ kind: "anyone" }];
  const principals = asObject(value, "Principal");
  checkElements(principals, ["AWS"]);
  return asTexts(principals["AWS"], "Principal").map(parsePrincipal);
}

/** An ARN of a role, user or session, an account, or `*`. @throws KEYPOLICY_SYNTAX */
export function parsePrincipal(text: string): PrincipalPattern {
  if (text === "*") return { kind: "anyone" };
  if (/^[0-9]{12}$/.test(text)) return { kind: "account", account: text };
  const resource = IAM_ARN.exec(text)?.[1];
  const account = splitArn(text)?.[4];
  if (resource === undefined || account === undefined) throw malformedPolicy("a principal is not known");
  return resource === "root" ? { kind: "account", account } : { kind: "arn", arn: text };
}

function parseActions(only: JsonValue | undefined, allBut: JsonValue | undefined): Statement["actions"] {
  if ((only === undefined) === (allBut === undefined)) {
    throw malformedPolicy("a statement has either Action or NotAction");
  }
  const patterns = asTexts(only ?? allBut, "Action");
  const unknown = patterns.find((pattern) => !isKmsActionPattern(pattern));
  if (unknown !== undefined) throw malformedPolicy(`KMS has no action ${unknown}`);
  return { kind: only === undefined ? "allBut" : "only", patterns };
}

function parseResource(resource: string): string {
  if (resource !== "*" && splitArn(resource) === null) {
    throw malformedPolicy("Resource is neither * nor an ARN");
  }
  if (resource.includes("${")) throw malformedPolicy("policy variables are not supported");
  return resource;
}

function readJson(text: string): JsonValue {
  try {
    return parseJson(text, LIMITS);
  } catch (error) {
    if (error instanceof SealroomError) {
      throw malformedPolicy(`the policy is not strict JSON (${error.code})`);
    }
    throw error;
  }
}

function checkElements(object: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name));
  if (unknown !== undefined) throw malformedPolicy(`element ${unknown} is not known`);
}

function asObject(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformedPolicy(`${what} is not an object`);
  }
  return value as JsonObject;
}

/** One value may stand for a list of one. */
function asList(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : value === undefined ? [] : [value];
  if (list.length === 0) throw malformedPolicy(`${what} is missing or empty`);
  return list;
}

function asTexts(value: JsonValue | undefined, what: string): readonly string[] {
  return asList(value, what).map((entry) => {
    if (typeof entry !== "string" || entry === "") throw malformedPolicy(`${what} is not text`);
    return entry;
  });
}
