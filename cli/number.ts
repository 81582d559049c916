// Numbers and times as options give them.
import { usage } from "./fault.ts";

/** A whole number from 1. */
export function parseCount(option: string, text: string): number {
  const value = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw usage(`${option} '${text}' is not a whole number above 0`);
  return value;
}

const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** As parseTime, of something that is made now and has to end later. */
export function parseEnd(option: string, text: string): number {
  const end = parseTime(option, text);
  if (end <= Date.now()) throw usage(`${option} '${text}' is past`);
  return end;
}

/** A day, or a time with its zone, in UTC milliseconds. */
export function parseTime(option: string, text: string): number {
  const value = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(value)) throw usage(`${option} '${text}' is not a time such as 2026-01-31T12:00:00Z`);
  return value;
}
