// JavaScript as tokens (ECMA-262 §12), enough to tell code from comments, strings, templates and regular expressions.
// Whether a slash divides or begins a regular expression is told by the token before it; where that guess is wrong the
// text does not come apart as JavaScript, and is refused.
import { SealroomError } from "../../core/errors.ts";

export interface Token {
  /** `value` is what is not looked into: a number, a template, a regular expression. */
  readonly kind: "word" | "string" | "mark" | "value";
  /** Of a string, what it says; null where it has escapes. */
  readonly text: string | null;
}

const SPACE = /[\s\ufeff]+/y;
const COMMENT = /\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\//y;
const HASHBANG = /^#![^\n]*/;
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\.?\d(?:[\w.]|(?<=[eE])[+-])*/y;
const STRING = /"(?:[^"\\\n\r]|\\(?:\r\n|[^]))*"|'(?:[^'\\\n\r]|\\(?:\r\n|[^]))*'/y;
/** Up to the next `${` or the end. */
const TEMPLATE = /(?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y;
const REGEXP = /\/(?:[^[\\/\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+\/\w*/y;
const MARK = /[{}()[\].;,<>+\-*%&|^!~?:=@/]/y;
/** Words after which an expression begins. */
const BEFORE_EXPRESSION: ReadonlySet<string> = new Set([
  ...["return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case", "do", "else"],
  ...["yield", "await", "default", "extends"],
]);

/** Errors: IMAGE_IMPORT, with the file. */
export function tokenize(file: string, source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** Of each brace that is open: whether a template goes on behind it. */
  const braces: ("block" | "template")[] = [];
  let at = HASHBANG.exec(source)?.[0].length ?? 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  const template = (): void => {
    const found = match(TEMPLATE);
    if (found === null) throw new SealroomError("IMAGE_IMPORT", { file, position: at });
    if (found.endsWith("${")) braces.push("template");
    tokens.push(found.endsWith("${") ? { kind: "mark", text: "${" } : { kind: "value", text: null });
  };
  while (at < source.length) {
    if (match(SPACE) !== null || match(COMMENT) !== null) continue;
    const word = match(WORD);
    if (word !== null) tokens.push({ kind: "word", text: word });
    else if (match(NUMBER) !== null) tokens.push({ kind: "value", text: null });
    else if (source[at] === "/" && beginsExpression(tokens.at(-1)) && match(REGEXP) !== null) {
      tokens.push({ kind: "value", text: null });
    } else if (source[at] === "`") {
      at++;
      template();
    } else {
      const string = match(STRING);
      const mark = string === null ? match(MARK) : null;
      if (string !== null) {
        tokens.push({ kind: "string", text: string.includes("\\") ? null : string.slice(1, -1) });
      } else if (mark === "}" && braces.pop() === "template") {
        template();
      } else if (mark !== null) {
        if (mark === "{") braces.push("block");
        tokens.push({ kind: "mark", text: mark });
      } else throw new SealroomError("IMAGE_IMPORT", { file, position: at });
    }
  }
  if (braces.length > 0) throw new SealroomError("IMAGE_IMPORT", { file, position: at });
  return tokens;
}

function beginsExpression(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "word") return BEFORE_EXPRESSION.has(before.text ?? "");
  return before.kind === "mark" && ![")", "]", "}"].includes(before.text ?? "");
}
