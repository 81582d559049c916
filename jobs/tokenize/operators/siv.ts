// siv: AES-SIV. Reversible, authenticated, of any length; the operator to take where nothing asks for a format.
import type { Field } from "../../../core/text/field.ts";
import { BASE64URL } from "../byte-text.ts";
import { CANONICAL_FORMS, canonicalize } from "../canonical.ts";
import type { CanonicalForm } from "../canonical.ts";
import { demandMaster, reversibleIn } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { SivColumn } from "../siv-column.ts";

export interface SivParameters {
  readonly canonical: CanonicalForm;
}

export const SIV: Operator<SivParameters, TextKernel> = {
  name: "siv",
  takes: "text",
  gives: "text",
  parse: parseCanonical,
  traits: ({ canonical }) => reversibleIn(canonical),
  make({ canonical }, master) {
    const use = { operator: "siv", part: "value", parameters: { canonical } };
    const column = new SivColumn(demandMaster(master), use, BASE64URL);
    return {
      takes: "text",
      gives: "text",
      tokenize: (texts, fates) => column.seal(canonicalize(canonical, texts, fates), fates),
      reveal: (tokens, fates) => column.open(tokens, fates),
    };
  },
};

/** `canonical`, which is `trim` where nothing is said. */
export function parseCanonical(parameters: Field): { readonly canonical: CanonicalForm } {
  const { canonical } = parameters.record([], ["canonical"]);
  return { canonical: canonical?.oneOf(CANONICAL_FORMS) ?? "trim" };
}
