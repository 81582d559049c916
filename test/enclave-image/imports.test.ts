// What a file loads, read from its text: held to the TypeScript compiler's own reading over every package file that the
// image has, and to a table of what other readers get wrong.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { SealroomError } from "../../core/errors.ts";
import { findImports } from "../../host-driver/enclave/imports.ts";
import { ROOT } from "../host/tree.ts";

interface Found {
  readonly imported?: readonly string[];
  readonly required?: readonly string[];
  readonly loaders?: readonly string[];
}

const CASES: readonly (readonly [source: string, found: Found])[] = [
  ['import a from "a";', { imported: ["a"] }],
  ["import'a'", { imported: ["a"] }],
  ['import * as a from "a"; import { b as c, "x y" as d } from \'b\';', { imported: ["a", "b"] }],
  [
    'import from from "a"; import { from } from "b"; import x, { from as from } from "c"',
    { imported: ["a", "b", "c"] },
  ],
  ['import a\nfrom\n"a"', { imported: ["a"] }],
  ['import data from "./a.json" with { type: "json" };', { imported: ["./a.json"] }],
  [
    'export * from "a"; export * as b from "b"; export { c } from "c"; export {};',
    { imported: ["a", "b", "c"] },
  ],
  ['export { x }; from; "no"; export const from = "d"; export default "e";', {}],
  ['export function f() { return "from"; } export class C { from = "x" }', {}],
  [
    'await import("a"); import("b", { with: {} }); x = () => import(`c`);',
    { imported: ["a", "b"], loaders: ["import()"] },
  ],
  ["import(name); import('a' + b)", { loaders: ["import()"] }],
  ['import("\\u0061")', { loaders: ["import()"] }],
  ["require(\"a\"); const { b } = require('b').c;", { required: ["a", "b"] }],
  ["require(name)", { loaders: ["require"] }],
  ['require.resolve("a"); module.require("b"); f(require)', { loaders: ["require"] }],
  [
    "new URL('./x', import.meta.url); import.meta.dirname",
    { loaders: ["import.meta.dirname", "import.meta.url"] },
  ],
  ["const { url } = import.meta", { loaders: ["import.meta."] }],
  ['import.meta.resolve("a")', { loaders: ["import.meta.resolve"] }],
  ["new Worker(x); new threads.Worker(x)", { loaders: ["Worker"] }],
  [
    "process.dlopen(m, f); process.binding('fs'); other.binding('x')",
    { loaders: ["dlopen", "process.binding"] },
  ],
  ["new Function('x'); (0, eval)(x)", { loaders: ["Function", "eval"] }],
  [
    'import { createRequire } from "node:module"',
    { imported: ["node:module"], loaders: ["createRequire", "node:module"] },
  ],
  ['require("vm")', { required: ["vm"], loaders: ["vm"] }],
  ['import cp from "child_process"', { imported: ["child_process"], loaders: ["child_process"] }],
  // No code.
  ['// import "a"\n/* require("b")\n import("c") */', {}],
  ['\'import "a"\'; "require(\'b\')"; `import("c")`', {}],
  ["'it\\'s'; require('a')", { required: ["a"] }],
  ["'line\\\ncontinued'; require('a')", { required: ["a"] }],
  ["x.import('a'); x.require; ({ require: 1, import: 2 })", { loaders: ["require"] }],
  ["({ import: 1 }); f(x, eval)", { loaders: ["eval"] }],
  [
    'const { Worker: W } = require("node:worker_threads"); const { eval: e } = globalThis',
    { required: ["node:worker_threads"], loaders: ["Worker", "eval"] },
  ],
  ['process["getBuiltinModule"]("fs"); globalThis["Worker"]', { loaders: ["Worker", "getBuiltinModule"] }],
  ['f("Worker"); ["x"]; a["b"]', {}],
  ["/require('a')/.test(x)", {}],
  ["/[/'\"]/; require('a')", { required: ["a"] }],
  ["a = b / c; d = '/'; require('a')", { required: ["a"] }],
  ["a = (b) / c / d; e[0] / 2; require('a')", { required: ["a"] }],
  ["return /'/; require('a')", { required: ["a"] }],
  ["x = y => /`/; require('a')", { required: ["a"] }],
  // Code in templates.
  ["`${require('a')}`", { required: ["a"] }],
  ["`text ${`inner ${import('b')}`} require('c')`", { imported: ["b"] }],
  ["`${ { a: '}' } } require('a')`", {}],
  ["`\\${require('a')}`", {}],
  ["`$${require('a')}`", { required: ["a"] }],
  ["#!/usr/bin/env node\nrequire('a')", { required: ["a"] }],
  ["class A { #require = 1; static x = 1e-3; y = 0x1f; z = 1_000n; w = .5 }", {}],
  ["ä = 'require(\"a\")'; ö.require", { loaders: ["require"] }],
  ["", {}],
];

for (const [source, { imported = [], required = [], loaders = [] }] of CASES) {
  test(`${JSON.stringify(source)} loads what it says`, () => {
    assert.deepEqual(findImports("file.js", source), { imported, required, loaders });
  });
}

test("text that is no JavaScript is refused, and not read as something else", () => {
  for (const source of [
    "'open",
    '"open\n"',
    "`open",
    "`${open",
    "{ open",
    "import { a",
    "import a from b",
    "import a",
    'import "\\u0061"',
    "\\",
    "\0",
  ]) {
    assert.throws(
      () => findImports("file.js", source),
      (error) =>
        error instanceof SealroomError &&
        error.code === "IMAGE_IMPORT" &&
        error.details["file"] === "file.js",
      source,
    );
  }
});

async function scripts(directory: string): Promise<readonly string[]> {
  const entries = await readdir(join(ROOT, directory), { recursive: true });
  return entries.filter((path) => /\.[cm]?js$/.test(path)).map((path) => join(directory, path));
}

test("the compiler finds the same imports and requires in every file of many packages", async () => {
  const packages = [
    "cborg",
    "jose",
    "piscina",
    "commander",
    "yaml",
    "fast-check",
    "pure-rand",
    "@smithy/core",
  ];
  let files = 0;
  for (const name of packages) {
    for (const path of await scripts(`node_modules/${name}`)) {
      const source = await readFile(join(ROOT, path), "utf8");
      const known = ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
      const { imported, required } = findImports(path, source);
      // The compiler takes a string behind `require(` of any object for one; none of these has such.
      assert.deepEqual([...new Set([...imported, ...required])].sort(), [...new Set(known)].sort(), path);
      files++;
    }
  }
  assert.ok(files > 500, String(files));
});

test("and in every source of this repository, as it is compiled", async () => {
  for (const folder of ["core", "jobs", "transport", "enclave-worker"]) {
    const entries = await readdir(join(ROOT, folder), { recursive: true });
    for (const entry of entries.filter((path) => path.endsWith(".ts"))) {
      const source = await readFile(join(ROOT, folder, entry), "utf8");
      const { outputText } = ts.transpileModule(source, {
        compilerOptions: {
          module: ts.ModuleKind.ESNext,
          target: ts.ScriptTarget.ES2023,
          verbatimModuleSyntax: true,
        },
      });
      const known = ts.preProcessFile(outputText, true, true).importedFiles.map(({ fileName }) => fileName);
      assert.deepEqual(findImports(entry, outputText).imported, [...new Set(known)].sort(), entry);
    }
  }
});
