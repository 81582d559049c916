// The forms in which a canary could leave: the bytes as they are, and as programs print, escape, pack and turn them.

/** Shorter ones would be found by chance. */
export const LEAST_BYTES = 8;

export interface Pattern {
  readonly encoding: string;
  readonly bytes: Uint8Array;
}

type Encode = (bytes: Buffer) => readonly (Uint8Array | string)[];

const ENCODINGS: Readonly<Record<string, Encode>> = {
  "as it is": (bytes) => [bytes],
  "upper case": (bytes) => [upperCase(bytes)],
  "lower case": (bytes) => [lowerCase(bytes)],
  "UTF-16, little end first": (bytes) => [
    Uint8Array.from(codeUnits(bytes).flatMap((unit) => [unit & 0xff, unit >> 8])),
  ],
  "UTF-16, big end first": (bytes) => [
    Uint8Array.from(codeUnits(bytes).flatMap((unit) => [unit >> 8, unit & 0xff])),
  ],
  "hex, lower case": (bytes) => [bytes.toString("hex")],
  "hex, upper case": (bytes) => [bytes.toString("hex").toUpperCase()],
  "hex with spaces": (bytes) => [hexPairs(bytes).join(" ")],
  base64: (bytes) => phases(bytes, "base64"),
  base64url: (bytes) => phases(bytes, "base64url"),
  "URL-encoded": (bytes) => [
    hexPairs(bytes)
      .map((pair) => `%${pair.toUpperCase()}`)
      .join(""),
    hexPairs(bytes)
      .map((pair) => `%${pair}`)
      .join(""),
    Array.from(bytes, percentWhereNeeded).join(""),
  ],
  "JSON-escaped": (bytes) => {
    const units = codeUnits(bytes).map((unit) => unit.toString(16).padStart(4, "0"));
    return [
      units.map((unit) => `\\u${unit}`).join(""),
      units.map((unit) => `\\u${unit.toUpperCase()}`).join(""),
    ];
  },
  "decimal bytes": (bytes) => [
    Array.from(bytes).join(","),
    Array.from(bytes).join(", "),
    Array.from(bytes).join(" "),
  ],
  reversed: (bytes) => [Buffer.from(bytes).reverse()],
  "reversed text": (bytes) => [Array.from(bytes.toString("utf8")).reverse().join("")],
  inverted: (bytes) => [Buffer.from(bytes).map((byte) => byte ^ 0xff)],
};

export const ENCODING_NAMES: readonly string[] = Object.keys(ENCODINGS);

/** Every form of these bytes; of text, its UTF-8. */
export function patternsOf(canary: Uint8Array): readonly Pattern[] {
  const bytes = Buffer.from(canary);
  return Object.entries(ENCODINGS).flatMap(([encoding, encode]) =>
    encode(bytes).map((form) => ({ encoding, bytes: Buffer.from(form as string) })),
  );
}

/** The characters of base64 that depend on these bytes alone, at each of the three places where they can begin. */
function phases(bytes: Buffer, encoding: "base64" | "base64url"): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}

/** As UTF-16 has the text; bytes that are no text stand for themselves. */
function codeUnits(bytes: Buffer): number[] {
  const text = bytes.toString("utf8");
  const whole = Buffer.from(text).equals(bytes) ? text : bytes.toString("latin1");
  return Array.from({ length: whole.length }, (_, at) => whole.charCodeAt(at));
}

function hexPairs(bytes: Buffer): readonly string[] {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
}

function percentWhereNeeded(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9\-_.!~*'()]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function upperCase(bytes: Buffer): Uint8Array {
  return bytes.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte));
}

function lowerCase(bytes: Buffer): Uint8Array {
  return bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));
}
