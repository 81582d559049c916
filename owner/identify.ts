// What a column's values and its name say that it is, by the detectors that the enclave uses. What is told of values is
// their kind and a coarse share, never a value. A guess for the owner to read, who holds the data anyway.
import { classifyColumn, shareOf, SHARES, type ColumnClass, type Share } from "../core/detect/classify.ts";
import type { DetectorName } from "../core/detect/detector.ts";
import { Finder } from "../core/detect/find.ts";
import { IDENTIFIER_OF, type IdentifierName } from "../core/detect/identifier.ts";
import { findIdentifier } from "../core/detect/lexicon.ts";
import { ColumnCounter } from "../core/detect/tally.ts";

export interface ColumnIdentity {
  /** Null where neither values nor name say that they identify. */
  readonly identifier: IdentifierName | null;
  /** What told it, or that texts of no one kind hold identifiers; else empty. */
  readonly why: string;
  /** False where the values are of several kinds. */
  readonly isUniform: boolean;
  /** Whether most values have its shape and fail its rule. */
  readonly isIrregular: boolean;
  readonly form: Form;
}

/** Most values are one word with a digit in it; one word; a few words; texts; or none were looked at. */
export type Form = "key" | "word" | "words" | "prose" | "none";

/** Smaller columns than a discover job tells of: nothing leaves the owner here. */
const LIMITS = { minValues: 20, minMatches: 10 };
const PROSE_WORDS = 5;
const MOST = 0.5;

const DATES: ReadonlySet<IdentifierName> = new Set(["date", "birth_date", "death_date", "service_date"]);
/** Half of all numbers are of these by chance: a name that says something else knows better. */
const WEAK: ReadonlySet<IdentifierName> = new Set(["ssn", "itin", "phone"]);
/** Digits of any shape: no value tells them. */
const SECRETS: ReadonlySet<IdentifierName> = new Set(["cvv", "pin", "track"]);

const KINDS: Readonly<Record<DetectorName, string>> = {
  track1: "magnetic stripes",
  track2: "magnetic stripes",
  iban: "IBANs",
  pan: "card numbers",
  vin: "VINs",
  dea: "DEA numbers",
  mbi: "MBIs",
  npi: "NPIs",
  aba: "routing numbers",
  itin: "ITINs",
  ndc: "drug codes",
  url: "web addresses",
  email: "e-mail addresses",
  mac: "MAC addresses",
  ipv6: "IP addresses",
  ipv4: "IP addresses",
  date_iso: "dates",
  date_us: "dates",
  ssn: "SSNs",
  phone: "phone numbers",
};

const SHARE_WORDS: Readonly<Record<Share, string>> = {
  none: "hardly any",
  "<=25%": "up to 25%",
  "<=50%": "25 to 50%",
  "<=75%": "50 to 75%",
  "<=95%": "75 to 95%",
  ">95%": "over 95%",
};

/** Of a column whose values were not looked at, and whose name was not either. */
export const UNIDENTIFIED: ColumnIdentity = {
  identifier: null,
  why: "",
  isUniform: true,
  isIrregular: false,
  form: "none",
};

/** `texts`: a sample of the column's values, none of them blank; empty for a column whose values tell nothing. */
export function identifyColumn(name: string, texts: readonly string[]): ColumnIdentity {
  const counter = new ColumnCounter();
  const encoded = texts.map((text) => Buffer.from(text));
  for (const bytes of encoded) counter.addValue(bytes, 0, bytes.length, 1);
  const tally = counter.tally();
  const told = classifyColumn(tally, LIMITS);
  const form = formOf(texts);
  const named = findIdentifier(name);
  const valued = told === null ? null : byValues(told, tally.values);
  if (valued !== null && !overrules(named, valued) && !(isCode(name) && isWeak(valued))) {
    return { ...valued, form };
  }
  if (named !== null) return { ...byName(named, told, tally.values), form };
  if (form === "prose") {
    const share = shareOf(encoded.filter(holdsAny).length, texts.length, LIMITS.minMatches);
    if (share !== "none") {
      const why = `texts, and ${SHARE_WORDS[share]} of ${texts.length} hold identifiers`;
      return { ...UNIDENTIFIED, why, form };
    }
  }
  return { ...UNIDENTIFIED, form };
}

type Found = Omit<ColumnIdentity, "form">;

/** The column's type; of a column of several kinds, the one that most values are. */
function byValues({ type, findings }: ColumnClass, values: number): Found | null {
  const some = findings.filter(({ detector, isEvident }) => isEvident && !DATES.has(IDENTIFIER_OF[detector]));
  const finding = findings.find(({ detector }) => detector === type) ?? some[0];
  if (finding === undefined) return null;
  return {
    identifier: IDENTIFIER_OF[finding.detector],
    why: `${SHARE_WORDS[finding.matched]} of ${values} values are ${KINDS[finding.detector]}`,
    isUniform: type !== null,
    isIrregular: false,
  };
}

/** Whether a name says more than what the values were found to be. */
function overrules(named: IdentifierName | null, { identifier }: Found): boolean {
  if (named === null || identifier === null) return false;
  return (
    SECRETS.has(named) ||
    (DATES.has(named) && DATES.has(identifier)) ||
    (WEAK.has(identifier) && !WEAK.has(named))
  );
}

/** Codes of diagnoses and the like are numbers of nine digits as often as not. */
function isCode(name: string): boolean {
  return /codes?$/i.test(name);
}

function isWeak({ identifier }: Found): boolean {
  return identifier !== null && WEAK.has(identifier);
}

function byName(identifier: IdentifierName, told: ColumnClass | null, values: number): Found {
  const own = told?.findings.find(({ detector }) => IDENTIFIER_OF[detector] === identifier);
  const why = `its name says ${identifier.replaceAll("_", " ")}`;
  const isIrregular = own !== undefined && isMost(own.shaped) && !isMost(own.matched);
  if (!isIrregular) return { identifier, why, isUniform: true, isIrregular };
  const share = SHARE_WORDS[own.matched];
  return { identifier, why: `${why}; ${share} of ${values} values are valid`, isUniform: true, isIrregular };
}

function isMost(share: Share): boolean {
  return SHARES.indexOf(share) >= SHARES.indexOf("<=75%");
}

function formOf(texts: readonly string[]): Form {
  if (texts.length === 0) return "none";
  const counts = texts.map((text) => text.trim().split(/\s+/u).length);
  const share = (isOf: (words: number) => boolean): number => counts.filter(isOf).length / counts.length;
  if (share((words) => words >= PROSE_WORDS) > MOST) return "prose";
  if (share((words) => words === 1) <= MOST) return "words";
  return texts.filter((text) => /[0-9]/.test(text)).length > MOST * texts.length ? "key" : "word";
}

const FINDER = new Finder();

function holdsAny(bytes: Uint8Array): boolean {
  let holds = false;
  FINDER.findIn(bytes, 0, bytes.length, () => {
    holds = true;
  });
  return holds;
}
