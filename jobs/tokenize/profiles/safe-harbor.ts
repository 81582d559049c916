// hipaa-safe-harbor: 45 CFR 164.514(b)(2). Each of eighteen identifiers is gone, or as coarse as the rule lets it be; a
// code in its place is not derived from information about the individual (164.514(c)).
import type { HipaaClass, IdentifierName } from "../../../core/detect/identifier.ts";
import type { Profile, Ruling } from "./claim.ts";
import { attest, blocks, ok, UNDECLARED } from "./claim.ts";
import { ADDRESS, DATES, hipaaClass, judgeNone, judgeRedacted, listed, OVERRULED } from "./hipaa.ts";
import type { Remains } from "./remains.ts";
import type { Copy, Subject } from "./subject.ts";

const ALL = "164.514(b)(2)(i)";
const KNOWLEDGE = "164.514(b)(2)(ii)";
const NOT_DERIVED = "164.514(c)(1)";
const NOT_DISCLOSED = "164.514(c)(2)";
/** Of the newest census whose figures are public. */
const CENSUS = 2020;
/** Nobody is as old: what lies beyond is of nobody. */
const OLDEST = 120;
const CAPPED = 90;

/** Of what may be left in a coarser form. */
const YEAR_ONLY = "of dates only the year may be left: `date_year`";
const KEPT: Readonly<Partial<Record<IdentifierName, string>>> = {
  birth_date: YEAR_ONLY,
  death_date: YEAR_ONLY,
  service_date: YEAR_ONLY,
  date: YEAR_ONLY,
  age: "ages over 89 may only be one class: `age_cap`",
  zip: "of ZIP codes only three digits may be left: `zip3`",
};

export const SAFE_HARBOR: Profile = {
  name: "hipaa-safe-harbor",
  regime: "45 CFR",
  names: (name) => hipaaClass(name) !== null,
  judge(subject, copy) {
    const { class: name, remains } = subject;
    const number = name === null || name === "none" ? null : hipaaClass(name);
    const cite = number === null ? ALL : listed(number);
    if (remains.kind === "nothing") return ok("nothing of the values is left", cite);
    if (remains.kind === "length" && name === "age") {
      return blocks("the number of digits tells an age of 100 and over from others over 89", cite);
    }
    if (remains.kind === "length") {
      return ok("every character is hidden, and only how many there were is left", cite);
    }
    if (remains.kind === "code" && remains.origin === "random") {
      return ok("random codes stand in for the values, and are derived from nothing", NOT_DERIVED);
    }
    if (number === null && name !== null && name !== "none") {
      const { named } = subject;
      return named !== null && hipaaClass(named) !== null
        ? attest(OVERRULED, KNOWLEDGE)
        : ok("values of this class are none of the eighteen identifiers", ALL);
    }
    if (remains.kind === "text") return judgeRedacted(subject, remains, name === "none" ? KNOWLEDGE : cite);
    if (name === null) return blocks(UNDECLARED, ALL);
    if (name === "none" || number === null) return judgeNone(subject, KNOWLEDGE);
    return judgeIdentifier(subject, name, number, copy);
  },
  attestations: ({ columns }) => [
    {
      why: "the owner knows of no way to identify a person by what is left, alone or with other information",
      cite: KNOWLEDGE,
    },
    ...(columns.some(({ remains }) => remains.kind === "code" && remains.origin === "random")
      ? [
          {
            why: "the map of the random codes is disclosed to nobody, and the codes are used for nothing else",
            cite: NOT_DISCLOSED,
          },
        ]
      : []),
  ],
};

function judgeIdentifier(subject: Subject, name: IdentifierName, number: HipaaClass, copy: Copy): Ruling {
  const { remains } = subject;
  const cite = listed(number);
  switch (remains.kind) {
    case "value":
      return blocks(
        KEPT[name] ?? "the values are left as they are, and are among the eighteen identifiers",
        cite,
      );
    case "part":
      return blocks("a part of each value is left, and parts of identifiers are identifiers", cite);
    case "code":
      return blocks("the tokens are derived from information about the individual", NOT_DERIVED);
    case "shifted":
      return blocks(
        "dates that are moved have days and months, and are derived from the individual's own",
        cite,
      );
    case "year":
      if (number === DATES && name !== "age") return judgeYear(subject, remains, copy, cite);
      break;
    case "age":
      if (name === "age") return ok("ages over 89 are one class", cite);
      break;
    case "interval":
      if (name === "age") return judgeAges(remains, cite);
      break;
    case "zip3":
      if (number === ADDRESS && name === "zip") return judgeZip3(remains, cite);
      break;
    default:
  }
  return blocks("the rule names no such coarsening of this identifier", cite);
}

function judgeYear(
  { class: name, basis }: Subject,
  { asOf }: Extract<Remains, { kind: "year" }>,
  { year }: Copy,
  cite: string,
): Ruling {
  if (asOf !== null && asOf < year) {
    return blocks(`\`asOf\` lies before ${year}, so years of birth are left that tell ages over 89`, cite);
  }
  if (asOf !== null) return ok("only the year is left, and one for all who may be 90 or older", cite);
  if (name === "birth_date") {
    return blocks("years of birth tell ages over 89: `date_year` needs `asOf` here", cite);
  }
  return name === "date" && basis !== "rules"
    ? attest("the owner has to say that these are no dates of birth, of which years tell ages over 89", cite)
    : ok("only the year is left", cite);
}

/** Everybody of 90 and more has to be in one interval. Ages beyond the last edge are in none, which is one class too. */
function judgeAges({ edges }: Extract<Remains, { kind: "interval" }>, cite: string): Ruling {
  return edges.some((edge) => edge > CAPPED && edge < OLDEST)
    ? blocks(`ages over 89 are in several intervals: no edge may lie between ${CAPPED} and ${OLDEST}`, cite)
    : ok("ages over 89 are in one interval", cite);
}

function judgeZip3({ census }: Extract<Remains, { kind: "zip3" }>, cite: string): Ruling {
  return Number(census) >= CENSUS
    ? ok("three digits are left, and 000 for areas of 20,000 people or fewer", cite)
    : attest(
        `areas of 20,000 people or fewer are of the census of ${census}: \`withhold\` has to list what newer figures add`,
        cite,
      );
}
