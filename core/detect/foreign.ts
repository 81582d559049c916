// Letters outside ASCII, for addresses that have them: every character but the punctuation, spaces and symbols that
// commonly stand beside an address. The bytes are valid UTF-8; a character that `end` cuts is none.

/** How many bytes the letter at `at` has, or 0 where none outside ASCII begins there. */
export function foreignLetterBytes(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  const lead = bytes[at] ?? 0;
  const length = characterBytes(lead);
  if (length < 2 || at + length > end) return 0;
  return isLetter(codePoint(bytes, at, lead, length)) ? length : 0;
}

/** The end of the letters outside ASCII that begin at `at`, or of the one character there. */
export function foreignRowEnd(bytes: Uint8Array, at: number, end: number): number {
  let place = at;
  for (let length = 1; length > 0; place += length) length = foreignLetterBytes(bytes, place, end);
  return place > at ? place : Math.min(end, at + characterBytes(bytes[at] ?? 0));
}

/** Bytes of the character that begins with this byte: 1 for ASCII and for what begins none. */
function characterBytes(lead: number): number {
  if (lead < 0xc0) return 1;
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

function codePoint(bytes: Uint8Array, at: number, lead: number, length: number): number {
  let point = lead & (0xff >> (length + 1));
  for (let place = at + 1; place < at + length; place++) point = (point << 6) | ((bytes[place] ?? 0) & 0x3f);
  return point;
}

/** Latin-1's signs but ª, µ and º; punctuation and symbols; CJK punctuation; byte order mark; the full-width forms. */
function isLetter(point: number): boolean {
  if (point < 0xc0) return point === 0xaa || point === 0xb5 || point === 0xba;
  if (point === 0xd7 || point === 0xf7) return false;
  if (point >= 0x2000 && point <= 0x2bff) return false;
  if (point >= 0x3000 && point <= 0x303f) return false;
  if (point >= 0xfe00 && point <= 0xfe6f) return false;
  return point < 0xfeff || point > 0xffff;
}
