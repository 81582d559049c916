// Strict UTF-8 over a whole column buffer (RFC 3629 §4: no overlong forms, no surrogates, nothing past
// U+10FFFF), four ASCII bytes a step. Own code since a decoder would allocate the text to check it.

/** Whether `bytes[start, end)` is valid UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = skipAscii(bytes, start, end);
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    if (length === 0) return false;
    at += length;
    if (at < end && byteAt(bytes, at) < 0x80) at = skipAscii(bytes, at, end);
  }
  return true;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** The first index in [start, end) whose byte is not ASCII, or `end`. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && ((bytes.byteOffset + at) & 3) !== 0) {
    if (byteAt(bytes, at) >= 0x80) return at;
    at += 1;
  }
  const count = (end - at) >> 2;
  if (count > 4) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, count);
    let word = 0;
    while (word < count && ((words[word] ?? 0) & 0x8080_8080) === 0) word += 1;
    at += word * 4;
  }
  while (at < end && byteAt(bytes, at) < 0x80) at += 1;
  return at;
}

/** Bytes of the well-formed sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = byteAt(bytes, at);
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > end) return 0;
  const second = byteAt(bytes, at + 1);
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let i = 2; i < length; i += 1) {
    if ((byteAt(bytes, at + i) & 0xc0) !== 0x80) return 0;
  }
  return length;
}
