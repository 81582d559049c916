// Policy documents of both templates in one form, in which two that mean the same are equal: lists sorted, single values
// as lists, names of principals with their kind.
import { isMembers, list, members, textOf } from "./json.ts";
import type { Json, Members } from "./json.ts";

export interface Statement {
  readonly sid: string;
  readonly effect: string;
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  /** `operator key`, to values. */
  readonly conditions: Readonly<Record<string, readonly string[]>>;
}

/** Of a JSON policy document. */
export function fromDocument(document: Json): readonly Statement[] {
  return list(members(document)["Statement"]).map((value) => {
    const statement = members(value);
    const conditions = Object.entries(members(statement["Condition"])).flatMap(([operator, keys]) =>
      Object.entries(members(keys)).map(([key, values]) => [`${operator} ${key}`, texts(values)] as const),
    );
    return order({
      sid: textOf(statement["Sid"] ?? ""),
      effect: textOf(statement["Effect"]),
      principals: readPrincipals(statement["Principal"]),
      actions: texts(statement["Action"]),
      notActions: texts(statement["NotAction"]),
      resources: texts(statement["Resource"]),
      conditions: Object.fromEntries(conditions),
    });
  });
}

/** Of the blocks of an `aws_iam_policy_document`. */
export function fromBlocks(block: Members): readonly Statement[] {
  return list(block["statement"]).map((value) => {
    const statement = members(value);
    const conditions = list(statement["condition"]).map((each) => {
      const { test, variable, values } = members(each);
      return [`${textOf(test)} ${textOf(variable)}`, texts(values)] as const;
    });
    return order({
      sid: textOf(statement["sid"] ?? ""),
      effect: textOf(statement["effect"] ?? "Allow"),
      principals: list(statement["principals"]).flatMap((each) => {
        const { type, identifiers } = members(each);
        return texts(identifiers).map((identifier) =>
          type === "*" ? identifier : `${textOf(type)} ${identifier}`,
        );
      }),
      actions: texts(statement["actions"]),
      notActions: texts(statement["not_actions"]),
      resources: texts(statement["resources"]),
      conditions: Object.fromEntries(conditions),
    });
  });
}

function readPrincipals(value: Json | undefined): readonly string[] {
  if (!isMembers(value)) return texts(value);
  return Object.entries(value).flatMap(([kind, names]) => texts(names).map((name) => `${kind} ${name}`));
}

function texts(value: Json | undefined): readonly string[] {
  return list(value).map(textOf);
}

function order(statement: Statement): Statement {
  const sorted = (values: readonly string[]): readonly string[] => [...values].sort();
  return {
    sid: statement.sid,
    effect: statement.effect,
    principals: sorted(statement.principals),
    actions: sorted(statement.actions),
    notActions: sorted(statement.notActions),
    resources: sorted(statement.resources),
    conditions: Object.fromEntries(
      Object.entries(statement.conditions)
        .map(([name, values]) => [name, sorted(values)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
  };
}
