// One expression, as an owner writes it in the rules: `price * (1 - discount)`.
import type { Arithmetic } from "../../core/plan/arithmetic.ts";
import { Columns } from "./columns.ts";
import { checkMembers } from "./node.ts";
import { readArithmetic } from "./scalar.ts";
import { parseSelect } from "./syntax.ts";

const PREFIX = "SELECT ";

/** Errors: SQL_SYNTAX, SQL_DIALECT. */
export async function readExpression(text: string): Promise<Arithmetic> {
  const { select, source } = await parseSelect(text, PREFIX);
  const refuse = (): never => {
    throw source.refusal(undefined, text, "one expression of columns and numbers under + - * /");
  };
  checkMembers(select, ["targetList", "limitOption", "op"], refuse);
  const [target, another] = select.targetList ?? [];
  if (target === undefined || another !== undefined || !("ResTarget" in target)) return refuse();
  const { val, name } = target.ResTarget;
  if (name !== undefined) return refuse();
  return readArithmetic({ source, columns: new Columns(source, [{ dataset: "", alias: undefined }]) }, val);
}
