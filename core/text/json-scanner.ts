// A JSON reader (RFC 8259) for hostile text. It checks before it builds: nesting before it descends, names before
// they become members, numbers before they lose digits. Leaves out nothing of JSON's grammar and adds nothing to it.
import { SealroomError } from "../errors.ts";
import type { Details, ErrorCode } from "../errors.ts";
import type { JsonArray, JsonObject, JsonValue, TextLimits } from "../json.ts";
import { parseNumber } from "./number.ts";
import { isName, isSafeText, shortName } from "./name.ts";

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?[0-9][0-9.eE+-]*/y;
/** RFC 8259 §7: what stands in a string unescaped. */
const UNESCAPED = /[ !#-[\]-\uffff]*/y;
const UNICODE_ESCAPE = /[0-9a-fA-F]{4}/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const WORDS: readonly (readonly [string, null | boolean])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
];

/** Reads one document. One instance reads one text once. */
export class JsonScanner {
  readonly #text: string;
  readonly #depth: number;
  #at = 0;
  #valuesLeft: number;

  constructor(text: string, limits: TextLimits) {
    this.#text = text;
    this.#depth = limits.depth;
    this.#valuesLeft = limits.values;
  }

  /** The text's one value; nothing may follow it. */
  document(): JsonValue {
    this.#space();
    const value = this.#value(0);
    if (this.#at < this.#text.length) throw this.#fault("JSON_SYNTAX");
    return value;
  }

  /** Every value and its trailing space. */
  #value(depth: number): JsonValue {
    if (this.#valuesLeft-- <= 0) throw this.#fault("JSON_SIZE");
    const first = this.#text[this.#at];
    let value: JsonValue;
    if (first === "{" || first === "[") {
      if (depth >= this.#depth) throw this.#fault("JSON_DEPTH", { limit: this.#depth });
      this.#at++;
      this.#space();
      value = first === "{" ? this.#members(depth + 1) : this.#elements(depth + 1);
    } else if (first === '"') {
      value = this.#string();
      if (!isSafeText(value)) throw this.#fault("JSON_STRING");
    } else {
      value = first !== undefined && /[-0-9]/.test(first) ? this.#number() : this.#word();
    }
    this.#space();
    return value;
  }

  #members(depth: number): JsonObject {
    const object = Object.create(null) as Record<string, JsonValue>;
    if (this.#take("}")) return object;
    do {
      this.#space();
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#fault("JSON_SYNTAX");
      const name = this.#string();
      if (!isName(name)) throw this.#fault("JSON_KEY", {}, start);
      // The object has no prototype, so this finds its own members only.
      if (name in object) throw this.#fault("JSON_DUPLICATE", { name: shortName(name) }, start);
      this.#space();
      if (!this.#take(":")) throw this.#fault("JSON_SYNTAX");
      this.#space();
      object[name] = this.#value(depth);
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#fault("JSON_SYNTAX");
    return object;
  }

  #elements(depth: number): JsonArray {
    const array: JsonValue[] = [];
    if (this.#take("]")) return array;
    do {
      this.#space();
      array.push(this.#value(depth));
    } while (this.#take(","));
    if (!this.#take("]")) throw this.#fault("JSON_SYNTAX");
    return array;
  }

  #string(): string {
    this.#at++;
    let text = this.#match(UNESCAPED);
    while (this.#take("\\")) text += this.#escape() + this.#match(UNESCAPED);
    if (!this.#take('"')) throw this.#fault("JSON_SYNTAX");
    return text;
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? "";
    const character = ESCAPES.get(letter);
    if (character === undefined && letter !== "u") throw this.#fault("JSON_SYNTAX");
    this.#at++;
    if (character !== undefined) return character;
    const digits = this.#match(UNICODE_ESCAPE);
    if (digits === "") throw this.#fault("JSON_SYNTAX");
    return String.fromCharCode(parseInt(digits, 16));
  }

  #number(): number {
    const start = this.#at;
    const number = parseNumber(this.#match(NUMBER));
    if (number === "syntax") throw this.#fault("JSON_SYNTAX", {}, start);
    if (number === "range") throw this.#fault("JSON_NUMBER", {}, start);
    return number;
  }

  #word(): null | boolean {
    const found = WORDS.find(([word]) => this.#text.startsWith(word, this.#at));
    if (found === undefined) throw this.#fault("JSON_SYNTAX");
    this.#at += found[0].length;
    return found[1];
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #fault(code: ErrorCode, details: Details = {}, at: number = this.#at): SealroomError {
    const before = this.#text.slice(0, at);
    const lineStart = before.lastIndexOf("\n") + 1;
    return new SealroomError(code, {
      ...details,
      line: before.split("\n").length,
      column: at - lineStart + 1,
    });
  }
}
