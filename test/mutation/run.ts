// `npm run test:mutation -- [PART | FILE]...`: changes the sources of a part, or some of them, in every small way that
// Stryker knows, and says which changes no test of the part notices. Runs in a copy, since the sources themselves are
// changed while it works.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { FOLDERS, ROOT } from "../host/tree.ts";
import { SHARED } from "../vectors.ts";
import { PARTS } from "./parts.ts";
import type { Part } from "./parts.ts";
import { printReport, readReport } from "./report.ts";

const COPIED = [...FOLDERS, "test", "docs"];
const FILES = ["package.json", "package-lock.json", "tsconfig.json"];

/** Files by part. */
const asked = new Map<string, readonly string[]>();
for (const word of process.argv.slice(2)) {
  const found = [...PARTS].find(([name, part]) => name === word || filesOf(part).includes(word));
  if (found === undefined) {
    console.error(
      `neither a part nor a file of one: ${word}. The parts are ${[...PARTS.keys()].join(", ")}.`,
    );
    process.exit(2);
  }
  const [name, part] = found;
  asked.set(name, word === name ? filesOf(part) : [...(asked.get(name) ?? []), word]);
}
if (asked.size === 0) for (const [name, part] of PARTS) asked.set(name, filesOf(part));
for (const [name, files] of asked) await mutatePart(name, files);

function filesOf({ mutate }: Part): readonly string[] {
  return globSync([...mutate], { cwd: ROOT }).toSorted();
}

async function mutatePart(name: string, files: readonly string[]): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), "sealroom-mutation-"));
  try {
    const tree = join(place, "tree");
    await mkdir(tree);
    for (const path of [...COPIED, ...FILES]) {
      cpSync(join(ROOT, path), join(tree, path), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"));
    // The vectors lie beside the project; without them fewer changes are noticed.
    if (existsSync(SHARED)) await symlink(await realpath(SHARED), join(place, "shared"));
    const tests = globSync([...(PARTS.get(name)?.tests ?? [])], { cwd: ROOT }).toSorted();
    await writeFile(join(tree, "stryker.config.json"), JSON.stringify(configOf(files, tests)));
    await runStryker(tree);
    printReport(name, readReport(await readFile(join(tree, "reports/mutation/mutation.json"), "utf8")));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Only the tests that reach a changed line run for it, and the first that fails is enough. */
function configOf(mutate: readonly string[], testFiles: readonly string[]): object {
  return {
    packageManager: "npm",
    testRunner: "in-process",
    plugins: ["./test/mutation/runner.ts"],
    sealroom: { testFiles },
    mutate,
    inPlace: true,
    disableTypeChecks: false,
    concurrency: availableParallelism(),
    coverageAnalysis: "perTest",
    reporters: ["json", "progress-append-only"],
    timeoutMS: 30_000,
    timeoutFactor: 2,
    warnings: { unknownOptions: false },
  };
}

/** Its progress goes to stderr. */
async function runStryker(tree: string): Promise<void> {
  const stryker = join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const child = spawn(process.execPath, [stryker, "run"], { cwd: tree, stdio: ["ignore", 2, 2] });
  const closed = await once(child, "close");
  const code: unknown = closed[0];
  if (code !== 0) throw new Error(`Stryker ended with ${String(code)}`);
}
