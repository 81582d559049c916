// Constants of a query, as jobs write them: numbers, texts, truth values; dates and times as texts.
import type { A_Const, Node } from "@pgsql/types";
import { literalScale } from "../../core/plan/arithmetic.ts";
import type { Literal } from "../../core/plan/plan.ts";
import { nameText } from "./node.ts";

const TIME_TYPES: readonly string[] = ["date", "timestamp", "timestamptz"];

/** Undefined for what is no constant; null for NULL. */
export function constantOf(node: Node | undefined): Literal | null | undefined {
  if (node === undefined) return undefined;
  if ("A_Const" in node) return plainConstant(node.A_Const);
  if ("TypeCast" in node) {
    const { arg, typeName } = node.TypeCast;
    const value = constantOf(arg);
    const isTime = TIME_TYPES.includes(nameText(typeName?.names));
    return typeof value === "string" && isTime ? timeText(value) : undefined;
  }
  if ("A_Expr" in node && node.A_Expr.lexpr === undefined && nameText(node.A_Expr.name) === "-") {
    const value = constantOf(node.A_Expr.rexpr);
    if (typeof value === "number") return 0 - value;
    return typeof value === "string" && /^[0-9]/.test(value) ? `-${value}` : undefined;
  }
  return undefined;
}

/** The parser leaves out what is 0, false or empty. */
function plainConstant(constant: A_Const): Literal | null | undefined {
  if (constant.isnull === true) return null;
  if (constant.ival !== undefined) return constant.ival.ival ?? 0;
  if (constant.fval !== undefined) return numberOf(constant.fval.fval ?? "0");
  if (constant.boolval !== undefined) return constant.boolval.boolval ?? false;
  if (constant.sval !== undefined) return constant.sval.sval ?? "";
  return undefined;
}

/** A number where a double keeps all its digits, else their text, which is exact. */
function numberOf(digits: string): Literal {
  const value = Number(digits);
  return Number.isFinite(value) && (/[eE]/.test(digits) || literalScale(value) !== undefined)
    ? value
    : digits;
}

/** `2022-01-31 12:00:00` as ISO 8601 has it. */
function timeText(text: string): string {
  return text.replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, "$1T").replace(/\+00(:?00)?$/, "Z");
}
