// The Condition element of a policy statement: its operators, set operators, IfExists and Null, with IAM's rules for
// keys that the request does not have. An operator, a key or a form that is not known here refuses the whole policy.
import type { JsonValue } from "../../core/json.ts";
import { findKeyType, type KeyType } from "./condition-key.ts";
import { malformedPolicy } from "./malformed.ts";
import { matchesArn, matchesPattern } from "./pattern.ts";

/** What is known of a request: by lower-case key. A key that is not there is absent; an empty list is absent too. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

type SetOperator = "one" | "any" | "all";

interface Comparison {
  readonly types: readonly KeyType[];
  readonly isOperand: (operand: string) => boolean;
  readonly matches: (value: string, operand: string) => boolean;
}

export interface Condition {
  readonly key: string;
  readonly operands: readonly string[];
  /** Null asks whether the key is there at all; everything else compares. */
  readonly test: "absence" | Comparison;
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly set: SetOperator;
}

const TEXT = { types: ["string", "arn", "bool", "number", "date"], isOperand: () => true } as const;
const ARN = { types: ["arn"], isOperand: (operand: string) => matchesArn("arn:*:*:*:*:*", operand) } as const;
const NUMBER = {
  types: ["number"],
  isOperand: (operand: string) => /^-?\d{1,15}(\.\d{1,9})?$/.test(operand),
} as const;
const DATE = { types: ["date"], isOperand: (operand: string) => Number.isFinite(readDate(operand)) } as const;

const matchesNumber = (compare: (a: number, b: number) => boolean) => (value: string, operand: string) =>
  compare(Number(value), Number(operand));
const matchesDate = (compare: (a: number, b: number) => boolean) => (value: string, operand: string) =>
  compare(readDate(value), readDate(operand));

// ArnEquals and ArnLike are one: both read wildcards.
const POSITIVE: readonly (readonly [string, Comparison])[] = [
  ["StringEquals", { ...TEXT, matches: (value, operand) => value === operand }],
  ["StringEqualsIgnoreCase", { ...TEXT, matches: (value, operand) => fold(value) === fold(operand) }],
  ["StringLike", { ...TEXT, matches: (value, operand) => matchesPattern(operand, value) }],
  ["ArnEquals", { ...ARN, matches: (value, operand) => matchesArn(operand, value) }],
  ["ArnLike", { ...ARN, matches: (value, operand) => matchesArn(operand, value) }],
  ["Bool", { types: ["bool"], isOperand: isBoolean, matches: (value, operand) => value === operand }],
  ["NumericEquals", { ...NUMBER, matches: matchesNumber((a, b) => a === b) }],
  ["NumericLessThan", { ...NUMBER, matches: matchesNumber((a, b) => a < b) }],
  ["NumericLessThanEquals", { ...NUMBER, matches: matchesNumber((a, b) => a <= b) }],
  ["NumericGreaterThan", { ...NUMBER, matches: matchesNumber((a, b) => a > b) }],
  ["NumericGreaterThanEquals", { ...NUMBER, matches: matchesNumber((a, b) => a >= b) }],
  ["DateEquals", { ...DATE, matches: matchesDate((a, b) => a === b) }],
  ["DateLessThan", { ...DATE, matches: matchesDate((a, b) => a < b) }],
  ["DateLessThanEquals", { ...DATE, matches: matchesDate((a, b) => a <= b) }],
  ["DateGreaterThan", { ...DATE, matches: matchesDate((a, b) => a > b) }],
  ["DateGreaterThanEquals", { ...DATE, matches: matchesDate((a, b) => a >= b) }],
];
const NEGATIVE: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
};
const COMPARISONS: ReadonlyMap<string, Comparison> = new Map(POSITIVE);
const NEGATIONS: ReadonlyMap<string, string> = new Map(Object.entries(NEGATIVE));

/** All conditions of the block; all of them must hold. @throws KEYPOLICY_SYNTAX */
export function parseConditions(block: JsonValue): readonly Condition[] {
  return members(block, "Condition").flatMap(([operator, keys]) =>
    members(keys, operator).map(([key, operands]) => parseCondition(operator, key, operands)),
  );
}

