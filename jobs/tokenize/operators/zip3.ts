// zip3: the first three digits of a US ZIP code; 000 for areas of 20,000 people or fewer (45 CFR 164.514(b)(2)(i)(B)).
import type { Field } from "../../../core/text/field.ts";
import { KEYLESS } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { columnOf, copyBytes, FATE } from "../text-column.ts";
import { canonicalize, isDigit } from "../canonical.ts";
import { RESTRICTED_ZIP3 } from "../restricted-zip3.ts";

const PREFIX = /^[0-9]{3}$/;
const DIGITS = 3;
const DASH = 0x2d;
const ZERO = 0x30;

export interface Zip3Parameters {
  /** Whose figures say which areas are small. */
  readonly census: string;
  /** Areas that are withheld besides, in ascending order. */
  readonly withhold: readonly string[];
}

export const ZIP3: Operator<Zip3Parameters, TextKernel> = {
  name: "zip3",
  takes: "text",
  gives: "text",
  parse(parameters: Field) {
    const { census, withhold } = parameters.record(["census"], ["withhold"]);
    const prefixes = withhold?.list(0, 1000).map((each) => each.matching(PREFIX)) ?? [];
    return { census: census.oneOf([...RESTRICTED_ZIP3.keys()]), withhold: [...new Set(prefixes)].sort() };
  },
  traits: () => KEYLESS,
  make({ census, withhold }) {
    const withheld = new Uint8Array(1000);
    for (const prefix of [...(RESTRICTED_ZIP3.get(census) ?? []), ...withhold]) withheld[Number(prefix)] = 1;
    return {
      takes: "text",
      gives: "text",
      tokenize(texts, fates) {
        const { rows, offsets, bytes } = canonicalize("trim", texts, fates);
        const lengths = new Int32Array(rows);
        for (let row = 0; row < rows; row++) {
          if (fates[row] !== FATE.done) continue;
          if (isZip(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0)) lengths[row] = DIGITS;
          else fates[row] = FATE.form;
        }
        const given = columnOf(lengths);
        for (let row = 0; row < rows; row++) {
          if (fates[row] !== FATE.done) continue;
          const [from, to] = [offsets[row] ?? 0, given.offsets[row] ?? 0];
          let prefix = 0;
          for (let at = from; at < from + DIGITS; at++) prefix = prefix * 10 + (bytes[at] ?? 0) - ZERO;
          if (withheld[prefix] === 1) given.bytes.fill(ZERO, to, to + DIGITS);
          else copyBytes(bytes, from, from + DIGITS, given.bytes, to);
        }
        return given;
      },
    };
  },
};

/** 12345, 123456789 or 12345-6789. */
function isZip(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length !== 5 && length !== 9 && length !== 10) return false;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (length === 10 && at === from + 5 ? byte !== DASH : !isDigit(byte)) return false;
  }
  return true;
}
