// Arithmetic over the numbers of one row, as plans and rules have it, and what type it gives. How it is computed is in
// jobs/aggregate/arithmetic-column.ts; whether a job may use it is in check.ts.
import type { ColumnType } from "../column/type.ts";
import type { Field } from "../text/field.ts";
import { scaledDecimal } from "./literal.ts";

export type ArithmeticOp = "+" | "-" | "*" | "/";

/** A column's name, a number, or two of these under an operator. */
export type Arithmetic =
  string | number | { readonly op: ArithmeticOp; readonly of: readonly [Arithmetic, Arithmetic] };

/**
 * Whole numbers of 10^-scale, within 2^53 of them, or float64. What integers and decimals give but by division is
 * exact; whatever a float or a division is part of is float64.
 */
export type ArithmeticType = { readonly kind: "exact"; readonly scale: number } | { readonly kind: "float" };

const OPS: readonly ArithmeticOp[] = ["+", "-", "*", "/"];
/** A finer unit would leave room for no number above nine within 2^53. */
const MAX_SCALE = 15;
const SUM_PRECISION = 38;

/** Nesting is bounded by the document. Throws the field's own code. */
export function parseArithmetic(field: Field): Arithmetic {
  const { value } = field;
  if (typeof value === "string") return field.name();
  if (typeof value === "number") {
    if (literalScale(value) === undefined) throw field.fault("more digits than a number keeps");
    return value;
  }
  const { op, of } = field.record(["op", "of"]);
  const [left, right] = of.list(2, 2).map(parseArithmetic);
  if (left === undefined || right === undefined) throw of.fault("too few");
  return { op: op.oneOf(OPS), of: [left, right] };
}

/** The columns that it is made of, each once. */
export function operandsOf(arithmetic: Arithmetic): ReadonlySet<string> {
  if (typeof arithmetic === "string") return new Set([arithmetic]);
  if (typeof arithmetic === "number") return new Set();
  return new Set(arithmetic.of.flatMap((operand) => [...operandsOf(operand)]));
}

/** Undefined where a column is no number (of one that there is not, `typeOf` gives undefined), or digits are too many. */
export function arithmeticType(
  arithmetic: Arithmetic,
  typeOf: (column: string) => ColumnType | undefined,
): ArithmeticType | undefined {
  if (typeof arithmetic === "string") return leafType(typeOf(arithmetic));
  if (typeof arithmetic === "number") {
    const scale = literalScale(arithmetic);
    return scale === undefined ? undefined : { kind: "exact", scale };
  }
  const [left, right] = arithmetic.of.map((operand) => arithmeticType(operand, typeOf));
  if (left === undefined || right === undefined) return undefined;
  if (left.kind === "float" || right.kind === "float" || arithmetic.op === "/") return { kind: "float" };
  const scale = arithmetic.op === "*" ? left.scale + right.scale : Math.max(left.scale, right.scale);
  return scale > MAX_SCALE ? undefined : { kind: "exact", scale };
}

/** As a column of the result's type. */
export function columnTypeOf(type: ArithmeticType): ColumnType {
  if (type.kind === "float") return { kind: "float", bits: 64 };
  if (type.scale === 0) return { kind: "int", bits: 64, signed: true };
  return { kind: "decimal", precision: SUM_PRECISION, scale: type.scale };
}

/** The digits after a number's point; undefined for one that has more of them, or longer ones, than a double keeps. */
export function literalScale(value: number): number | undefined {
  for (let scale = 0; scale <= MAX_SCALE; scale += 1) {
    const units = scaledDecimal(value, scale);
    if (units !== undefined) return Number.isSafeInteger(Number(units)) ? scale : undefined;
  }
  return undefined;
}

/** Whether two are the same but for the order of what is added and multiplied. */
export function isSameArithmetic(one: Arithmetic, other: Arithmetic): boolean {
  return spelling(one) === spelling(other);
}

/** As people write it; the operands of sums and products in one order. */
function spelling(arithmetic: Arithmetic): string {
  if (typeof arithmetic !== "object") return JSON.stringify(arithmetic);
  const { op, of } = arithmetic;
  const operands = of.map(spelling);
  if (op === "+" || op === "*") operands.sort();
  return `(${operands.join(op)})`;
}

/** As people write it, for messages and reports. Names that are not plain stand in double quotes. */
export function arithmeticText(arithmetic: Arithmetic): string {
  if (typeof arithmetic === "number") return String(arithmetic);
  if (typeof arithmetic === "string") {
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(arithmetic) ? arithmetic : `"${arithmetic.replaceAll('"', '""')}"`;
  }
  const { op, of } = arithmetic;
  const [left, right] = of.map((operand, at) => {
    const text = arithmeticText(operand);
    return needsParentheses(op, operand, at) ? `(${text})` : text;
  });
  return `${left ?? ""} ${op} ${right ?? ""}`;
}

function needsParentheses(op: ArithmeticOp, operand: Arithmetic, at: number): boolean {
  if (typeof operand === "number") return operand < 0;
  if (typeof operand === "string") return false;
  const [own, inner] = [rank(op), rank(operand.op)];
  return inner < own || (inner === own && at === 1);
}

function rank(op: ArithmeticOp): number {
  return op === "+" || op === "-" ? 1 : 2;
}

function leafType(type: ColumnType | undefined): ArithmeticType | undefined {
  switch (type?.kind) {
    case "int":
      return { kind: "exact", scale: 0 };
    case "decimal":
      return type.scale > MAX_SCALE ? undefined : { kind: "exact", scale: type.scale };
    case "float":
      return { kind: "float" };
    default:
      return undefined;
  }
}
