// Literals of a job, typed by the column they are held against. Exact: what the type cannot hold is no literal of it.
import type { ColumnType } from "../column/type.ts";
import { canonicalText } from "../json.ts";
import type { Literal } from "./plan.ts";

/**
 * A value in the column's physical unit: `integer` for int (as it is), decimal (unscaled, at the column's scale),
 * date (days since 1970) and timestamp (microseconds since 1970).
 */
export type TypedLiteral =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "utf8"; readonly value: string };

/** Digits that every decimal fraction keeps in a double; longer ones have to be strings. */
const DOUBLE_DIGITS = 15;
const MS_A_DAY = 86_400_000;
const INTEGER = /^-?(0|[1-9][0-9]{0,38})$/;
const DECIMAL = /^(-?)(0|[1-9][0-9]{0,38})(?:\.([0-9]{1,38}))?(?:e([+-][0-9]{1,3}))?$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const TIME = /^T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,6}))?(Z?)$/;

/**
 * The typed literal, or undefined when it is none of the type:
 * bool: true or false. int: a number in the type's range; a string only past 2^53, where a number is none.
 * float: a number. decimal: a number of at most 15 digits, or a string like "-12.50". utf8: a string.
 * date: "2026-11-23". timestamp: "2026-11-23" or "2026-11-23T10:00:00.25", with a Z where the type has a zone.
 */
export function typedLiteral(literal: Literal, type: ColumnType): TypedLiteral | undefined {
  switch (type.kind) {
    case "bool":
      return typeof literal === "boolean" ? { kind: "bool", value: literal } : undefined;
    case "float":
      return typeof literal === "number" ? { kind: "float", value: literal } : undefined;
    case "utf8":
      return typeof literal === "string" ? { kind: "utf8", value: literal } : undefined;
    case "int":
      return integer(inRange(wholeNumber(literal), intRange(type.bits, type.signed)));
    case "decimal":
      return integer(inRange(scaledDecimal(literal, type.scale), decimalRange(type.precision)));
    case "date":
      return typeof literal === "string" ? integer(days(literal)) : undefined;
    case "timestamp":
      return typeof literal === "string" ? integer(micros(literal, type.zone !== null)) : undefined;
  }
}

/** How literals of the type are written, in words for whoever wrote another one. */
export function literalForm(type: ColumnType): string {
  switch (type.kind) {
    case "bool":
      return "true or false";
    case "float":
      return "a number";
    case "utf8":
      return "a text, in quotes where it looks like a number, a date or true";
    case "int": {
      const [least, most] = intRange(type.bits, type.signed);
      return `a whole number from ${least} to ${most}`;
    }
    case "decimal":
      return `a number of ${type.precision} digits at most, ${type.scale} of them after the point; a text such as "12.50" past ${DOUBLE_DIGITS}`;
    case "date":
      return "a day such as 2022-01-31";
    case "timestamp":
      return `a time such as 2022-01-31T12:00:00${type.zone === null ? "" : "Z"}, or a day such as 2022-01-31`;
  }
}

/**
 * A decimal number times 10^scale, where that is whole; undefined where it is not, or where a double may already
 * have lost digits of it.
 */
export function scaledDecimal(literal: Literal, scale: number): bigint | undefined {
  if (typeof literal === "boolean") return undefined;
  const text = typeof literal === "number" ? canonicalText(literal) : literal;
  const parts = DECIMAL.exec(text);
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent] = parts;
  // An exponent is how a number is printed; nobody writes one in a string.
  if (exponent !== undefined && typeof literal === "string") return undefined;
  const digits = `${whole}${fraction}`;
  if (typeof literal === "number" && !Number.isSafeInteger(literal) && significant(digits) > DOUBLE_DIGITS) {
    return undefined;
  }
  const shift = scale - fraction.length + Number(exponent ?? 0);
  if (shift >= 0) return signed(sign, BigInt(digits) * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  const value = BigInt(digits);
  return value % divisor === 0n ? signed(sign, value / divisor) : undefined;
}

function wholeNumber(literal: Literal): bigint | undefined {
  if (typeof literal === "number") return Number.isSafeInteger(literal) ? BigInt(literal) : undefined;
  if (typeof literal !== "string" || !INTEGER.test(literal)) return undefined;
  const value = BigInt(literal);
  // One value has one spelling, so that a plan's digest does not depend on which was chosen.
  return Number.isSafeInteger(Number(value)) ? undefined : value;
}

function days(text: string): bigint | undefined {
  const parts = DATE.exec(text);
  if (parts === null) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that its month does not have rolls over.
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return BigInt(date.getTime() / MS_A_DAY);
}

function micros(text: string, hasZone: boolean): bigint | undefined {
  const day = days(text.slice(0, 10));
  if (day === undefined) return undefined;
  const midnight = day * BigInt(MS_A_DAY) * 1000n;
  if (text.length === 10) return midnight;
  const parts = TIME.exec(text.slice(10));
  if (parts === null || (parts[5] === "Z") !== hasZone) return undefined;
  const seconds = Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
  return midnight + BigInt(seconds) * 1_000_000n + BigInt((parts[4] ?? "").padEnd(6, "0"));
}

function intRange(bits: number, isSigned: boolean): readonly [bigint, bigint] {
  return isSigned ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n];
}

function decimalRange(precision: number): readonly [bigint, bigint] {
  const end = 10n ** BigInt(precision) - 1n;
  return [-end, end];
}

function inRange(value: bigint | undefined, [least, most]: readonly [bigint, bigint]): bigint | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function integer(value: bigint | undefined): TypedLiteral | undefined {
  return value === undefined ? undefined : { kind: "integer", value };
}

function signed(sign: string, value: bigint): bigint {
  return sign === "-" ? -value : value;
}

function significant(digits: string): number {
  return digits.replace(/^0+|0+$/g, "").length;
}
