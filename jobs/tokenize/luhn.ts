// Luhn sums (ISO/IEC 7812-1 annex B) of rows of digits.

const DOUBLED = Uint8Array.of(0, 2, 4, 6, 8, 1, 3, 5, 7, 9);
const ZERO = 0x30;

/** The sum modulo 10 of ASCII digits: 0 for a number whose check digit is right. */
export function luhnResidue(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = end - 1; at >= start; at -= 2) {
    sum += (bytes[at] ?? 0) - ZERO;
    if (at > start) sum += DOUBLED[(bytes[at - 1] ?? 0) - ZERO] ?? 0;
  }
  return sum % 10;
}
