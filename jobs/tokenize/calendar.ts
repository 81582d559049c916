// Days since 1970-01-01 in the Gregorian calendar, without a clock or a time zone.

/** 0001-01-01 and 9999-12-31: what dates are written with four digits a year. */
export const FIRST_DAY = -719_162;
export const LAST_DAY = 2_932_896;

const DAYS_TO_1970 = 719_468;
const ERA_DAYS = 146_097;
const ERA_YEARS = 400;
const MARCH_TO_DECEMBER = 306;

/** By eras of 400 years that begin on 1 March, so that a leap day is the last of its year. */
export function yearOf(day: number): number {
  const shifted = day + DAYS_TO_1970;
  const era = Math.floor(shifted / ERA_DAYS);
  const inEra = shifted - era * ERA_DAYS;
  const leaps = Math.floor(inEra / 1460) - Math.floor(inEra / 36_524) + Math.floor(inEra / 146_096);
  const year = Math.floor((inEra - leaps) / 365);
  const inYear = inEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  return era * ERA_YEARS + year + (inYear >= MARCH_TO_DECEMBER ? 1 : 0);
}

/** 2026-11-30; undefined for a day that is not written with four digits of year. */
export function formatDay(day: number): string | undefined {
  if (day < FIRST_DAY || day > LAST_DAY) return undefined;
  return new Date(day * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

const DAY_MILLISECONDS = 86_400_000;
