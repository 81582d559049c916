// The form of the statements that we print: every principal is one ARN or everybody, and every resource is the key
// that the policy is attached to.

export type Operands = Readonly<Record<string, string | readonly string[]>>;
export type ConditionBlock = Readonly<Record<string, Operands>>;

export interface KeyPolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal: { readonly AWS: string };
  readonly Action: string | readonly string[];
  readonly Resource: "*";
  readonly Condition?: ConditionBlock;
}

/** One value stands alone, as KMS itself prints it. */
export function oneOrList(values: Iterable<string>): string | readonly string[] {
  const list = [...new Set(values)];
  const [only] = list;
  return list.length === 1 && only !== undefined ? only : list;
}
