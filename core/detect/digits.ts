// The digits of a value, whatever stands between them: as one number, their check digit by Luhn (ISO/IEC 7812-1 Annex B).
import { isDigit } from "./ascii.ts";

/** Exact up to 15 digits. */
export function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (isDigit(byte)) number = number * 10 + (byte - 0x30);
  }
  return number;
}

export function countDigits(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (isDigit(bytes[at] ?? 0)) count++;
  return count;
}

/** The sum of the digits, every second one from the right but one doubled and its digits added. */
export function luhnSum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let doubles = 0;
  for (let at = end - 1; at >= start; at--) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) continue;
    const added = digit << doubles;
    sum += added > 9 ? added - 9 : added;
    doubles ^= 1;
  }
  return sum;
}

/** Whether all digits are the same; true of none. */
export function isOneDigit(bytes: Uint8Array, start: number, end: number): boolean {
  let first = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (!isDigit(byte)) continue;
    if (first === 0) first = byte;
    if (byte !== first) return false;
  }
  return true;
}
