// Classes of bytes. A word is a run of ASCII letters and digits: an underscore, or a letter outside ASCII, ends it, so
// that neither hides what stands beside it.

export const CLASS = { digit: 1, letter: 2, word: 3 } as const;

const CLASSES = new Uint8Array(256);
for (let byte = 0x30; byte <= 0x39; byte++) CLASSES[byte] = CLASS.digit;
for (let byte = 0x41; byte <= 0x5a; byte++) CLASSES[byte] = CLASSES[byte + 0x20] = CLASS.letter;

/** One of CLASS's digit and letter, or 0. */
export function classOf(byte: number): number {
  return CLASSES[byte] ?? 0;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The byte, or 0 at and past `end`. */
export function peek(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? (bytes[at] ?? 0) : 0;
}

/** Whether no word goes on at `at`. */
export function isWordOver(bytes: Uint8Array, at: number, end: number): boolean {
  return at >= end || classOf(bytes[at] ?? 0) === 0;
}

/** The end of the word that begins at `at`. */
export function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  while (place < end && classOf(bytes[place] ?? 0) !== 0) place++;
  return place;
}

/** The end of the digits that begin at `at`, of which at most `most` are read. */
export function digitsEnd(bytes: Uint8Array, at: number, end: number, most: number): number {
  const stop = Math.min(end, at + most);
  let place = at;
  while (place < stop && isDigit(bytes[place] ?? 0)) place++;
  return place;
}

/** A to Z for a to z; every other byte as it is. */
export function upperCase(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
}
