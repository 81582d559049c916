// Made-up patients, where Synthea's are not at hand: its columns, and numbers that nobody has.
import { Draws, toCsv } from "./draws.ts";
import { FIRST_NAMES, LAST_NAMES } from "./names.ts";

const PATIENTS = 400;
const SEED = 0x5ea1_0001;
const ZIPS = ["680", "681", "681", "681", "685", "687", "688", "693"] as const;
const RACES = ["asian", "black", "native", "white", "white", "white", "other"] as const;

export function generatePatients(): string {
  const draws = new Draws(SEED);
  return toCsv(Array.from({ length: PATIENTS }, () => patient(draws)));
}

function patient(draws: Draws): Readonly<Record<string, string>> {
  const hex = (length: number): string => Array.from({ length }, () => draws.below(16).toString(16)).join("");
  const income = draws.below(200_000);
  return {
    Id: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    BIRTHDATE: draws.day(1925, 2020),
    DEATHDATE: draws.below(12) === 0 ? draws.day(2021, 2025) : "",
    // Nobody is given an area from 900.
    SSN: `999-${draws.digits(2)}-${draws.digits(4)}`,
    DRIVERS: `S999${draws.digits(5)}`,
    PASSPORT: draws.below(2) === 0 ? `X${draws.digits(8)}X` : "",
    PREFIX: "",
    FIRST: `${draws.pick(FIRST_NAMES)}${draws.digits(3)}`,
    LAST: `${draws.pick(LAST_NAMES)}${draws.digits(1)}`,
    SUFFIX: "",
    MAIDEN: "",
    MARITAL: draws.pick(["M", "S", "D", "W", ""]),
    RACE: draws.pick(RACES),
    ETHNICITY: draws.pick(["hispanic", "nonhispanic", "nonhispanic"]),
    GENDER: draws.pick(["F", "M"]),
    BIRTHPLACE: "",
    ADDRESS: `${1 + draws.below(999)} Nowhere Street`,
    CITY: "",
    STATE: "Nebraska",
    COUNTY: "",
    FIPS: "",
    ZIP: `${draws.pick(ZIPS)}${draws.digits(2)}`,
    LAT: "",
    LON: "",
    HEALTHCARE_EXPENSES: `${draws.below(400_000)}.${draws.digits(2)}`,
    HEALTHCARE_COVERAGE: "",
    INCOME: String(income),
  };
}
