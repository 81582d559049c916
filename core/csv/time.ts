// Days and instants from the bytes of text: 2020-01-31, 2020-01-31T23:59:58.123Z, and the like.
import { CsvFault } from "./fault.ts";

const [BLANK, PLUS, MINUS, POINT, COLON, CAPITAL_T, CAPITAL_Z] = [0x20, 0x2b, 0x2d, 0x2e, 0x3a, 0x54, 0x5a];
const DAY_BYTES = 10;

/** Two digits. */
function pair(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) ^ 0x30;
  const ones = (bytes[at + 1] ?? 0) ^ 0x30;
  if (tens > 9 || ones > 9) throw new CsvFault("value");
  return tens * 10 + ones;
}

const DAYS = Int32Array.of(0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);

/** Days since 1970 of the ten bytes at `start`. @throws CsvFault */
function dayAt(bytes: Uint8Array, start: number): number {
  const year = pair(bytes, start) * 100 + pair(bytes, start + 2);
  const month = pair(bytes, start + 5);
  const day = pair(bytes, start + 8);
  const isLeap = (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = (DAYS[month] ?? 0) + (month === 2 && isLeap ? 1 : 0);
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || day < 1 || day > length) {
    throw new CsvFault("value");
  }
  // Years that begin in March have their leap day at the end: 153 days are five months then.
  const y = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

export function readDay(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== DAY_BYTES) throw new CsvFault("value");
  return dayAt(bytes, start);
}

/** An instant: whole seconds since 1970, and microseconds of the next. */
export interface Instant {
  seconds: number;
  micros: number;
}

/** @param zone "UTC" where text may name a zone, and is in UTC without one */
export function readInstant(
  bytes: Uint8Array,
  start: number,
  end: number,
  zone: "UTC" | null,
  into: Instant,
): void {
  if (end - start < DAY_BYTES) throw new CsvFault("value");
  into.seconds = dayAt(bytes, start) * 86_400;
  into.micros = 0;
  if (end - start === DAY_BYTES) return;
  const between = bytes[start + DAY_BYTES];
  const clock = start + DAY_BYTES + 1;
  if ((between !== CAPITAL_T && between !== BLANK) || end - clock < 8) throw new CsvFault("value");
  const hours = pair(bytes, clock);
  const minutes = pair(bytes, clock + 3);
  const seconds = pair(bytes, clock + 6);
  if (bytes[clock + 2] !== COLON || bytes[clock + 5] !== COLON) throw new CsvFault("value");
  if (hours > 23 || minutes > 59 || seconds > 59) throw new CsvFault("value");
  into.seconds += hours * 3_600 + minutes * 60 + seconds;
  const rest = readFraction(bytes, clock + 8, end, into);
  if (rest === end) return;
  if (zone === null) throw new CsvFault("value");
  into.seconds -= readOffset(bytes, rest, end);
}

/** Up to six digits after a point. Returns where they end. */
function readFraction(bytes: Uint8Array, start: number, end: number, into: Instant): number {
  if (start === end || bytes[start] !== POINT) return start;
  let at = start + 1;
  let weight = 100_000;
  for (; at < end; at += 1, weight /= 10) {
    const digit = (bytes[at] ?? 0) ^ 0x30;
    if (digit > 9) break;
    if (weight < 1) throw new CsvFault("value");
    into.micros += digit * weight;
  }
  if (at === start + 1) throw new CsvFault("value");
  return at;
}

/** Seconds east of UTC: Z, +02:00 or +02. */
function readOffset(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 1 && bytes[start] === CAPITAL_Z) return 0;
  const sign = bytes[start] === PLUS ? 1 : bytes[start] === MINUS ? -1 : 0;
  const hasMinutes = end - start === 6 && bytes[start + 3] === COLON;
  if (sign === 0 || (end - start !== 3 && !hasMinutes)) throw new CsvFault("value");
  const hours = pair(bytes, start + 1);
  const minutes = hasMinutes ? pair(bytes, start + 4) : 0;
  if (hours > 15 || minutes > 59) throw new CsvFault("value");
  return sign * (hours * 3_600 + minutes * 60);
}

/** Microseconds since 1970 as 64 bits. */
export function putMicros({ seconds, micros }: Instant, words: Int32Array, at: number): void {
  // 10^6 is 64 * 15625, so 2^26 seconds are 15625 * 2^32 microseconds, and those of the rest are exact in a double.
  const high = Math.floor(seconds / 0x400_0000);
  const rest = seconds - high * 0x400_0000;
  const low = rest * 1_000_000 + micros;
  const carried = Math.floor(low / 0x1_0000_0000);
  words[at] = (low - carried * 0x1_0000_0000) | 0;
  words[at + 1] = high * 15_625 + carried;
}
