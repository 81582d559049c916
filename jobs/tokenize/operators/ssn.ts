// ssn: US social security numbers to nine letters, which nobody takes for a number, or by choice to nine digits, most of
// which could be somebody's. Dashes stay where they are, and do not change the token.
import { defaultAlphabet } from "../../../core/token/alphabet.ts";
import type { Field } from "../../../core/text/field.ts";
import { deriveTokenKey, SUITE } from "../../../core/token/keys.ts";
import { canonicalize, isDigit } from "../canonical.ts";
import { FF1_KEY_BYTES, ff1Tokens, makeFf1Column } from "../ff1-text.ts";
import { LETTER_BATCH_ROWS, LetterRows } from "../letter-rows.ts";
import { demandMaster, VERBATIM } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { readNumber, writeNumber } from "../pan-bin.ts";
import { dressSsns, isIssuable, SSN_LENGTH, stripSsns } from "../ssn-form.ts";
import { columnOf, FATE, lengthsOf } from "../text-column.ts";
import type { Fate, TextColumn } from "../text-column.ts";

const FORMS = ["letters", "digits"] as const;

export interface SsnParameters {
  readonly form: (typeof FORMS)[number];
  /** Also takes numbers that were never issued. */
  readonly lenient: boolean;
}

/** Nine digits a row to nine characters, and back. */
interface Cipher {
  readonly tokenize: (bare: TextColumn, fates: Uint8Array) => TextColumn;
  readonly reveal: (bare: TextColumn, fates: Uint8Array) => TextColumn;
}

export const SSN: Operator<SsnParameters, TextKernel> = {
  name: "ssn",
  takes: "text",
  gives: "text",
  parse(parameters: Field) {
    const { form, lenient } = parameters.record([], ["form", "lenient"]);
    return { form: form?.oneOf(FORMS) ?? "letters", lenient: lenient?.flag() ?? false };
  },
  traits: () => VERBATIM,
  make({ form, lenient }, master) {
    const key = demandMaster(master);
    // What is taken does not change what a token is.
    const parameters = { canonical: "ssn", form };
    const use = { operator: "ssn", part: "value", suite: SUITE.ff1, parameters };
    const cipher =
      form === "letters"
        ? letterCipher(new LetterRows(deriveTokenKey(key, use, FF1_KEY_BYTES), SSN_LENGTH, 0))
        : digitCipher(makeFf1Column(key, "ssn", parameters, defaultAlphabet(10)));
    return {
      takes: "text",
      gives: "text",
      tokenize(texts, fates) {
        const { bare, dashed } = stripSsns(canonicalize("trim", texts, fates), fates);
        checkNumbers(bare, fates, lenient ? isAny : isIssuable, FATE.check);
        return dressSsns({ bare: cipher.tokenize(bare, fates), dashed }, fates);
      },
      reveal(tokens, fates) {
        const { bare, dashed } = stripSsns(tokens, fates);
        const found = cipher.reveal(bare, fates);
        checkNumbers(found, fates, lenient ? isAny : isIssuable, FATE.forged);
        return dressSsns({ bare: found, dashed }, fates);
      },
    };
  },
};

function isAny(): boolean {
  return true;
}

/** Fates: `form` for what is not digits, and the one given for numbers that fail. */
function checkNumbers(
  { rows, offsets, bytes }: TextColumn,
  fates: Uint8Array,
  isGood: (number: number) => boolean,
  otherwise: Fate,
): void {
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const from = offsets[row] ?? 0;
    let areDigits = true;
    for (let at = from; at < from + SSN_LENGTH; at++) areDigits &&= isDigit(bytes[at] ?? 0);
    if (!areDigits) fates[row] = FATE.form;
    else if (!isGood(readNumber(bytes, from, SSN_LENGTH))) fates[row] = otherwise;
  }
}

function digitCipher(column: ReturnType<typeof makeFf1Column>): Cipher {
  return {
    tokenize: (bare, fates) => ff1Tokens(column, bare, "tokenize", fates),
    reveal: (bare, fates) => ff1Tokens(column, bare, "reveal", fates),
  };
}

function letterCipher(letters: LetterRows): Cipher {
  const none = new Uint8Array(0);
  return {
    tokenize(bare, fates) {
      const given = columnOf(lengthsOf(bare, fates));
      for (const rows of doneBatches(fates)) {
        const numbers = Float64Array.from(rows, (row) =>
          readNumber(bare.bytes, bare.offsets[row] ?? 0, SSN_LENGTH),
        );
        letters.encipher(
          numbers,
          rows.length,
          none,
          given.bytes,
          rows.map((row) => given.offsets[row] ?? 0),
        );
      }
      return given;
    },
    reveal(bare, fates) {
      const given = columnOf(lengthsOf(bare, fates));
      for (const rows of doneBatches(fates)) {
        const from = rows.map((row) => bare.offsets[row] ?? 0);
        const numbers = letters.decipher(bare.bytes, from, rows.length, none);
        for (let at = 0; at < rows.length; at++) {
          const row = rows[at] ?? 0;
          const number = numbers[at] ?? 0;
          if (number < 0) fates[row] = number === -1 ? FATE.form : FATE.forged;
          else writeNumber(number, given.bytes, given.offsets[row] ?? 0, SSN_LENGTH);
        }
      }
      return given;
    },
  };
}

function* doneBatches(fates: Uint8Array): Generator<Int32Array> {
  const rows: number[] = [];
  for (const [row, fate] of fates.entries()) if (fate === FATE.done) rows.push(row);
  for (let start = 0; start < rows.length; start += LETTER_BATCH_ROWS) {
    yield Int32Array.from(rows.slice(start, start + LETTER_BATCH_ROWS));
  }
}
