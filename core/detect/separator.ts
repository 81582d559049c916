// What people put between the groups of a number: spaces, dashes and dots, the look-alikes that word processors make of
// them (no-break and thin spaces, hyphens and dashes from U+2010 on, the minus sign) as well.

export const SEPARATOR = { space: 1, dash: 2, dot: 4 } as const;
const KINDS = 7;
export const MAX_SEPARATOR_BYTES = 3;

/** The kind and the bytes of the separator at `at`, packed; 0 where there is none. */
export function separatorAt(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  const byte = bytes[at] ?? 0;
  if (byte === 0x20) return packed(SEPARATOR.space, 1);
  if (byte === 0x2d) return packed(SEPARATOR.dash, 1);
  if (byte === 0x2e) return packed(SEPARATOR.dot, 1);
  if (byte === 0xc2 && at + 1 < end) return packed(kindInLatin(bytes[at + 1] ?? 0), 2);
  if (byte === 0xe2 && at + 2 < end) {
    return packed(kindInPunctuation(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0), 3);
  }
  return 0;
}

export function kindOf(separator: number): number {
  return separator & KINDS;
}

export function bytesOf(separator: number): number {
  return separator >> 3;
}

function packed(kind: number, bytes: number): number {
  return kind === 0 ? 0 : kind | (bytes << 3);
}

/** U+00A0, the no-break space, and U+00AD, the soft hyphen. */
function kindInLatin(second: number): number {
  return second === 0xa0 ? SEPARATOR.space : second === 0xad ? SEPARATOR.dash : 0;
}

/** U+2007, U+2009 and U+202F; U+2010 to U+2015 and U+2212. */
function kindInPunctuation(second: number, third: number): number {
  if (second === 0x88) return third === 0x92 ? SEPARATOR.dash : 0;
  if (second !== 0x80) return 0;
  if (third === 0x87 || third === 0x89 || third === 0xaf) return SEPARATOR.space;
  return third >= 0x90 && third <= 0x95 ? SEPARATOR.dash : 0;
}
