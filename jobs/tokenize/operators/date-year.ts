// date_year: a date to its year. Of dates of birth, those of people who may be 90 or older have one year together.
import type { Field } from "../../../core/text/field.ts";
import { FIRST_DAY, LAST_DAY, yearOf } from "../../calendar.ts";
import { KEYLESS } from "../operator.ts";
import type { DateKernel, Operator } from "../operator.ts";
import { FATE } from "../text-column.ts";

/** 45 CFR 164.514(b)(2)(i)(C): ages over 89, and years that tell them, only as one class of 90 and over. */
const OLDEST = 90;

export interface DateYearParameters {
  /** For dates of birth: in which year ages are told. Null: the dates are others'. */
  readonly asOf: number | null;
}

export const DATE_YEAR: Operator<DateYearParameters, DateKernel> = {
  name: "date_year",
  takes: "date",
  gives: "number",
  parse(parameters: Field) {
    const { asOf } = parameters.record([], ["asOf"]);
    return { asOf: asOf?.integer(1900, 9999) ?? null };
  },
  traits: () => KEYLESS,
  make({ asOf }) {
    const least = asOf === null ? -Infinity : asOf - OLDEST;
    const most = asOf ?? Infinity;
    return {
      takes: "date",
      gives: "number",
      /** Fate: `range` before year 1, after 9999, and for births after `asOf`. */
      tokenize(days, fates) {
        const years = new Int32Array(days.length);
        for (let row = 0; row < days.length; row++) {
          if (fates[row] !== FATE.done) continue;
          const day = days[row] ?? 0;
          const year = yearOf(day);
          if (day < FIRST_DAY || day > LAST_DAY || year > most) fates[row] = FATE.range;
          else years[row] = Math.max(least, year);
        }
        return years;
      },
    };
  },
};