/** Whether a condition holds for a request. */
export function holds(condition: Condition, context: RequestContext): boolean {
  const { test, operands, negated, set } = condition;
  const values = context.get(condition.key) ?? [];
  const isAbsent = values.length === 0;
  if (test === "absence") return operands.includes(String(isAbsent));
  if (isAbsent && condition.ifExists) return true;

  // Several operands are alternatives; under a negation the value must match none of them.
  const passes = (value: string): boolean =>
    operands.some((operand) => test.matches(value, operand)) !== negated;
  if (set === "all") return values.every(passes);
  if (set === "any") return values.some(passes);
  const [value] = values;
  return value === undefined ? negated : passes(value);
}

/** One key under one operator. @throws KEYPOLICY_SYNTAX */
export function parseCondition(operator: string, key: string, operands: JsonValue): Condition {
  const type = findKeyType(key);
  if (type === null) throw malformedPolicy(`condition key ${key} is not known`);
  const parsed = parseOperator(operator);
  const values = parseOperands(operands, key);
  const { test } = parsed;
  if (test === "absence") {
    if (values.length !== 1 || !values.every(isBoolean)) throw malformedPolicy("Null takes true or false");
  } else {
    // Without a set operator IAM does not say which of several values is compared.
    if (type === "list" && parsed.set === "one") {
      throw malformedPolicy(`${key} needs ForAllValues or ForAnyValue`);
    }
    if (!test.types.includes(type === "list" ? "string" : type)) {
      throw malformedPolicy(`${operator} does not compare ${key}`);
    }
    const wrong = values.find((value) => !test.isOperand(value));
    if (wrong !== undefined) throw malformedPolicy(`${operator} cannot compare with this value of ${key}`);
  }
  return { key: key.toLowerCase(), operands: values, ...parsed };
}

/** Whether IAM has the operator, as far as it can compare what requests to KMS have. */
export function isOperator(operator: string): boolean {
  try {
    parseOperator(operator);
    return true;
  } catch {
    return false;
  }
}

function parseOperator(operator: string): Omit<Condition, "key" | "operands"> {
  if (operator === "Null") return { test: "absence", negated: false, ifExists: false, set: "one" };
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operator);
  const [, prefix, name = "", suffix] = match ?? [];
  const positive = NEGATIONS.get(name);
  const test = COMPARISONS.get(positive ?? name);
  if (test === undefined) throw malformedPolicy(`condition operator ${operator} is not known`);
  return {
    test,
    negated: positive !== undefined,
    ifExists: suffix !== undefined,
    set: prefix === undefined ? "one" : prefix === "ForAllValues" ? "all" : "any",
  };
}

function parseOperands(operands: JsonValue, key: string): readonly string[] {
  const list: readonly JsonValue[] = Array.isArray(operands)
    ? (operands as readonly JsonValue[])
    : [operands];
  if (list.length === 0) throw malformedPolicy(`${key} is compared with nothing`);
  return list.map((operand) => {
    if (typeof operand !== "string" && typeof operand !== "boolean" && typeof operand !== "number") {
      throw malformedPolicy(`${key} is compared with something that is no value`);
    }
    const text = String(operand);
    // IAM would put the caller's own attributes in here.
    if (text.includes("${")) throw malformedPolicy(`policy variables are not supported (${key})`);
    return text;
  });
}

function members(value: JsonValue, where: string): readonly (readonly [string, JsonValue])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformedPolicy(`${where} is not an object`);
  }
  const entries = Object.entries(value as Readonly<Record<string, JsonValue>>);
  if (entries.length === 0) throw malformedPolicy(`${where} is empty`);
  return entries;
}

function isBoolean(operand: string): boolean {
  return operand === "true" || operand === "false";
}

function readDate(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
}

// PCRs and the like are ASCII; a wider fold would equate more than IAM does.
function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
