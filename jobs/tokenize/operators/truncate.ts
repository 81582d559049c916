// truncate: card numbers without their middle, at most as much kept as PCI DSS lets a truncated number keep. Not together
// with a keyed hash of the same number: the two narrow down what is missing.
import type { Field } from "../../../core/text/field.ts";
import { KEYLESS } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { canonicalPans } from "../pan.ts";
import { columnOf, copyBytes, FATE, lengthsOf } from "../text-column.ts";

const STAR = 0x2a;
/** Of 16 digits and more: the first eight and any other four. Of fewer, such as American Express's 15: six and four. */
const LONG = { digits: 16, first: 8, removed: 4 };
const SHORT = { first: 6, removed: 5 };
const MAX_LAST = 4;

export interface TruncateParameters {
  readonly first: number;
  readonly last: number;
}

export const TRUNCATE: Operator<TruncateParameters, TextKernel> = {
  name: "truncate",
  takes: "text",
  gives: "text",
  parse(parameters: Field) {
    const { first, last } = parameters.record([], ["first", "last"]);
    return {
      first: first?.integer(0, LONG.first) ?? SHORT.first,
      last: last?.integer(0, MAX_LAST) ?? MAX_LAST,
    };
  },
  traits: () => KEYLESS,
  make({ first, last }) {
    return {
      takes: "text",
      gives: "text",
      /** Fate: `length` also for a number of which too much would stay. */
      tokenize(texts, fates) {
        const pans = canonicalPans(texts, fates);
        for (let row = 0; row < pans.rows; row++) {
          if (fates[row] !== FATE.done) continue;
          const digits = (pans.offsets[row + 1] ?? 0) - (pans.offsets[row] ?? 0);
          const most = digits >= LONG.digits ? LONG : SHORT;
          if (first > most.first || digits - first - last < most.removed) fates[row] = FATE.length;
        }
        const given = columnOf(lengthsOf(pans, fates));
        for (let row = 0; row < pans.rows; row++) {
          if (fates[row] !== FATE.done) continue;
          const [from, end] = [pans.offsets[row] ?? 0, pans.offsets[row + 1] ?? 0];
          const [to, stop] = [given.offsets[row] ?? 0, given.offsets[row + 1] ?? 0];
          given.bytes.fill(STAR, to, stop);
          copyBytes(pans.bytes, from, from + first, given.bytes, to);
          copyBytes(pans.bytes, end - last, end, given.bytes, stop - last);
        }
        return given;
      },
    };
  },
};
