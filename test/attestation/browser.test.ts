// The verifier runs where there is no Node: nothing that it imports, near or far, is Node's, and it uses no global of it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { test } from "node:test";
import { promisify } from "node:util";
import { VECTORS, withoutVectors } from "../vectors.ts";

const FOLDER = new URL("../../core/attestation/", import.meta.url);
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g;

/** Every file and package that is reachable by imports. Types count too: they cost nothing and hide nothing. */
function reachable(): Set<string> {
  const seen = new Set<string>();
  const waiting = readdirSync(FOLDER).map((file) => new URL(file, FOLDER).href);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file.startsWith("file:")) waiting.push(...importsOf(file));
  }
  return seen;
}

function importsOf(file: string): string[] {
  // What stands in a comment is not imported; a URL's slashes are no comment.
  const source = readFileSync(new URL(file), "utf8").replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  return [...source.matchAll(SPECIFIER)].map(([, specifier = ""]) => {
    if (specifier.startsWith(".")) return new URL(specifier, file).href;
    return builtinModules.includes(specifier) ? `node:${specifier}` : import.meta.resolve(specifier);
  });
}

test("reaches no module of Node's, and no package but cborg", () => {
  const files = [...reachable()];
  assert.ok(files.some((file) => file.endsWith("core/errors.ts")));
  assert.ok(files.some((file) => file.endsWith("cborg/lib/decode.js")));
  for (const file of files) {
    assert.ok(file.startsWith("file:"), file);
    assert.ok(
      /\/core\/(attestation\/[\w-]+|column-error-codes|command-error-codes|error-codes|errors)\.ts$|\/node_modules\/cborg\//.test(
        file,
      ),
      file,
    );
  }
});

test("finds a module of Node's where there is one", () => {
  assert.ok(importsOf(import.meta.url).includes("node:fs"));
});

test("verifies a real document in a realm without Node's globals", { skip: withoutVectors }, async () => {
  const document = new URL("attestation/valid/2025-11-10_i-06fb0bf4e7_prod_8e5652f3.cbor", VECTORS);
  const program = `
    const { readFileSync } = process.getBuiltinModule("node:fs");
    const write = process.stdout.write.bind(process.stdout);
    const bytes = new Uint8Array(readFileSync(new URL(${JSON.stringify(document.href)})));
    for (const name of ["process", "Buffer", "global", "require", "module", "setImmediate", "clearImmediate"]) {
      delete globalThis[name];
    }
    const { authenticateArchived } = await import(${JSON.stringify(new URL("verify.ts", FOLDER).href)});
    const { AWS_ROOT } = await import(${JSON.stringify(new URL("root.ts", FOLDER).href)});
    const { moduleId } = await authenticateArchived(bytes, AWS_ROOT);
    write(typeof Buffer + " " + typeof process + " " + moduleId);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  assert.equal(stdout, "undefined undefined i-06fb0bf4e70d5129f-enc019a5376999041b1");
});
