// What a column may be used for, guessed from what its values and its name were found to be, and a few counts.
// Conservative: whatever might tell who somebody is, or is not understood, is not offered for use. An owner reads the
// guess and its reason and decides.
import type { ColumnType } from "../core/column/type.ts";
import type { IdentifierName } from "../core/detect/identifier.ts";
import type { Role } from "../core/manifest/manifest.ts";
import { UNIDENTIFIED, type ColumnIdentity } from "./identify.ts";

export interface ColumnFacts {
  readonly name: string;
  readonly type: ColumnType;
  readonly rows: number;
  readonly nulls: number;
  /** About how many distinct values. */
  readonly distinct: number;
}

export interface RoleProposal {
  readonly role: Role;
  readonly why: string;
}

/** Words of a name: snake_case, camelCase and what lies between. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

const PEOPLE = new Set(
  "patient person people customer user client member subject employee worker household passenger student citizen insured applicant".split(
    " ",
  ),
);
const KEYS = new Set("id ids key no nr num number uuid guid code".split(" "));
const DIRECT = new Set(
  (
    "ssn passport drivers license licence email mail phone telephone tel mobile cell fax iban bic card account " +
    "first last middle maiden surname forename firstname lastname fullname username login name street address addr " +
    "ip mac imei url prefix suffix mrn nhs tax vin plate"
  ).split(" "),
);
const INDIRECT = new Set(
  "birth birthdate birthplace birthday dob death deathdate zip zipcode postcode postal lat latitude lon lng longitude city county village fips gps".split(
    " ",
  ),
);

/** Those that tell who somebody is only with other facts. */
const QUASI: ReadonlySet<IdentifierName> = new Set([
  "city",
  "county",
  "zip",
  "coordinates",
  "birth_date",
  "death_date",
  "card_expiry",
  "service_code",
]);
/** Those that values and counts have to judge: dates of what happened, and what groups are made of. */
const OPEN: ReadonlySet<IdentifierName> = new Set(["service_date", "date", "age", "ndc", "gender", "race"]);

const MOSTLY_UNIQUE = 0.5;
const FEW_VALUES = 1_000;
const ROWS_PER_VALUE = 10;

/** Whether a column looks like it says who a row is about: a person by name or key. */
export function namesUnit({ name, type, nulls }: ColumnFacts): boolean {
  const words = wordsOf(name);
  const rest = words.filter((word) => !PEOPLE.has(word) && !KEYS.has(word));
  return (
    type.kind !== "float" &&
    type.kind !== "bool" &&
    nulls === 0 &&
    rest.length === 0 &&
    words.some((word) => PEOPLE.has(word))
  );
}

export function proposeRole(facts: ColumnFacts, identity: ColumnIdentity = UNIDENTIFIED): RoleProposal {
  const { name, type, rows, nulls, distinct } = facts;
  const words = wordsOf(name);
  const values = rows - nulls;
  const isUnique = values > 20 && distinct > values * MOSTLY_UNIQUE;
  const isFew = distinct <= FEW_VALUES && distinct * ROWS_PER_VALUE <= values;
  const spread = `about ${distinct} values in ${values} rows`;

  if (values === 0) return { role: "hidden", why: "empty" };
  const { identifier, why } = identity;
  if (identifier === null && why !== "") return { role: "hidden", why };
  if (identifier !== null && !OPEN.has(identifier)) {
    return { role: QUASI.has(identifier) ? "hidden" : "identifier", why };
  }
  if (words.some((word) => DIRECT.has(word))) {
    return { role: "identifier", why: "its name says that it tells who somebody is" };
  }
  if (words.some((word) => INDIRECT.has(word))) {
    return { role: "hidden", why: "with other facts it may tell who somebody is" };
  }
  if (words.some((word) => KEYS.has(word) && word !== "code")) {
    return { role: "identifier", why: "its name says that it is a key" };
  }
  if (type.kind === "bool") return { role: "dimension", why: "yes or no" };
  if (type.kind === "utf8") {
    if (isUnique) return { role: "identifier", why: `nearly unique text: ${spread}` };
    return isFew
      ? { role: "dimension", why: spread }
      : { role: "hidden", why: `too many values to group by: ${spread}` };
  }
  if (type.kind === "date") {
    return isFew ? { role: "dimension", why: spread } : { role: "hidden", why: `a date of ${spread}` };
  }
  if (type.kind === "timestamp") return { role: "hidden", why: "a point in time may tell who somebody is" };
  if (words.includes("code")) {
    return isFew
      ? { role: "dimension", why: `a code: ${spread}` }
      : { role: "hidden", why: `a code, no quantity: ${spread}` };
  }
  if (type.kind === "int" && isUnique && distinct > values * 0.95) {
    return { role: "identifier", why: `nearly unique whole numbers: ${spread}` };
  }
  return { role: "measure", why: `a number; its bounds are in rules.yaml` };
}
