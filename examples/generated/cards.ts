// Made-up card payments: numbers with a right check digit (Luhn, ISO/IEC 7812-1) that no issuer has.
import { Draws, toCsv } from "./draws.ts";
import { FIRST_NAMES, LAST_NAMES } from "./names.ts";

const CARDS = 1_200;
const PAYMENTS = 4_000;
const SEED = 0x5ea1_0002;
/** 9 is for national use, by a country's number behind it, and 999 is no country's. */
const BINS = ["99991042", "99992718", "99993141"] as const;
const COUNTRIES = ["DE", "DE", "DE", "FR", "FR", "IT", "NL", "PL"] as const;

export function generateCards(): string {
  const draws = new Draws(SEED);
  const cards = Array.from({ length: CARDS }, () => card(draws));
  const [first, ...rest] = cards;
  if (first === undefined) throw new Error("no cards");
  return toCsv(Array.from({ length: PAYMENTS }, () => payment(draws, draws.pick([first, ...rest]))));
}

interface Card {
  readonly PAN: string;
  readonly CARDHOLDER: string;
  readonly EXPIRY: string;
  readonly CVV: string;
  readonly COUNTRY: string;
}

function card(draws: Draws): Card {
  const digits = draws.pick(BINS) + draws.digits(7);
  return {
    PAN: digits + checkDigit(digits),
    CARDHOLDER: `${draws.pick(FIRST_NAMES)} ${draws.pick(LAST_NAMES)}`,
    EXPIRY: draws.day(2026, 2030),
    CVV: draws.digits(3),
    COUNTRY: draws.pick(COUNTRIES),
  };
}

function payment(draws: Draws, { COUNTRY, ...rest }: Card): Readonly<Record<string, string>> {
  return { ...rest, AMOUNT: `${1 + draws.below(400)}.${draws.digits(2)}`, COUNTRY };
}

/** Makes the sum divisible by ten in which every second digit, from this one on to the left, counts double. */
function checkDigit(digits: string): string {
  let sum = 0;
  for (const [at, digit] of Array.from(digits).reverse().entries()) {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return String((10 - (sum % 10)) % 10);
}
