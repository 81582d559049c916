// Dates of the years 1800 to 2199: ISO 8601 (year-month-day) and the US order (month/day/year, of two digits or four),
// with a time behind them. Left out: months by name, day first, digits without separators.
import { peek, digitsEnd, isDigit, isWordOver, upperCase } from "./ascii.ts";
import { clockEnd } from "./clock.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, DetectorName, Opening, Verdict } from "./detector.ts";

const DASH = 0x2d;
const SLASH = 0x2f;
const SPACE = 0x20;
const T = 0x54;
const FIRST_YEAR = 1800;
const LAST_YEAR = 2199;
const DAYS = Uint8Array.of(0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);

function isDate(year: number, month: number, day: number): boolean {
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS[month] ?? 0) + (month === 2 && isLeap ? 1 : 0);
}

function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = number * 10 + (bytes[at] ?? 0) - 0x30;
  return number;
}

/** How one order of year, month and day is written. */
interface Order {
  /** The end of what is arranged so, or NONE. */
  shapeEnd(bytes: Uint8Array, at: number, end: number): number;
  isValid(bytes: Uint8Array, start: number, end: number): boolean;
  /** Whether digits of the same row beside it make it none: 1/2/2020/3. */
  readonly isAlone: boolean;
}

const ISO: Order = {
  isAlone: false,
  shapeEnd(bytes, at, end) {
    if (digitsEnd(bytes, at, end, 5) !== at + 4 || peek(bytes, at + 4, end) !== DASH) return NONE;
    if (digitsEnd(bytes, at + 5, end, 3) !== at + 7 || peek(bytes, at + 7, end) !== DASH) return NONE;
    return digitsEnd(bytes, at + 8, end, 2) === at + 10 ? at + 10 : NONE;
  },
  isValid(bytes, start) {
    const [year, month] = [numberIn(bytes, start, start + 4), numberIn(bytes, start + 5, start + 7)];
    return isDate(year, month, numberIn(bytes, start + 8, start + 10));
  },
};

const US: Order = {
  isAlone: true,
  shapeEnd(bytes, at, end) {
    const month = digitsEnd(bytes, at, end, 2);
    const sign = peek(bytes, month, end);
    if (month === at || (sign !== SLASH && sign !== DASH)) return NONE;
    const day = digitsEnd(bytes, month + 1, end, 2);
    if (day === month + 1 || peek(bytes, day, end) !== sign) return NONE;
    const year = digitsEnd(bytes, day + 1, end, 4);
    const digits = year - day - 1;
    return digits === 4 || (digits === 2 && sign === SLASH) ? year : NONE;
  },
  isValid(bytes, start, end) {
    const month = digitsEnd(bytes, start, end, 2);
    const day = digitsEnd(bytes, month + 1, end, 2);
    const year = numberIn(bytes, day + 1, end);
    // Any century of a year of two digits; 29 February is then taken where some century has it.
    const full = end - day - 1 === 4 ? year : 2000 + year;
    return isDate(full, numberIn(bytes, start, month), numberIn(bytes, month + 1, day));
  },
};

/** The end of the date with the time behind it, if there is one. */
function withClock(bytes: Uint8Array, at: number, end: number): number {
  const sign = peek(bytes, at, end);
  if (sign !== SPACE && upperCase(sign) !== T) return at;
  const stop = clockEnd(bytes, at + 1, end);
  if (stop !== NONE && isWordOver(bytes, stop, end)) return stop;
  return at;
}

/** Whether further numbers stand beside `bytes[start, stop)`, behind the separators of a date. */
function isInRow(bytes: Uint8Array, start: number, stop: number, floor: number, end: number): boolean {
  if (start - 2 >= floor && isNeighbour(bytes, start - 1, start - 2, end)) return true;
  return isNeighbour(bytes, stop, stop + 1, end);
}

function isNeighbour(bytes: Uint8Array, sign: number, digit: number, end: number): boolean {
  const byte = peek(bytes, sign, end);
  return (byte === SLASH || byte === DASH) && isDigit(peek(bytes, digit, end));
}

function dateDetector(name: DetectorName, order: Order, leads: readonly number[]): Detector {
  return {
    name,
    chance: 0,
    opens(opening: Opening, run: number): boolean {
      return opening === "digit" && leads.includes(run);
    },
    judge(bytes: Uint8Array, start: number, end: number): Verdict {
      const stop = order.shapeEnd(bytes, start, end);
      if (stop === NONE || withClock(bytes, stop, end) !== end) return VERDICT.other;
      return order.isValid(bytes, start, stop) ? VERDICT.matched : VERDICT.failed;
    },
    endOf(bytes: Uint8Array, at: number, floor: number, end: number): number {
      const stop = order.shapeEnd(bytes, at, end);
      if (stop === NONE || !order.isValid(bytes, at, stop)) return NONE;
      if (order.isAlone && isInRow(bytes, at, stop, floor, end)) return NONE;
      const last = withClock(bytes, stop, end);
      return isWordOver(bytes, last, end) ? last : NONE;
    },
  };
}

export const DATE_ISO: Detector = dateDetector("date_iso", ISO, [4]);
export const DATE_US: Detector = dateDetector("date_us", US, [1, 2]);
