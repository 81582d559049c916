// hipaa-limited-data-set: 45 CFR 164.514(e)(2). Sixteen direct identifiers are gone; dates, ages, towns, states and ZIP
// codes may stay, and codes of any make may stand in for a person. For research, public health and operations only.
import type { HipaaClass, IdentifierName } from "../../../core/detect/identifier.ts";
import type { Profile, Ruling } from "./claim.ts";
import { attest, blocks, ok, UNDECLARED } from "./claim.ts";
import { DATES, hipaaClass, judgeNone, judgeRedacted, OTHER_UNIQUE, OVERRULED } from "./hipaa.ts";
import type { Subject } from "./subject.ts";

const SIXTEEN = "164.514(e)(2)";
/** By the number among the eighteen; three of those are not on this list. */
const PARAGRAPHS: Readonly<Partial<Record<HipaaClass, string>>> = {
  1: "i",
  2: "ii",
  4: "iii",
  5: "iv",
  6: "v",
  7: "vi",
  8: "vii",
  9: "viii",
  10: "ix",
  11: "x",
  12: "xi",
  13: "xii",
  14: "xiii",
  15: "xiv",
  16: "xv",
  17: "xvi",
};

export const LIMITED_DATA_SET: Profile = {
  name: "hipaa-limited-data-set",
  regime: "45 CFR",
  names: (name) => hipaaClass(name) !== null,
  judge(subject) {
    const { class: name, remains } = subject;
    const number = name === null || name === "none" ? null : hipaaClass(name);
    const cite = citeOf(number);
    if (remains.kind === "nothing") return ok("nothing of the values is left", cite);
    if (remains.kind === "length") {
      return ok("every character is hidden, and only how many there were is left", cite);
    }
    if (remains.kind === "code" && !remains.hasDomain && remains.ends.first + remains.ends.last === 0) {
      return ok("codes stand in for the values, and are none of the sixteen identifiers", cite);
    }
    if (name !== null && name !== "none" && isAllowed(name, number)) {
      const { named } = subject;
      return named !== null && !isAllowed(named, hipaaClass(named))
        ? attest(OVERRULED, cite)
        : ok("values of this class are none of the sixteen identifiers", cite);
    }
    if (remains.kind === "text") return judgeRedacted(subject, remains, cite);
    if (name === null) return blocks(UNDECLARED, SIXTEEN);
    if (name === "none") return judgeNone(subject, SIXTEEN);
    return judgeIdentifier(subject, name, number, cite);
  },
  attestations: () => [
    { why: "it is for research, public health or health care operations", cite: "164.514(e)(3)(i)" },
    {
      why: "its recipient has agreed in a data use agreement to identify nobody, and to the rest of it",
      cite: "164.514(e)(4)",
    },
  ],
};

function citeOf(number: HipaaClass | null): string {
  const paragraph = number === null ? undefined : PARAGRAPHS[number];
  return paragraph === undefined ? SIXTEEN : `${SIXTEEN}(${paragraph})`;
}

/** The list leaves out dates, ages, and of addresses towns, states and ZIP codes. */
function isAllowed(name: IdentifierName, number: HipaaClass | null): boolean {
  return number === null || number === DATES || name === "city" || name === "zip";
}

function judgeIdentifier(
  { remains }: Subject,
  name: IdentifierName,
  number: HipaaClass | null,
  cite: string,
): Ruling {
  if (remains.kind === "code") {
    return remains.hasDomain
      ? attest("a domain is left of each address: the owner has to say that none names a person", cite)
      : blocks("a part of each value is left, and parts of identifiers are identifiers", cite);
  }
  if (number === OTHER_UNIQUE) {
    return attest(
      "the owner has to say that the values are no record, account, certificate or device numbers by another name",
      cite,
    );
  }
  if (name === "county") {
    return attest(
      "counties are left, and the list names only towns, states and ZIP codes as what may stay",
      cite,
    );
  }
  return remains.kind === "part"
    ? blocks("a part of each value is left, and parts of identifiers are identifiers", cite)
    : blocks("the values are left, and are among the sixteen identifiers", cite);
}
