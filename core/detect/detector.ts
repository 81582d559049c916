// What a detector is: it judges a whole value, and finds how far a value reaches that begins at a place in a text. All
// work on UTF-8 bytes, look a bounded number of bytes ahead (but for web addresses, which url.ts speaks of) and allocate
// nothing.

/** Of a whole value: none of this kind; of its shape, but its check digits or its rule fail; one. */
export const VERDICT = { other: 0, failed: 1, matched: 2 } as const;
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** In place of an end, where nothing ends. */
export const NONE = -1;

export type DetectorName =
  | "track1"
  | "track2"
  | "iban"
  | "pan"
  | "vin"
  | "dea"
  | "mbi"
  | "npi"
  | "aba"
  | "itin"
  | "ndc"
  | "url"
  | "email"
  | "mac"
  | "ipv6"
  | "ipv4"
  | "date_iso"
  | "date_us"
  | "ssn"
  | "phone";

/** What stands first: a letter and a digit are ASCII ones, foreign is the first byte of any character that is not ASCII. */
export type Opening = "digit" | "letter" | "foreign" | "+" | "(" | "%" | ";" | ":" | "_";

export interface Detector {
  readonly name: DetectorName;
  /** The share of values of the shape that pass by chance, 0 to 1; 0 where shape and rule are one. */
  readonly chance: number;
  /**
   * Whether a value can begin so. `run`: how many ASCII letters and digits stand there in a row, MAX_RUN for more; 0
   * where the opening is neither.
   */
  opens(opening: Opening, run: number): boolean;
  /** Of exactly `bytes[start, end)`, which neither begins nor ends with a space. */
  judge(bytes: Uint8Array, start: number, end: number): Verdict;
  /**
   * The end of the longest value that begins at `at` and is not followed by an ASCII letter or digit, or NONE. What
   * stands before is the caller's to judge, but for what would continue the value's own pattern; nothing before
   * `floor` is looked at.
   */
  endOf(bytes: Uint8Array, at: number, floor: number, end: number): number;
}

/** Longer runs of letters and digits are all the same to a detector. */
export const MAX_RUN = 40;
