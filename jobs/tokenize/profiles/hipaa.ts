// What the three HIPAA profiles share: how the rule's paragraphs are cited, and which identifiers are whose.
import { IDENTIFIERS } from "../../../core/detect/identifier.ts";
import type { HipaaClass, IdentifierName } from "../../../core/detect/identifier.ts";
import type { Ruling } from "./claim.ts";
import { attest, blocks } from "./claim.ts";
import type { Remains } from "./remains.ts";
import type { Subject } from "./subject.ts";

export const NAMES = 1;
export const ADDRESS = 2;
export const DATES = 3;
export const OTHER_UNIQUE = 18;

/** Null where the rule does not list it. */
export function hipaaClass(name: IdentifierName): HipaaClass | null {
  return IDENTIFIERS[name].hipaa;
}

/** (A) to (R). */
export function listed(number: HipaaClass): string {
  return `164.514(b)(2)(i)(${String.fromCharCode(64 + number)})`;
}

/** Geography coarser than an address. */
const COARSE: readonly IdentifierName[] = ["city", "county", "zip"];

/** Whether it points at a person by itself, and does not only tell people apart. */
export function isDirect(name: IdentifierName): boolean {
  const number = hipaaClass(name);
  return number !== null && number !== DATES && !COARSE.includes(name);
}

/** Of a class whose detector looked, what it did not know is left; of another, everything. */
export function judgeRedacted(
  { class: name }: Subject,
  { without }: Extract<Remains, { kind: "text" }>,
  cite: string,
): Ruling {
  if (name === null || name === "none") {
    return attest("a person has to have read that no name or address is left: no detector finds those", cite);
  }
  return without.has(detectedAs(name))
    ? attest("a person has to have read that nothing is left that its detector does not know", cite)
    : blocks("no detector that looks at it finds identifiers of this class, so they stay", cite);
}

function detectedAs(name: IdentifierName): IdentifierName {
  if (name === "fax") return "phone";
  return hipaaClass(name) === DATES && name !== "age" ? "date" : name;
}

/** The owner's word, against which the column's name or role may stand. */
/** Of a class that the rule does not list, where name or role say that the column is of one that it lists. */
export const OVERRULED =
  "the owner has to stand by the class that the rules give, though name or role say another";

export function judgeNone({ named }: Subject, cite: string): Ruling {
  const isNamed = named !== null && hipaaClass(named) !== null;
  return isNamed
    ? attest(
        "the owner has to stand by that the values identify nobody, though name or role say that they do",
        cite,
      )
    : attest("the owner has to stand by that the values identify nobody", cite);
}
