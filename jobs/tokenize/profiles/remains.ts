// What an operator leaves of a value, in the terms that regimes judge by. Parameters are read by the operators' own
// parsers, so that nothing is judged here that a job would refuse.
import type { DetectorName } from "../../../core/detect/detector.ts";
import { IDENTIFIER_OF } from "../../../core/detect/identifier.ts";
import type { IdentifierName } from "../../../core/detect/identifier.ts";
import { SealroomError } from "../../../core/errors.ts";
import type { ColumnRule } from "../../../core/manifest/tokenization.ts";
import { Field, nearestDetail } from "../../../core/text/field.ts";
import { BUCKET } from "../operators/bucket.ts";
import { DATE_YEAR } from "../operators/date-year.ts";
import { EMAIL } from "../operators/email.ts";
import { MASK } from "../operators/mask.ts";
import { PAN } from "../operators/pan.ts";
import { TRUNCATE } from "../operators/truncate.ts";
import { ZIP3 } from "../operators/zip3.ts";

/** How many characters, or digits, stay at the two ends. */
export interface Ends {
  readonly first: number;
  readonly last: number;
}

export interface Code {
  readonly kind: "code";
  /** `derived`: by a key from the value; `random`: drawn, and kept in a map. */
  readonly origin: "derived" | "random";
  /** Whether key or map gives the value back; otherwise it is a keyed hash of the whole value. */
  readonly isReversible: boolean;
  /** Digits that the token has in common with the value. */
  readonly ends: Ends;
  /** Whether an address's domain stays. */
  readonly hasDomain: boolean;
}

export type Remains =
  | { readonly kind: "nothing" }
  /** As many mask characters as there were characters. */
  | { readonly kind: "length" }
  | { readonly kind: "value" }
  | { readonly kind: "part"; readonly by: "mask" | "truncate"; readonly ends: Ends }
  | Code
  /** A date, moved by as many days as all of its unit's. */
  | { readonly kind: "shifted" }
  /** `asOf`: the year by which those of 90 and more have one year of birth together; null: nobody has. */
  | { readonly kind: "year"; readonly asOf: number | null }
  /** An age up to 89 at the most; above, one class. */
  | { readonly kind: "age" }
  | { readonly kind: "zip3"; readonly census: string }
  | { readonly kind: "interval"; readonly edges: readonly number[] }
  /** Text without what these identifiers' detectors found. */
  | { readonly kind: "text"; readonly without: ReadonlySet<IdentifierName> };

const NOWHERE: Ends = { first: 0, last: 0 };
const CODE: Code = {
  kind: "code",
  origin: "derived",
  isReversible: true,
  ends: NOWHERE,
  hasDomain: false,
};
const HASH: Code = { ...CODE, isReversible: false };
const PAN_ENDS: Readonly<Record<string, Ends>> = {
  last4: { first: 0, last: 4 },
  bin6last4: { first: 6, last: 4 },
  bin8last4: { first: 8, last: 4 },
};

/** By operator. `rewrap` is none: what is left is what the operator left that made the tokens. */
const REMAINS: Readonly<Record<string, (parameters: Field) => Remains>> = {
  drop: () => ({ kind: "nothing" }),
  keep: () => ({ kind: "value" }),
  siv: () => CODE,
  cmac: () => HASH,
  hmac: () => HASH,
  random: () => ({ ...CODE, origin: "random" }),
  ff1: () => CODE,
  pan: (parameters) => ({ ...CODE, ends: PAN_ENDS[PAN.parse(parameters).keep] ?? NOWHERE }),
  ssn: () => CODE,
  phone: () => CODE,
  email: (parameters) => {
    const { local, domain } = EMAIL.parse(parameters);
    return { ...CODE, isReversible: local === "siv", hasDomain: domain === "keep" };
  },
  mask: (parameters) => {
    const { keepLeft, keepRight } = MASK.parse(parameters);
    return partOf("mask", { first: keepLeft, last: keepRight });
  },
  truncate: (parameters) => partOf("truncate", TRUNCATE.parse(parameters)),
  date_shift: () => ({ kind: "shifted" }),
  date_year: (parameters) => ({ kind: "year", asOf: DATE_YEAR.parse(parameters).asOf }),
  age_cap: () => ({ kind: "age" }),
  zip3: (parameters) => ({ kind: "zip3", census: ZIP3.parse(parameters).census }),
  bucket: (parameters) => ({ kind: "interval", edges: BUCKET.parse(parameters).edges }),
  redact: (parameters) => ({ kind: "text", without: foundBy(parameters) }),
};

/** Every operator that claims know of. */
export const JUDGED_OPERATORS: readonly string[] = Object.keys(REMAINS);

/** Errors: TOKEN_OPERATOR, TOKEN_PARAMETER. */
export function remainsOf(operator: string, parameters: ColumnRule["parameters"]): Remains {
  const read = Object.hasOwn(REMAINS, operator) ? REMAINS[operator] : undefined;
  if (read === undefined) {
    throw new SealroomError("TOKEN_OPERATOR", nearestDetail(operator, JUDGED_OPERATORS));
  }
  return read(new Field(parameters, "parameters", "TOKEN_PARAMETER"));
}

function partOf(by: "mask" | "truncate", { first, last }: Ends): Remains {
  return first + last === 0 ? { kind: "length" } : { kind: "part", by, ends: { first, last } };
}

/** All detectors, where none are named. */
function foundBy(parameters: Field): ReadonlySet<IdentifierName> {
  const names = Object.keys(IDENTIFIER_OF) as DetectorName[];
  const { detectors } = parameters.record([], ["detectors"]);
  const named = detectors?.list(1, names.length).map((each) => each.oneOf(names)) ?? names;
  return new Set(named.map((name) => IDENTIFIER_OF[name]));
}
