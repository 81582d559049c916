// IBANs (ISO 13616): a country of the registry, its length, and 1 modulo 97; in a row or in groups of four. Which
// places of a country's account number are letters is not checked.
import { CLASS, classOf, isDigit, isWordOver, upperCase } from "./ascii.ts";
import { NONE, VERDICT } from "./detector.ts";
import type { Detector, Opening, Verdict } from "./detector.ts";
import { bytesOf, kindOf, SEPARATOR, separatorAt } from "./separator.ts";

const COUNTRIES =
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 " +
  "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 " +
  "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 " +
  "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";
const LENGTHS = new Uint8Array(26 * 26);
for (const country of COUNTRIES.split(" ")) {
  LENGTHS[countryIndex(country.charCodeAt(0), country.charCodeAt(1))] = Number(country.slice(2));
}
const SHORTEST = 15;
const GROUP = 4;
const HEAD = 4;

function countryIndex(first: number, second: number): number {
  return (upperCase(first) - 0x41) * 26 + upperCase(second) - 0x41;
}

/** Of letters and digits, of which a letter counts as two digits (A = 10). */
function remainder(bytes: Uint8Array, from: number, to: number, before: number): number {
  let rest = before;
  for (let at = from; at < to; at++) {
    const byte = upperCase(bytes[at] ?? 0);
    const kind = classOf(byte);
    if (kind === CLASS.digit) rest = (rest * 10 + byte - 0x30) % 97;
    else if (kind === CLASS.letter) rest = (rest * 100 + byte - 0x41 + 10) % 97;
  }
  return rest;
}

function isValid(bytes: Uint8Array, start: number, end: number): boolean {
  const check = ((bytes[start + 2] ?? 0) - 0x30) * 10 + (bytes[start + 3] ?? 0) - 0x30;
  if (check < 2 || check > 98) return false;
  return remainder(bytes, start, start + HEAD, remainder(bytes, start + HEAD, end, 0)) === 1;
}

/** Where what begins at `at` ends, by its country's length; or NONE. */
function shapeEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + SHORTEST > end) return NONE;
  const [first, second] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
  if (classOf(first) !== CLASS.letter || classOf(second) !== CLASS.letter) return NONE;
  if (!isDigit(bytes[at + 2] ?? 0) || !isDigit(bytes[at + 3] ?? 0)) return NONE;
  const length = LENGTHS[countryIndex(first, second)] ?? 0;
  if (length === 0) return NONE;
  let kinds = kindOf(separatorAt(bytes, at + HEAD, end)) & (SEPARATOR.space | SEPARATOR.dash);
  const isGrouped = kinds !== 0;
  let place = at + HEAD;
  for (let count = HEAD; count < length; count++, place++) {
    if (isGrouped && count % GROUP === 0) {
      const separator = separatorAt(bytes, place, end);
      kinds &= kindOf(separator);
      if (kinds === 0) return NONE;
      place += bytesOf(separator);
    }
    if (place >= end || classOf(bytes[place] ?? 0) === 0) return NONE;
  }
  return place;
}

export const IBAN: Detector = {
  name: "iban",
  chance: 0.01,
  opens(opening: Opening, run: number): boolean {
    return opening === "letter" && (run === GROUP || run >= SHORTEST);
  },
  judge(bytes: Uint8Array, start: number, end: number): Verdict {
    if (shapeEnd(bytes, start, end) !== end) return VERDICT.other;
    return isValid(bytes, start, end) ? VERDICT.matched : VERDICT.failed;
  },
  endOf(bytes: Uint8Array, at: number, _floor: number, end: number): number {
    const stop = shapeEnd(bytes, at, end);
    return stop !== NONE && isWordOver(bytes, stop, end) && isValid(bytes, at, stop) ? stop : NONE;
  },
};
