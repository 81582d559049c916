// Classes of identifiers that a column's name or its values can be of, and where the two regimes list each: HIPAA's
// eighteen identifiers, 45 CFR 164.514(b)(2)(i)(A) to (R), numbered 1 to 18; PCI DSS 4.0.1's account data, cardholder
// data (CHD) and sensitive authentication data (SAD).
import type { DetectorName } from "./detector.ts";

export type HipaaClass = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18;
export type PciClass = "CHD" | "SAD";

export interface IdentifierClass {
  /** Null where the regime does not name it: then it may still be data of a patient, or of an account. */
  readonly hipaa: HipaaClass | null;
  readonly pci: PciClass | null;
}

export type IdentifierName =
  | "first_name"
  | "last_name"
  | "middle_name"
  | "full_name"
  | "address"
  | "city"
  | "county"
  | "zip"
  | "coordinates"
  | "birth_date"
  | "death_date"
  | "service_date"
  | "date"
  | "age"
  | "phone"
  | "fax"
  | "email"
  | "ssn"
  | "mrn"
  | "health_plan"
  | "mbi"
  | "account"
  | "iban"
  | "aba"
  | "licence"
  | "npi"
  | "dea"
  | "vehicle"
  | "vin"
  | "device"
  | "url"
  | "ip"
  | "mac"
  | "biometric"
  | "photo"
  | "passport"
  | "itin"
  | "user_name"
  | "unique_id"
  | "pan"
  | "card_name"
  | "card_expiry"
  | "service_code"
  | "cvv"
  | "pin"
  | "track"
  | "ndc"
  | "gender"
  | "race";

function hipaa(number: HipaaClass): IdentifierClass {
  return { hipaa: number, pci: null };
}

const NEITHER: IdentifierClass = { hipaa: null, pci: null };

export const IDENTIFIERS: Readonly<Record<IdentifierName, IdentifierClass>> = {
  // A name is cardholder data only beside a card number; `card_name` says that it is.
  first_name: hipaa(1),
  last_name: hipaa(1),
  middle_name: hipaa(1),
  full_name: hipaa(1),
  address: hipaa(2),
  city: hipaa(2),
  county: hipaa(2),
  zip: hipaa(2),
  coordinates: hipaa(2),
  birth_date: hipaa(3),
  death_date: hipaa(3),
  service_date: hipaa(3),
  date: hipaa(3),
  age: hipaa(3),
  phone: hipaa(4),
  fax: hipaa(5),
  email: hipaa(6),
  ssn: hipaa(7),
  mrn: hipaa(8),
  health_plan: hipaa(9),
  mbi: hipaa(9),
  account: hipaa(10),
  iban: hipaa(10),
  aba: hipaa(10),
  licence: hipaa(11),
  npi: hipaa(11),
  dea: hipaa(11),
  vehicle: hipaa(12),
  vin: hipaa(12),
  device: hipaa(13),
  url: hipaa(14),
  ip: hipaa(15),
  mac: hipaa(13),
  biometric: hipaa(16),
  photo: hipaa(17),
  passport: hipaa(18),
  itin: hipaa(18),
  user_name: hipaa(18),
  unique_id: hipaa(18),
  pan: { hipaa: 10, pci: "CHD" },
  card_name: { hipaa: 1, pci: "CHD" },
  card_expiry: { hipaa: null, pci: "CHD" },
  service_code: { hipaa: null, pci: "CHD" },
  cvv: { hipaa: null, pci: "SAD" },
  pin: { hipaa: null, pci: "SAD" },
  track: { hipaa: 10, pci: "SAD" },
  ndc: NEITHER,
  gender: NEITHER,
  race: NEITHER,
};

/** What a detector's values are. */
export const IDENTIFIER_OF: Readonly<Record<DetectorName, IdentifierName>> = {
  track1: "track",
  track2: "track",
  iban: "iban",
  pan: "pan",
  vin: "vin",
  dea: "dea",
  mbi: "mbi",
  npi: "npi",
  aba: "aba",
  itin: "itin",
  ndc: "ndc",
  url: "url",
  email: "email",
  mac: "mac",
  ipv6: "ip",
  ipv4: "ip",
  date_iso: "date",
  date_us: "date",
  ssn: "ssn",
  phone: "phone",
};
