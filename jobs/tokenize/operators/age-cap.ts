// age_cap: ages in whole years, those above the oldest all as one more than it.
import type { Field } from "../../../core/text/field.ts";
import { KEYLESS } from "../operator.ts";
import type { NumberKernel, Operator } from "../operator.ts";
import { FATE } from "../text-column.ts";

/** Nobody is older. */
const MAX_AGE = 130;
/** 45 CFR 164.514(b)(2)(i)(C). */
const OLDEST = 89;

export interface AgeCapParameters {
  readonly oldest: number;
}

export const AGE_CAP: Operator<AgeCapParameters, NumberKernel> = {
  name: "age_cap",
  takes: "number",
  gives: "number",
  parse(parameters: Field) {
    return { oldest: parameters.record([], ["oldest"]).oldest?.integer(1, OLDEST) ?? OLDEST };
  },
  traits: () => KEYLESS,
  make({ oldest }) {
    return {
      takes: "number",
      gives: "number",
      /** Fate: `range` below 0, above 130, and for what is no number. */
      tokenize(ages, fates) {
        const given = new Int32Array(ages.length);
        for (let row = 0; row < ages.length; row++) {
          if (fates[row] !== FATE.done) continue;
          const age = ages[row] ?? 0;
          if (age >= 0 && age <= MAX_AGE) given[row] = Math.min(Math.floor(age), oldest + 1);
          else fates[row] = FATE.range;
        }
        return given;
      },
    };
  },
};
