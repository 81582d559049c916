// What text of a type looks like. DuckDB's own casts round, drop zones and take spellings of their own, so text has to
// look like its type before a cast counts. The pattern decides, in SQL and here; the scanners before it take the
// spellings that nearly all files use, a few nanoseconds a value, and refuse nothing.
import type { ColumnType } from "../../core/column/type.ts";

/** A regular expression, in the syntax that RE2 and JavaScript share, of whole texts without the blanks around. */
export interface Pattern {
  readonly source: string;
  readonly ignoresCase: boolean;
}

const DATE = "-?[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}";
const TIME = "([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?";
const ZONE = "( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?";
const INTEGER = "[+-]?[0-9]+([.]0*)?";
const FLOAT = "[+-]?(([0-9]+([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?|nan|inf|infinity)";

/** Null for utf8: any text is text. */
export function spellingOf(type: ColumnType): Pattern | null {
  switch (type.kind) {
    case "utf8":
      return null;
    case "bool":
      return { source: "true|false|t|f|yes|no|y|n|1|0", ignoresCase: true };
    case "int":
      return { source: INTEGER, ignoresCase: false };
    case "float":
      return { source: FLOAT, ignoresCase: true };
    case "decimal": {
      const { scale } = type;
      const fraction = `[+-]?([0-9]+([.][0-9]{0,${scale}}0*)?|[.][0-9]{1,${scale}}0*)`;
      return { source: scale === 0 ? INTEGER : fraction, ignoresCase: false };
    }
    case "date":
      return { source: DATE, ignoresCase: false };
    case "timestamp":
      return { source: `${DATE}${TIME}${type.zone === null ? "" : ZONE})?`, ignoresCase: false };
  }
}

/** Whether bytes [start, end) look like the type. */
export type Speller = (bytes: Uint8Array, start: number, end: number) => boolean;

export function spellerOf(type: ColumnType): Speller | null {
  const pattern = spellingOf(type);
  if (pattern === null) return null;
  const common = commonSpelling(type);
  const exact = new RegExp(`^[ \\t]*(${pattern.source})[ \\t]*$`, pattern.ignoresCase ? "i" : "");
  return (bytes, start, end) =>
    common(bytes, start, end) ||
    exact.test(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1"));
}

const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const [BLANK, CAPITAL_T, CAPITAL_Z] = [0x20, 0x54, 0x5a];

/** Where digits from `at` on end. */
function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && ((bytes[at] ?? 0) ^ 0x30) < 10) at += 1;
  return at;
}

/** Digits, with a minus before them and at most so many after a point; each part may lack but its digits not. */
function isNumber(bytes: Uint8Array, start: number, end: number, places: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const whole = skipDigits(bytes, first, end);
  if (whole === first) return false;
  if (whole === end) return true;
  if (bytes[whole] !== POINT || end - whole - 1 > places || end - whole === 1) return false;
  return skipDigits(bytes, whole + 1, end) === end;
}

/** 2020-01-31. */
function isDay(bytes: Uint8Array, start: number): boolean {
  return (
    skipDigits(bytes, start, start + 4) === start + 4 &&
    bytes[start + 4] === MINUS &&
    skipDigits(bytes, start + 5, start + 7) === start + 7 &&
    bytes[start + 7] === MINUS &&
    skipDigits(bytes, start + 8, start + 10) === start + 10
  );
}

/** 23:59:58, and up to six digits after a point. */
function isClock(bytes: Uint8Array, start: number, end: number): boolean {
  if (
    skipDigits(bytes, start, start + 2) !== start + 2 ||
    bytes[start + 2] !== COLON ||
    skipDigits(bytes, start + 3, start + 5) !== start + 5 ||
    bytes[start + 5] !== COLON ||
    skipDigits(bytes, start + 6, start + 8) !== start + 8
  ) {
    return false;
  }
  const seconds = start + 8;
  if (seconds === end) return true;
  const fraction = end - seconds - 1;
  return (
    bytes[seconds] === POINT && fraction >= 1 && fraction <= 6 && skipDigits(bytes, seconds + 1, end) === end
  );
}

/** Some of what the pattern takes, and nothing else. */
function commonSpelling(type: ColumnType): Speller {
  switch (type.kind) {
    case "int":
      return (bytes, start, end) => isNumber(bytes, start, end, 0);
    case "decimal":
      return (bytes, start, end) => isNumber(bytes, start, end, type.scale);
    case "float":
      return (bytes, start, end) => isNumber(bytes, start, end, Infinity);
    case "date":
      return (bytes, start, end) => end - start === 10 && isDay(bytes, start);
    case "timestamp": {
      const isZoned = type.zone !== null;
      return (bytes, start, end) => {
        const last = isZoned && bytes[end - 1] === CAPITAL_Z ? end - 1 : end;
        const between = bytes[start + 10];
        return (
          last - start >= 19 &&
          isDay(bytes, start) &&
          (between === CAPITAL_T || between === BLANK) &&
          isClock(bytes, start + 11, last)
        );
      };
    }
    case "bool":
    case "utf8":
      return () => false;
  }
}
