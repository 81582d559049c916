// mask: characters to one mask character, but for some at the ends. Tells lengths, and what is kept; joins nothing.
import type { Field } from "../../../core/text/field.ts";
import { KEYLESS } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { eachText, FATE } from "../text-column.ts";

const MAX_KEPT = 64;
/** Where fewer characters would be hidden, all are. */
const MIN_HIDDEN = 4;
/** Printable ASCII that is no letter and no digit, so that a mask reads as one. */
const CHARACTER = /^[!-/:-@[-`{-~]$/;

export interface MaskParameters {
  readonly keepLeft: number;
  readonly keepRight: number;
  readonly character: string;
}

export const MASK: Operator<MaskParameters, TextKernel> = {
  name: "mask",
  takes: "text",
  gives: "text",
  parse(parameters: Field) {
    const { keepLeft, keepRight, character } = parameters.record([], ["keepLeft", "keepRight", "character"]);
    return {
      keepLeft: keepLeft?.integer(0, MAX_KEPT) ?? 0,
      keepRight: keepRight?.integer(0, MAX_KEPT) ?? 0,
      character: character?.matching(CHARACTER) ?? "*",
    };
  },
  traits: () => KEYLESS,
  make({ keepLeft, keepRight, character }) {
    return {
      takes: "text",
      gives: "text",
      tokenize: (texts, fates) =>
        eachText(texts, fates, (text) => {
          const characters = Array.from(text);
          if (characters.length === 0) return FATE.empty;
          const hidden = characters.length - keepLeft - keepRight;
          if (hidden < MIN_HIDDEN) return character.repeat(characters.length);
          const right = characters.slice(keepLeft + hidden);
          return [...characters.slice(0, keepLeft), character.repeat(hidden), ...right].join("");
        }),
    };
  },
};
