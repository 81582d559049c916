// ff1: values of an alphabet to values of the same alphabet and length. With a template, what is no place of it stays
// where it stands. Reversible, not authenticated: any text of the right form reveals to something.
import type { Field } from "../../../core/text/field.ts";
import { Alphabet } from "../../../core/token/alphabet.ts";
import { MIN_DOMAIN } from "../../../core/token/ff1.ts";
import { CANONICAL_FORMS, canonicalize } from "../canonical.ts";
import type { CanonicalForm } from "../canonical.ts";
import type { Direction } from "../ff1-column.ts";
import { ff1Tokens, makeFf1Column } from "../ff1-text.ts";
import { demandMaster, reversibleIn } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { Template } from "../template.ts";
import type { TextColumn } from "../text-column.ts";

const PRINTABLE = /^[\x20-\x7e]{2,95}$/;
const TEMPLATE = /^[\x20-\x7e]{1,255}$/;

export interface Ff1Parameters {
  /** Two to 95 printable ASCII characters: the one at place i stands for i. */
  readonly alphabet: string;
  /** `#` for each place of the alphabet's; every other character stands for itself. */
  readonly template: string | null;
  readonly canonical: CanonicalForm;
}

export const FF1: Operator<Ff1Parameters, TextKernel> = {
  name: "ff1",
  takes: "text",
  gives: "text",
  parse: parseFf1,
  traits: ({ canonical }) => reversibleIn(canonical),
  make({ alphabet, template, canonical }, master) {
    const column = makeFf1Column(
      demandMaster(master),
      "ff1",
      { alphabet, template, canonical },
      new Alphabet(alphabet),
    );
    const form = template === null ? null : new Template(template);
    const run = (texts: TextColumn, direction: Direction, fates: Uint8Array): TextColumn => {
      const values = form === null ? texts : form.strip(texts, fates);
      const tokens = ff1Tokens(column, values, direction, fates);
      return form === null ? tokens : form.fill(tokens, fates);
    };
    return {
      takes: "text",
      gives: "text",
      tokenize: (texts, fates) => run(canonicalize(canonical, texts, fates), "tokenize", fates),
      reveal: (tokens, fates) => run(tokens, "reveal", fates),
    };
  },
};

function parseFf1(parameters: Field): Ff1Parameters {
  const fields = parameters.record(["alphabet"], ["template", "canonical"]);
  const alphabet = fields.alphabet.matching(PRINTABLE);
  if (new Set(alphabet).size < alphabet.length) throw fields.alphabet.fault("a character twice");
  const { template } = fields;
  return {
    alphabet,
    template: template === undefined ? null : parseTemplate(template, alphabet.length),
    canonical: fields.canonical?.oneOf(CANONICAL_FORMS) ?? "trim",
  };
}

/** A template whose values are too few could give no token at all. */
function parseTemplate(field: Field, radix: number): string {
  const template = field.matching(TEMPLATE);
  const places = template.split("#").length - 1;
  if (radix ** places < MIN_DOMAIN) throw field.fault("fewer than a million values", { radix, places });
  return template;
}
