// YAML as people write job and rules files, cut down to what JSON can say: mappings, sequences and scalars of the 1.2
// core schema. No anchors, aliases, tags, directives or merge keys. Numbers and booleans are those of JSON; `no`,
// `off` and dates are strings, and what would be a number in YAML only (0x1F, 007, .5) has to be quoted.
import { Composer, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from "yaml";
import type { CST, Document, Scalar } from "yaml";
import { SealroomError } from "../errors.ts";
import type { Details, ErrorCode } from "../errors.ts";
import type { JsonValue, TextLimits } from "../json.ts";
import { isName, isSafeText, shortName } from "./name.ts";
import { parseNumber } from "./number.ts";

/** For text that a person wrote. */
export const YAML_LIMITS: TextLimits = { bytes: 256 * 1024, depth: 32, values: 65_536 };

/** The parser's stack holds the document and a scalar besides what nests. */
const SPARE_TOKENS = 8;

const REFUSED: ReadonlyMap<string, string> = new Map([
  ["anchor", "an anchor"],
  ["alias", "an alias"],
  ["tag", "a tag"],
  ["directive", "a directive"],
  ["directive-line", "a directive"],
  ["byte-order-mark", "a byte order mark"],
]);

/**
 * The value of one YAML document. Errors: JSON_SIZE, JSON_DEPTH, JSON_DUPLICATE, JSON_KEY, JSON_NUMBER, JSON_STRING,
 * YAML_SYNTAX, YAML_FEATURE, with `line` and `column` where there is a place.
 */
export function parseYaml(text: string, limits: TextLimits = YAML_LIMITS): JsonValue {
  if (text.length > limits.bytes) throw new SealroomError("JSON_SIZE", { limit: limits.bytes });
  const lines = new LineCounter();
  const reader = new YamlReader(lines, limits);
  // The token tree is built without recursion, so nesting is measured before anything recurses over it.
  const tokens = reader.tokens(text);
  reader.checkTokens(tokens);
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    strict: true,
    merge: false,
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document] = documents;
  if (document === undefined || documents.length > 1) {
    throw new SealroomError("YAML_FEATURE", { fault: "several documents" });
  }
  return reader.document(document);
}

/** What may follow a value or a collection on its line; a flow collection begins with its own bracket. */
const ENDS: ReadonlySet<string> = new Set(["space", "comment", "newline", "flow-map-end", "flow-seq-end"]);

function isStrange(token: CST.Token | undefined): boolean {
  if (token?.type === "error") return true;
  if (token === undefined || !("end" in token)) return false;
  const last = token.end.at(-1);
  return last !== undefined && !ENDS.has(last.type);
}

class YamlReader {
  readonly #lines: LineCounter;
  readonly #limits: TextLimits;
  #valuesLeft: number;

  constructor(lines: LineCounter, limits: TextLimits) {
    this.#lines = lines;
    this.#limits = limits;
    this.#valuesLeft = limits.values;
  }

  /**
   * Stops as soon as more is open than any text may nest: what lies deep takes the parser long. And at the first word
   * out of place: the composer makes an error with a stack of its own of each, and there may be thousands.
   */
  tokens(text: string): readonly CST.Token[] {
    const parser = new Parser(this.#lines.addNewLine);
    this.#lines.addNewLine(0);
    const tokens: CST.Token[] = [];
    for (const lexeme of new Lexer().lex(text)) {
      const offset = parser.offset;
      tokens.push(...parser.next(lexeme));
      if (isStrange(parser.stack.at(-1)) || isStrange(tokens.at(-1))) {
        throw this.#fault("YAML_SYNTAX", offset);
      }
      if (parser.stack.length > this.#limits.depth + SPARE_TOKENS) {
        throw new SealroomError("JSON_DEPTH", { limit: this.#limits.depth });
      }
    }
    return [...tokens, ...parser.end()];
  }

  checkTokens(tokens: readonly CST.Token[]): void {
    const pending: { readonly token: CST.Token; readonly depth: number }[] = [];
    const add = (token: CST.Token | null | undefined, depth: number): void => {
      if (token !== null && token !== undefined) pending.push({ token, depth });
    };
    for (const token of tokens) add(token, 0);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { token, depth } = next;
      const feature = REFUSED.get(token.type);
      if (feature !== undefined) throw this.#fault("YAML_FEATURE", token.offset, { fault: feature });
      if ("items" in token && depth >= this.#limits.depth) {
        throw this.#fault("JSON_DEPTH", token.offset, { limit: this.#limits.depth });
      }
      if ("props" in token) {
        token.props.forEach((part) => {
          add(part, depth);
        });
      }
      if ("start" in token && Array.isArray(token.start)) {
        token.start.forEach((part) => {
          add(part, depth);
        });
      }
      if (token.type === "document") add(token.value, depth);
      if (!("items" in token)) continue;
      for (const { start, key, sep, value } of token.items) {
        for (const part of [...start, ...(sep ?? [])]) add(part, depth + 1);
        add(key, depth + 1);
        add(value, depth + 1);
      }
    }
  }

  document(document: Document.Parsed): JsonValue {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw this.#fault("YAML_SYNTAX", fault.pos[0]);
    return this.#value(document.contents);
  }

  #value(node: unknown): JsonValue {
    if (this.#valuesLeft-- <= 0) throw new SealroomError("JSON_SIZE", { limit: this.#limits.values });
    if (node === null) return null;
    if (isSeq(node)) return node.items.map((item) => this.#value(item));
    if (isScalar(node)) return this.#scalar(node);
    if (!isMap(node)) throw new SealroomError("YAML_FEATURE", { fault: "an unknown node" });
    const object = Object.create(null) as Record<string, JsonValue>;
    for (const { key, value } of node.items) {
      const at = isScalar(key) ? key.range?.[0] : node.range?.[0];
      const name = isScalar(key) ? key.value : undefined;
      if (name === "<<") throw this.#fault("YAML_FEATURE", at, { fault: "a merge key" });
      if (typeof name !== "string" || !isName(name)) throw this.#fault("JSON_KEY", at);
      if (name in object) throw this.#fault("JSON_DUPLICATE", at, { name: shortName(name) });
      object[name] = this.#value(value);
    }
    return object;
  }

  #scalar({ value, source, range }: Scalar): JsonValue {
    const at = range?.[0];
    if (typeof value === "string") {
      if (!isSafeText(value)) throw this.#fault("JSON_STRING", at);
      return value;
    }
    if (value === null || value === true || value === false) {
      // One spelling each: `True` and `~` read differently in other YAML versions.
      if (source !== String(value) && source !== "") {
        throw this.#fault("YAML_FEATURE", at, { fault: "a word to quote" });
      }
      return value;
    }
    const number = parseNumber(source ?? "");
    if (number === "range") throw this.#fault("JSON_NUMBER", at);
    if (number === "syntax") throw this.#fault("YAML_FEATURE", at, { fault: "a number to quote" });
    return number;
  }

  #fault(code: ErrorCode, offset: number | undefined, details: Details = {}): SealroomError {
    if (offset === undefined) return new SealroomError(code, details);
    const { line, col } = this.#lines.linePos(offset);
    return new SealroomError(code, { ...details, line, column: col });
  }
}
