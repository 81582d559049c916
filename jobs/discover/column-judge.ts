// What the detectors say of a column's values, row by row: texts as they lie, a dictionary's strings once each, whole
// numbers by their decimal digits.
import { bigintOf, isValid } from "../../core/column/text.ts";
import type { DictionaryVector, Vector } from "../../core/column/vector.ts";
import { ValueJudge } from "../../core/detect/verdicts.ts";
import type { DetectorSet } from "../../core/detect/verdicts.ts";

/** A sign and the digits of 128 bits. */
const MOST_DIGITS = 40;

export class ColumnJudge {
  /** Of the row judged last. */
  matched: DetectorSet = 0;
  failed: DetectorSet = 0;
  readonly #judge = new ValueJudge();
  readonly #digits = new Uint8Array(MOST_DIGITS);
  #coded: CodedVerdicts | null = null;

  /** Whether the row has a value: neither null nor blank. */
  judge(vector: Vector, row: number): boolean {
    if (!isValid(vector, row)) return false;
    switch (vector.layout) {
      case "utf8":
        return this.#take(vector.bytes, vector.offsets[row] ?? 0, vector.offsets[row + 1] ?? 0);
      case "dictionary":
        return this.#takeCode(vector, vector.codes[row] ?? 0);
      case "number":
        return this.#takeDigits(String(vector.values[row] ?? 0));
      case "words":
        return this.#takeDigits(bigintOf(vector, row).toString());
      case "bits":
        throw new Error("internal: a column that is not scanned");
    }
  }

  #take(bytes: Uint8Array, start: number, end: number): boolean {
    const isGiven = this.#judge.judge(bytes, start, end);
    this.matched = this.#judge.matched;
    this.failed = this.#judge.failed;
    return isGiven;
  }

  #takeDigits(text: string): boolean {
    for (let at = 0; at < text.length; at++) this.#digits[at] = text.charCodeAt(at);
    return this.#take(this.#digits, 0, text.length);
  }

  #takeCode({ values }: DictionaryVector, code: number): boolean {
    if (this.#coded?.values !== values) this.#coded = new CodedVerdicts(values, this.#judge);
    const { given, matched, failed } = this.#coded;
    this.matched = matched[code] ?? 0;
    this.failed = failed[code] ?? 0;
    return given[code] === 1;
  }
}

/** Of each string of a dictionary, which an object has one of a column. */
class CodedVerdicts {
  readonly values: readonly string[];
  readonly given: Uint8Array;
  readonly matched: Int32Array;
  readonly failed: Int32Array;

  constructor(values: readonly string[], judge: ValueJudge) {
    this.values = values;
    this.given = new Uint8Array(values.length);
    this.matched = new Int32Array(values.length);
    this.failed = new Int32Array(values.length);
    const encoder = new TextEncoder();
    for (const [code, value] of values.entries()) {
      const bytes = encoder.encode(value);
      this.given[code] = judge.judge(bytes, 0, bytes.length) ? 1 : 0;
      this.matched[code] = judge.matched;
      this.failed[code] = judge.failed;
    }
  }
}
