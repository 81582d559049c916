// Receipts are verified where there is no Node, and the enclave parses plans without YAML: by what each file reaches.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { test } from "node:test";
import { promisify } from "node:util";
import { check } from "./example.ts";

const CORE = new URL("../../core/", import.meta.url);
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g;

function importsOf(file: string): string[] {
  const source = readFileSync(new URL(file), "utf8").replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  return [...source.matchAll(SPECIFIER)].map(([, specifier = ""]) => {
    if (specifier.startsWith(".")) return new URL(specifier, file).href;
    return builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
  });
}

/** Every file and package that a file of core/ reaches by imports; packages are not looked into. */
function reachable(...entries: string[]): string[] {
  const seen = new Set<string>();
  const waiting = entries.map((entry) => new URL(entry, CORE).href);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file.startsWith("file:")) waiting.push(...importsOf(file));
  }
  return [...seen];
}

const packagesOf = (files: readonly string[]): string[] =>
  files
    .filter((file) => !file.startsWith("file:"))
    .map((name) => name.split("/")[0] ?? "")
    .toSorted();

test("verifies receipts, manifests and grants, and opens results, without Node or YAML", () => {
  const entries = [
    "receipt/verify.ts",
    "receipt/sealed-result.ts",
    "manifest/verify.ts",
    "manifest/authority.ts",
  ];
  const packages = new Set(packagesOf(reachable(...entries)));
  assert.deepEqual([...packages], ["cborg", "jose"]);
});

test("parses and checks plans without YAML and without any package", () => {
  assert.deepEqual(packagesOf(reachable("plan/parse.ts", "plan/check.ts")), []);
  assert.ok(packagesOf(reachable("plan/compile.ts")).includes("yaml"));
});

test("verifies a receipt in a realm without Node's globals", async () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const given = {
    receipt: hex(check.receipt),
    result: hex(check.result),
    nonce: hex(check.nonce),
    plan: hex(check.plan.bytes),
    root: hex(check.root.certificate),
    digest: check.plan.digest,
    owners: check.owners,
    measurements: check.measurements,
  };
  const program = `
    const write = process.stdout.write.bind(process.stdout);
    const given = ${JSON.stringify(given)};
    for (const name of ["process", "Buffer", "global", "require", "module", "setImmediate", "clearImmediate"]) {
      delete globalThis[name];
    }
    const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
    const { verifyReceipt } = await import(${JSON.stringify(new URL("receipt/verify.ts", CORE).href)});
    const { trustRoot } = await import(${JSON.stringify(new URL("attestation/root.ts", CORE).href)});
    const { statement, simulated } = await verifyReceipt({
      receipt: bytes(given.receipt),
      result: bytes(given.result),
      nonce: bytes(given.nonce),
      root: trustRoot(bytes(given.root)),
      plan: { bytes: bytes(given.plan), digest: given.digest },
      owners: given.owners,
      measurements: given.measurements,
    });
    write([typeof Buffer, typeof process, simulated, statement.planDigest].join(" "));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  assert.equal(stdout, `undefined undefined true ${check.plan.digest}`);
});
