// `npm run test:mutation -- PART...`: changes the sources of a part in every small way that Stryker knows, and says which
// changes no test of the part notices. Runs in a copy, since the sources themselves are changed while it works.
import { spawn } from "node:child_process";
import { cpSync, globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../host/tree.ts";
import { PARTS } from "./parts.ts";
import type { Part } from "./parts.ts";
import { addReports, printReport, readReport } from "./report.ts";
import type { MutationReport } from "./report.ts";

const FOLDERS = [
  "core",
  "jobs",
  "transport",
  "enclave-worker",
  "owner",
  "host-driver",
  "local",
  "cli",
  "test",
  "docs",
];
const FILES = ["package.json", "package-lock.json", "tsconfig.json"];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !PARTS.has(name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(", ")}. There are ${[...PARTS.keys()].join(", ")}.`);
  process.exit(2);
}
for (const [name, part] of PARTS) {
  if (asked.length === 0 || asked.includes(name)) await mutatePart(name, part);
}

/** File by file, each printed when it is done: a part takes long, and may be interrupted. */
async function mutatePart(name: string, part: Part): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), "sealroom-mutation-"));
  const reports: MutationReport[] = [];
  try {
    const tree = join(place, "tree");
    await mkdir(tree);
    for (const path of [...FOLDERS, ...FILES]) {
      cpSync(join(ROOT, path), join(tree, path), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"));
    // The vectors lie beside the project.
    await symlink(await realpath(join(ROOT, "..", "shared")), join(place, "shared"));
    for (const file of globSync([...part.mutate], { cwd: ROOT }).toSorted()) {
      await writeFile(join(tree, "stryker.config.json"), JSON.stringify(configOf(file, part)));
      await runStryker(tree);
      const report = readReport(await readFile(join(tree, "reports/mutation/mutation.json"), "utf8"));
      printReport(file, report);
      reports.push(report);
    }
    printReport(`${name}, all files`, addReports(reports));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Each test file is a process; only those that reach a changed line run for it, and the first that fails is enough. */
function configOf(file: string, { tests }: Part): object {
  return {
    packageManager: "npm",
    testRunner: "tap",
    plugins: ["@stryker-mutator/tap-runner"],
    tap: {
      testFiles: tests,
      nodeArgs: ["--test-reporter=tap", "-r", "{{hookFile}}", "{{testFile}}"],
      forceBail: true,
    },
    mutate: [file],
    inPlace: true,
    disableTypeChecks: false,
    concurrency: 2,
    coverageAnalysis: "perTest",
    reporters: ["json"],
    timeoutMS: 30_000,
  };
}

async function runStryker(tree: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js"), "run"],
    {
      cwd: tree,
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`Stryker ended with ${String(code)}`);
}
