// The sources as the compiler reads them: a second opinion on local/module-graph.ts, which reads them by pattern.
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import ts from "typescript";

/** Paths below the root, with "/", of all TypeScript files of a folder. */
export async function filesOf(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { recursive: true });
  return entries
    .map((entry) => posix.join(folder, entry.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".ts"))
    .sort();
}

export interface Source {
  readonly path: string;
  /** Everything that is imported or exported from, in whichever way, types included. */
  readonly imports: readonly string[];
  readonly tree: ts.SourceFile;
}

export async function readSource(root: string, path: string): Promise<Source> {
  return parseSource(path, await readFile(join(root, path), "utf8"));
}

export function parseSource(path: string, text: string): Source {
  return {
    path,
    imports: ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName),
    tree: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true),
  };
}

/** The file of the repository that a relative import means. */
export function resolveImport(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

/** All files that the entries reach, and what they import from outside. */
export async function reach(
  root: string,
  entries: readonly string[],
): Promise<{ readonly files: readonly string[]; readonly outside: ReadonlySet<string> }> {
  const files = new Set<string>();
  const outside = new Set<string>();
  const pending = [...entries];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const specifier of (await readSource(root, path)).imports) {
      if (specifier.startsWith(".")) pending.push(resolveImport(path, specifier));
      else outside.add(specifier);
    }
  }
  return { files: [...files].sort(), outside };
}

/** `@scope/name/path` and `name/path` to the package's name. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function visit(node: ts.Node, use: (node: ts.Node) => void): void {
  use(node);
  ts.forEachChild(node, (child) => {
    visit(child, use);
  });
}

/** `object.name` and `object["name"]`. */
function memberOf(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) return `${node.expression.getText()}.${node.name.text}`;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return `${node.expression.getText()}.${node.argumentExpression.text}`;
  }
  return null;
}

const AMBIENT_MEMBERS: ReadonlySet<string> = new Set([
  ...[
    "env",
    "argv",
    "execArgv",
    "argv0",
    "title",
    "cwd",
    "hrtime",
    "uptime",
    "getBuiltinModule",
    "binding",
    "dlopen",
  ].map((name) => `process.${name}`),
  "Date.now",
  "Math.random",
  "performance.now",
  "performance.timeOrigin",
]);
/** Of node:process, and of objects that are taken apart. */
const AMBIENT_NAMES: ReadonlySet<string> = new Set(["env", "argv", "execArgv", "hrtime", "getBuiltinModule"]);
/** What could name a module, or run text, that the graph does not see. */
const LOADERS: ReadonlySet<string> = new Set(["require", "createRequire", "eval", "Function", "globalThis"]);

/** What a file takes from its surroundings without being given it: `Date.now`, `import()`, ... */
export function ambientReads({ tree }: Source): readonly string[] {
  const found: string[] = [];
  visit(tree, (node) => {
    const member = memberOf(node);
    if (member !== null && AMBIENT_MEMBERS.has(member.replace(/^globalThis\./, ""))) found.push(member);
    if (
      ts.isNewExpression(node) &&
      node.expression.getText() === "Date" &&
      (node.arguments?.length ?? 0) === 0
    ) {
      found.push("new Date()");
    }
    if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) found.push("import()");
      if (node.expression.getText() === "Date") found.push("Date()");
      if (node.expression.getText() === "import.meta.resolve") found.push("import.meta.resolve");
    }
    if (ts.isIdentifier(node) && LOADERS.has(node.text) && memberOf(node.parent) !== "globalThis.crypto") {
      found.push(node.text);
    }
    if (ts.isImportSpecifier(node) && ts.isImportDeclaration(node.parent.parent.parent)) {
      const { moduleSpecifier } = node.parent.parent.parent;
      const name = (node.propertyName ?? node.name).text;
      const module = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : "";
      if (/^(node:)?process$/.test(module) && AMBIENT_NAMES.has(name)) found.push(`process.${name}`);
    }
    if (
      ts.isVariableDeclaration(node) &&
      node.initializer?.getText() === "process" &&
      ts.isObjectBindingPattern(node.name)
    ) {
      found.push("process, taken apart");
    }
  });
  return found;
}
