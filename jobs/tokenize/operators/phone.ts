// phone: numbers as E.164 has them; the country's calling code stays, and the national number goes through FF1 with that
// code as its tweak. What comes out may be somebody's number. A value at a time: parsing is what takes the time.
import {
  getCountries,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from "libphonenumber-js/min";
import type { CountryCode } from "libphonenumber-js/min";
import type { Field } from "../../../core/text/field.ts";
import { defaultAlphabet } from "../../../core/token/alphabet.ts";
import type { Alphabet } from "../../../core/token/alphabet.ts";
import { deriveTokenKey, SUITE } from "../../../core/token/keys.ts";
import { Ff1Column } from "../ff1-column.ts";
import type { Direction } from "../ff1-column.ts";
import { FF1_KEY_BYTES } from "../ff1-text.ts";
import { demandMaster, REVERSIBLE } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { eachText, FATE } from "../text-column.ts";
import type { Fate, TextColumn } from "../text-column.ts";

/** Of no country: freephone, satellites, networks (ITU-T E.164 Annex A). */
const GLOBAL_CODES = ["800", "808", "870", "878", "881", "882", "883", "888", "979"];
/** None is the beginning of another. */
const CALLING_CODES: ReadonlySet<string> = new Set([
  ...getCountries().map((country) => getCountryCallingCode(country)),
  ...GLOBAL_CODES,
]);
const E164 = /^\+[1-9][0-9]{6,20}$/;

export interface PhoneParameters {
  /** Of numbers that begin with no calling code (ISO 3166-1 alpha-2); null: they are refused. */
  readonly country: CountryCode | null;
}

export const PHONE: Operator<PhoneParameters, TextKernel> = {
  name: "phone",
  takes: "text",
  gives: "text",
  parse: parsePhone,
  traits: () => REVERSIBLE,
  make({ country }, master) {
    // Where a number was dialled from does not change which number it is.
    const use = { operator: "phone", part: "value", suite: SUITE.ff1, parameters: { canonical: "e164" } };
    const key = deriveTokenKey(demandMaster(master), use, FF1_KEY_BYTES);
    const national = new NationalNumbers(key, defaultAlphabet(10));
    return {
      takes: "text",
      gives: "text",
      tokenize: (texts, fates) =>
        national.run(
          eachText(texts, fates, (text) => e164Of(text, country)),
          "tokenize",
          fates,
        ),
      reveal: (tokens, fates) =>
        national.run(
          eachText(tokens, fates, (text) => (E164.test(text) ? text : FATE.form)),
          "reveal",
          fates,
        ),
    };
  },
};

function parsePhone(parameters: Field): PhoneParameters {
  const { country } = parameters.record([], ["country"]);
  if (country === undefined) return { country: null };
  const code = country.text();
  if (!isSupportedCountry(code)) throw country.fault("not the code of a country");
  return { country: code };
}

/** Of a length that its country has; whether it was ever assigned is not asked. An extension would be lost. */
function e164Of(text: string, country: CountryCode | null): string | Fate {
  if (text.trim() === "") return FATE.empty;
  const parsed = parsePhoneNumberFromString(text, {
    extract: false,
    ...(country === null ? {} : { defaultCountry: country }),
  });
  if (parsed === undefined || !parsed.isPossible() || parsed.ext !== undefined) return FATE.form;
  return E164.test(parsed.number) ? parsed.number : FATE.form;
}

class NationalNumbers {
  readonly #key: Uint8Array;
  readonly #alphabet: Alphabet;
  readonly #byCode = new Map<string, Ff1Column>();

  constructor(key: Uint8Array, alphabet: Alphabet) {
    this.#key = key;
    this.#alphabet = alphabet;
  }

  /** Of E.164 numbers. Fates: `form` for a calling code that is none, `domain` for short national numbers. */
  run(numbers: TextColumn, direction: Direction, fates: Uint8Array): TextColumn {
    const codes = new Array<string>(numbers.rows).fill("");
    const national = eachText(numbers, fates, (text, row) => {
      const code = [1, 2, 3]
        .map((digits) => text.slice(1, 1 + digits))
        .find((each) => CALLING_CODES.has(each));
      codes[row] = code ?? "";
      return code === undefined ? FATE.form : text.slice(1 + code.length);
    });
    const found = new Uint8Array(national.bytes.length);
    for (const code of new Set(codes)) {
      if (code === "") continue;
      // A code's own rows alone.
      const own = fates.map((fate, row) => (codes[row] === code ? fate : FATE.null));
      this.#kernelOf(code).run(national, direction, own, found);
      for (const [row, fate] of own.entries()) if (codes[row] === code) fates[row] = fate;
    }
    return eachText({ ...national, bytes: found }, fates, (text, row) => `+${codes[row] ?? ""}${text}`);
  }

  #kernelOf(code: string): Ff1Column {
    const known = this.#byCode.get(code);
    if (known !== undefined) return known;
    const tweak = Uint8Array.from(code, (digit) => digit.charCodeAt(0));
    const kernel = new Ff1Column({ key: this.#key, alphabet: this.#alphabet, tweak });
    this.#byCode.set(code, kernel);
    return kernel;
  }
}
