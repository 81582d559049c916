// pan: payment card numbers, in one of three forms of which none is a card number.
import type { Field } from "../../../core/text/field.ts";
import { demandMaster, REVERSIBLE } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { PanBin } from "../pan-bin.ts";
import { PanLast4 } from "../pan-last4.ts";

const KEEP = ["last4", "bin6last4", "bin8last4"] as const;

export interface PanParameters {
  /** Which digits stay. */
  readonly keep: (typeof KEEP)[number];
}

export const PAN: Operator<PanParameters, TextKernel> = {
  name: "pan",
  takes: "text",
  gives: "text",
  parse(parameters: Field) {
    return { keep: parameters.record(["keep"]).keep.oneOf(KEEP) };
  },
  traits: () => REVERSIBLE,
  make({ keep }, master) {
    const key = demandMaster(master);
    const parameters = { canonical: "digits", keep };
    if (keep === "last4") return new PanLast4(key, parameters);
    return new PanBin(key, keep === "bin6last4" ? 6 : 8, parameters);
  },
};
