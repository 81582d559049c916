// Numbers with check digits, made by the rule and not by the detectors.

/** A number of 16 digits in VISA's range, with its check digit. */
export function cardNumber(serial: number): string {
  const head = `4${String(serial).padStart(14, "0")}`;
  const sum = Array.from(head)
    .reverse()
    .map((digit, at) => (at % 2 === 0 ? 2 * Number(digit) : Number(digit)))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return `${head}${(10 - (sum % 10)) % 10}`;
}

export const cards = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => cardNumber(7_919 * at + 1_234_567));

/** Nine digits with dashes, of numbers that are issued. */
export const issuedSsns = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${212 + (at % 300)}-${10 + (at % 80)}-${1_000 + at}`);
