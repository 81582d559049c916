// cmac: a keyed hash, AES-256-CMAC of the value behind its length. Not reversible; the fast one.
import { BASE64URL } from "../byte-text.ts";
import { canonicalize } from "../canonical.ts";
import type { CanonicalForm } from "../canonical.ts";
import { CmacColumn } from "../cmac-column.ts";
import { demandMaster, KEYED } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { parseCanonical } from "./siv.ts";

export interface CmacParameters {
  readonly canonical: CanonicalForm;
}

export const CMAC: Operator<CmacParameters, TextKernel> = {
  name: "cmac",
  takes: "text",
  gives: "text",
  parse: parseCanonical,
  traits: () => KEYED,
  make({ canonical }, master) {
    const column = new CmacColumn(demandMaster(master), {
      operator: "cmac",
      part: "value",
      parameters: { canonical },
    });
    return {
      takes: "text",
      gives: "text",
      tokenize: (texts, fates) => column.tokens(canonicalize(canonical, texts, fates), fates, BASE64URL),
    };
  },
};
