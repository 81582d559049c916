// Days since 1970-01-01 in the Gregorian calendar, without a clock or a time zone.

/** 0001-01-01 and 9999-12-31: what dates are written with four digits a year. */
export const FIRST_DAY = -719_162;
export const LAST_DAY = 2_932_896;

const DAYS_TO_1970 = 719_468;
const ERA_DAYS = 146_097;
const ERA_YEARS = 400;
const DAYS_A_WEEK = 7;
const DAY_MILLISECONDS = 86_400_000;

/** A day as one number: 16 · 32 years, 32 months of 1 to 12, days of 1 to 31. */
export function civilOf(day: number): number {
  // By eras of 400 years that begin on 1 March, so that a leap day is the last of its year.
  const shifted = day + DAYS_TO_1970;
  const era = Math.floor(shifted / ERA_DAYS);
  const inEra = shifted - era * ERA_DAYS;
  const leaps = Math.floor(inEra / 1460) - Math.floor(inEra / 36_524) + Math.floor(inEra / 146_096);
  const year = Math.floor((inEra - leaps) / 365);
  const inYear = inEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  // Months from March on have 31, 30, 31, 30, 31 days, and again.
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const date = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return (era * ERA_YEARS + year + (month <= 2 ? 1 : 0)) * 512 + month * 32 + date;
}

export function yearOf(day: number): number {
  return Math.floor(civilOf(day) / 512);
}

/** 1 to 12. */
export function monthOf(day: number): number {
  return (civilOf(day) >> 5) & 15;
}

/** 1 to 31. */
export function dateOf(day: number): number {
  return civilOf(day) & 31;
}

/** The day of a date; months past December are those of later years. */
export function dayOf(year: number, month: number, date: number): number {
  const months = year * 12 + month - 3;
  const marchYear = Math.floor(months / 12);
  const fromMarch = months - 12 * marchYear;
  const leaps = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return 365 * marchYear + leaps + Math.floor((153 * fromMarch + 2) / 5) + date - 1 - DAYS_TO_1970;
}

/** 1 on Mondays to 7 on Sundays. */
export function weekdayOf(day: number): number {
  const fromMonday = (day + 3) % DAYS_A_WEEK;
  return (fromMonday < 0 ? fromMonday + DAYS_A_WEEK : fromMonday) + 1;
}

/** ISO 8601: the week of a year's first Thursday is its first. */
export function weekOf(day: number): number {
  const thursday = day - weekdayOf(day) + 4;
  return Math.floor((thursday - dayOf(yearOf(thursday), 1, 1)) / DAYS_A_WEEK) + 1;
}

/** 2026-11-30; undefined for a day that is not written with four digits of year. */
export function formatDay(day: number): string | undefined {
  if (day < FIRST_DAY || day > LAST_DAY) return undefined;
  return new Date(day * DAY_MILLISECONDS).toISOString().slice(0, 10);
}
