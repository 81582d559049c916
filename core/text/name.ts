// Which strings may stand in a document that people read and sign: what they see is what it says. Look-alike letters
// of different scripts remain possible; digests and thumbprints, not names, decide anything.

const PLAIN = /^[\x20-\x7e]*$/;
/** Never in any string: controls, halves of characters, line separators, and what reorders or hides text. */
const UNSAFE = /[\p{Cc}\p{Surrogate}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\uFEFF]/u;
/** Never in a name besides: what has no shape of its own, and every space but U+0020. */
const SHAPELESS = /[\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;
const MAX_NAME_CHARS = 256;
const SHOWN_CHARS = 64;

/** Names that a plain object answers to by inheritance. A table looked up with one would find what nobody put there. */
const INHERITED: ReadonlySet<string> = new Set([
  "prototype",
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/** Whether a string may stand as a value: well-formed, NFC, nothing invisible that changes how the rest reads. */
export function isSafeText(text: string): boolean {
  return PLAIN.test(text) || (!UNSAFE.test(text) && text.normalize("NFC") === text);
}

/** Whether a string may be a member's, a column's or an output's name. */
export function isName(text: string): boolean {
  if (text === "" || text.length > MAX_NAME_CHARS || text !== text.trim() || INHERITED.has(text)) {
    return false;
  }
  return PLAIN.test(text) || (isSafeText(text) && !SHAPELESS.test(text));
}

/** One form for all names that a careless reader, or a file system, takes for the same. */
export function foldName(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return text.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFC");
}

/** As much of a name as an error repeats; cut between characters, so that it stays well-formed. */
export function shortName(text: string): string {
  return Array.from(text.slice(0, 2 * SHOWN_CHARS))
    .slice(0, SHOWN_CHARS)
    .join("");
}
