// What a column's name says of its values. snake_case, camelCase, spaces and other signs all part words. The phrase that
// ends last decides (last_login_ip is an ip), of those the longest. Names in other languages are not known.
import type { IdentifierName } from "./identifier.ts";
import { NAMES } from "./lexicon-names.ts";

const KIND = { other: 0, lower: 1, upper: 2, digit: 3 } as const;
type Kind = (typeof KIND)[keyof typeof KIND];

const WHOLE = "=";
/** Letters of the longest phrase; no run of words with more is looked up. */
const MAX_LETTERS = 40;
const MAX_NAME_CHARS = 256;

/** By the phrase without its spaces. */
const PHRASES = new Map<string, IdentifierName>();
const WHOLE_NAMES = new Map<string, IdentifierName>();
for (const [identifier, phrases] of Object.entries(NAMES)) {
  for (const phrase of phrases.split(", ")) {
    const letters = phrase.replaceAll(" ", "").replace(WHOLE, "");
    const table = phrase.startsWith(WHOLE) ? WHOLE_NAMES : PHRASES;
    table.set(letters, identifier as IdentifierName);
  }
}

/** The class of identifiers that a column of this name likely has, or null. Names past 256 characters say nothing. */
export function findIdentifier(name: string): IdentifierName | null {
  if (name.length > MAX_NAME_CHARS) return null;
  const words = wordsOf(name);
  const whole = words.join("");
  const known = WHOLE_NAMES.get(whole) ?? PHRASES.get(whole);
  if (known !== undefined) return known;
  for (let end = words.length; end > 0; end--) {
    const found = phraseBefore(words, end);
    if (found !== null) return found;
  }
  return null;
}

/** The longest phrase that ends before the word at `end`. */
function phraseBefore(words: readonly string[], end: number): IdentifierName | null {
  let found: IdentifierName | null = null;
  let letters = "";
  for (let first = end - 1; first >= 0 && letters.length <= MAX_LETTERS; first--) {
    letters = (words[first] ?? "") + letters;
    found = PHRASES.get(letters) ?? found;
  }
  return found;
}

/** Lower-case words of ASCII letters, and numbers: "patientSSN_4" is patient, ssn, 4. */
function wordsOf(name: string): readonly string[] {
  const words: string[] = [];
  let word = "";
  let before: Kind = KIND.other;
  const characters = Array.from(name.normalize("NFKC"));
  for (const [index, character] of characters.entries()) {
    const kind = kindOf(character);
    const isLowerNext = kindOf(characters[index + 1] ?? " ") === KIND.lower;
    // SSNNumber: the last capital before a small letter begins a word.
    const isCamel = kind === KIND.upper && (before === KIND.lower || (before === KIND.upper && isLowerNext));
    const isChange = (kind === KIND.digit) !== (before === KIND.digit);
    if (word !== "" && (kind === KIND.other || isCamel || isChange)) {
      words.push(word);
      word = "";
    }
    if (kind !== KIND.other) word += character.toLowerCase();
    before = kind;
  }
  return word === "" ? words : [...words, word];
}

function kindOf(character: string): Kind {
  if (character >= "a" && character <= "z") return KIND.lower;
  if (character >= "A" && character <= "Z") return KIND.upper;
  return character >= "0" && character <= "9" && character.length === 1 ? KIND.digit : KIND.other;
}
