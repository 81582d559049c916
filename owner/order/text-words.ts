// Text as little-endian words: copied and compared four bytes a step, where a call to copy so few bytes would cost more
// than the bytes.

/** Bytes of the last word of a text that has so many bytes: a mask of those that are part of it. */
function lastMask(length: number): number {
  return (1 << ((length & 3) << 3)) - 1;
}

/** How many words a text fills; the last is padded with zeros. */
export function textWords(length: number): number {
  return (length + 3) >> 2;
}

/** Copies text that begins at byte `start`, wherever in a word that is, to whole words from `at` on. */
export function copyText(
  source: Int32Array,
  start: number,
  length: number,
  target: Int32Array,
  at: number,
): void {
  const from = start >> 2;
  const whole = length >> 2;
  const shift = (start & 3) << 3;
  if (shift === 0) {
    for (let i = 0; i < whole; i += 1) target[at + i] = source[from + i] ?? 0;
    if ((length & 3) !== 0) target[at + whole] = (source[from + whole] ?? 0) & lastMask(length);
    return;
  }
  let low = source[from] ?? 0;
  for (let i = 0; i < whole; i += 1) {
    const high = source[from + i + 1] ?? 0;
    target[at + i] = (low >>> shift) | (high << (32 - shift));
    low = high;
  }
  if ((length & 3) === 0) return;
  const isSplit = (length & 3) * 8 + shift > 32;
  const high = isSplit ? (source[from + whole + 1] ?? 0) : 0;
  target[at + whole] = ((low >>> shift) | (high << (32 - shift))) & lastMask(length);
}

/** Whether two texts of the same length, each from the start of a word on and padded with zeros, are equal. */
export function equalWords(a: Int32Array, atA: number, b: Int32Array, atB: number, words: number): boolean {
  for (let i = 0; i < words; i += 1) {
    if (a[atA + i] !== b[atB + i]) return false;
  }
  return true;
}

/**
 * Copies text that stands in whole words, padded with zeros, to byte `end` on, wherever in a word that is. What stands
 * after the text in its last word is zero then.
 */
export function appendText(
  source: Int32Array,
  at: number,
  length: number,
  target: Int32Array,
  end: number,
): void {
  const words = textWords(length);
  const shift = (end & 3) << 3;
  let to = end >> 2;
  if (shift === 0) {
    for (let i = 0; i < words; i += 1) target[to + i] = source[at + i] ?? 0;
    return;
  }
  let carried = (target[to] ?? 0) & ((1 << shift) - 1);
  for (let i = 0; i < words; i += 1, to += 1) {
    const word = source[at + i] ?? 0;
    target[to] = carried | (word << shift);
    carried = word >>> (32 - shift);
  }
  target[to] = carried;
}
