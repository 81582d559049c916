// What a JavaScript file loads: imports and requires by name, and the words by which it could load something whose name
// does not stand there. The caller has to know each of those (loads.ts) or refuse the file.
import { SealroomError } from "../../core/errors.ts";
import { tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

export interface Imports {
  /** Specifiers of `import` and `export ... from`, and of `import("...")`. */
  readonly imported: readonly string[];
  /** Specifiers of `require("...")`. */
  readonly required: readonly string[];
  /** `import()` of something else than a string, `require` as a value, `Worker`, `import.meta.url`, ...: each once, ascending. */
  readonly loaders: readonly string[];
}

/**
 * Names by which code is loaded, wherever they stand. A name put together at run time is not seen: this is for files whose
 * writers hide nothing, as pinned packages are.
 */
const LOADERS: ReadonlySet<string> = new Set([
  ...["Worker", "SharedWorker", "Function", "eval", "createRequire", "dlopen", "getBuiltinModule"],
  ...["importScripts", "registerHooks", "_linkedBinding"],
]);
/** Modules of Node that run what they are given. */
const LOADING_MODULES: ReadonlySet<string> = new Set(
  ["module", "vm", "child_process", "cluster", "repl", "wasi", "inspector"].flatMap((name) => [
    name,
    `node:${name}`,
  ]),
);

/** Errors: IMAGE_IMPORT, with the file. */
export function findImports(file: string, source: string): Imports {
  const tokens = tokenize(file, source);
  const imported: string[] = [];
  const required: string[] = [];
  const loaders = new Set<string>();
  for (const [at, { kind, text }] of tokens.entries()) {
    if (text === null) continue;
    // A member by its name in brackets, as in `globalThis["Worker"]`.
    if (
      kind === "string" &&
      LOADERS.has(text) &&
      isMark(tokens[at - 1], "[") &&
      isMark(tokens[at + 1], "]")
    ) {
      loaders.add(text);
    }
    if (kind !== "word") continue;
    const isMember = isMark(tokens[at - 1], ".") && !isMark(tokens[at - 2], ".");
    // As a key too: `const { Worker: W } = threads` takes it apart under another name.
    if (LOADERS.has(text)) loaders.add(text);
    if (isMember && text === "require") loaders.add("require");
    if (isMember && text === "binding" && isWord(tokens[at - 2], "process")) loaders.add("process.binding");
    if (isMember || isKey(tokens, at)) continue;
    if (text === "import") readImport(file, tokens, at, imported, loaders);
    if (text === "export") imported.push(...exportedFrom(file, tokens, at));
    if (text === "require") {
      const specifier = onlyArgument(tokens, at + 1);
      if (specifier === null) loaders.add("require");
      else required.push(specifier);
    }
  }
  for (const name of [...imported, ...required]) if (LOADING_MODULES.has(name)) loaders.add(name);
  return { imported: unique(imported), required: unique(required), loaders: unique([...loaders]) };
}

function readImport(
  file: string,
  tokens: readonly Token[],
  at: number,
  imported: string[],
  loaders: Set<string>,
): void {
  if (isMark(tokens[at + 1], ".")) {
    // import.meta.url and its like name places, and import.meta.resolve finds them.
    loaders.add(`import.meta.${isMark(tokens[at + 3], ".") ? (tokens[at + 4]?.text ?? "") : ""}`);
    return;
  }
  if (isMark(tokens[at + 1], "(")) {
    const specifier = onlyArgument(tokens, at + 1);
    if (specifier === null) loaders.add("import()");
    else imported.push(specifier);
    return;
  }
  imported.push(
    tokens[at + 1]?.kind === "string" ? named(file, tokens[at + 1]) : fromClause(file, tokens, at),
  );
}

function exportedFrom(file: string, tokens: readonly Token[], at: number): readonly string[] {
  if (isMark(tokens[at + 1], "*")) return [fromClause(file, tokens, at)];
  if (!isMark(tokens[at + 1], "{")) return [];
  const end = closing(tokens, at + 1);
  return isWord(tokens[end + 1], "from") && tokens[end + 2]?.kind === "string"
    ? [named(file, tokens[end + 2])]
    : [];
}

/** The string behind the `from` of the declaration that begins at `at`; names in braces are passed over. */
function fromClause(file: string, tokens: readonly Token[], at: number): string {
  for (let index = at + 1; index < tokens.length; index++) {
    if (isMark(tokens[index], "{")) index = closing(tokens, index);
    else if (isMark(tokens[index], ";")) break;
    else if (isWord(tokens[index], "from") && tokens[index + 1]?.kind === "string") {
      return named(file, tokens[index + 1]);
    }
  }
  throw new SealroomError("IMAGE_IMPORT", { file, statement: "import" });
}

function named(file: string, token: Token | undefined): string {
  if (token?.kind !== "string" || token.text === null) {
    throw new SealroomError("IMAGE_IMPORT", { file, statement: "import" });
  }
  return token.text;
}

/** Of `("text")` or `("text", ...)`; null for anything else. */
function onlyArgument(tokens: readonly Token[], open: number): string | null {
  const [argument, after] = [tokens[open + 1], tokens[open + 2]];
  const isOnly = isMark(tokens[open], "(") && (isMark(after, ")") || isMark(after, ","));
  return isOnly && argument?.kind === "string" ? argument.text : null;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    if (isMark(tokens[index], "{")) depth++;
    if (isMark(tokens[index], "}") && --depth === 0) return index;
  }
  return tokens.length;
}

/** `name:` in an object: a name like any other. */
function isKey(tokens: readonly Token[], at: number): boolean {
  const isBefore = isMark(tokens[at - 1], "{") || isMark(tokens[at - 1], ",");
  return isBefore && isMark(tokens[at + 1], ":");
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === "mark" && token.text === text;
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
