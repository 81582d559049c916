// Numbers out of text without silent loss: what a double cannot hold is refused, not rounded away.

const SYNTAX = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
/** The longest shortest form of a double, 17 digits with sign, point and exponent, fits with room for zeros. */
const MAX_NUMBER_CHARS = 64;
/** From here on RFC 8785 writes an exponent, so that the value reads back as a float and not as an integer. */
const EXPONENT_FROM = 1e21;

/**
 * The value of a JSON number; "syntax" if it is none, "range" if a double does not hold it: an integer past 2^53 - 1
 * (in whatever notation, below 1e21), more than 17 digits, infinity, or a non-zero that becomes zero. -0 is 0.
 */
export function parseNumber(text: string): number | "syntax" | "range" {
  if (text.length > MAX_NUMBER_CHARS) return "range";
  const parts = SYNTAX.exec(text);
  if (parts === null) return "syntax";
  const value = Number(text);
  const isIntegerText = parts[2] === undefined && parts[3] === undefined;
  if (!Number.isFinite(value)) return "range";
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    if (isIntegerText || Math.abs(value) < EXPONENT_FROM) return "range";
  }
  const digits = `${parts[1] ?? ""}${(parts[2] ?? "").slice(1)}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant.length > 17 || (value === 0 && significant !== "")) return "range";
  return value === 0 ? 0 : value;
}
