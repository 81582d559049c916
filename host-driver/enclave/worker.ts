// The enclave's program as JavaScript: from a package what was shipped, from a checkout compiled afresh, into a folder of
// its own: what lies in dist/ there may be older than the sources, or edited.
import { execFile } from "node:child_process";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SealroomError } from "../../core/errors.ts";
import { resolveInstalled } from "./installation.ts";
import type { Installation } from "./installation.ts";
import { PRODUCTION_LOADS } from "./loads.ts";
import type { Loads } from "./loads.ts";

/** What an image runs. Paths are of sources, below the root, without their extension. */
export interface EntryPoint {
  readonly main: string;
  readonly threads: readonly string[];
  readonly loads: Loads;
}

export const PRODUCTION: EntryPoint = {
  main: "enclave-worker/main",
  threads: ["enclave-worker/thread"],
  loads: PRODUCTION_LOADS,
};

export interface Compilation {
  readonly installation: Installation;
  readonly entryPoint: EntryPoint;
  readonly signal: AbortSignal;
}

/** Calls `use` with the folder of the compiled files, which may be gone afterwards. Errors: IMAGE_COMPILE, IMAGE_INPUT. */
export async function withCompiled<Value>(
  compilation: Compilation,
  use: (directory: string) => Promise<Value>,
): Promise<Value> {
  const { installation } = compilation;
  if (installation.kind === "package") return use(join(installation.root, "dist"));
  const temporary = await realpath(await mkdtemp(join(tmpdir(), "sealroom-worker-")));
  try {
    await compile(compilation, temporary);
    return await use(join(temporary, "compiled"));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The options of the project itself; what they are made with is in package-lock.json. */
async function compile({ installation, entryPoint, signal }: Compilation, directory: string): Promise<void> {
  const compiler = resolveInstalled(installation, "typescript/lib/tsc.js");
  const { root } = installation;
  const project = join(directory, "tsconfig.json");
  const compilerOptions = {
    composite: false,
    declaration: false,
    isolatedDeclarations: false,
    noEmitOnError: true,
    outDir: join(directory, "compiled"),
    rootDir: root,
    typeRoots: [join(root, "node_modules", "@types")],
  };
  const files = [entryPoint.main, ...entryPoint.threads].map((path) => join(root, `${path}.ts`));
  await writeFile(
    project,
    JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files }),
  );
  try {
    await promisify(execFile)(process.execPath, [compiler, "--project", project], { cwd: root, signal });
  } catch (cause) {
    signal.throwIfAborted();
    const { stdout } = cause as { readonly stdout?: string };
    const [first = ""] = (stdout ?? "").split("\n");
    throw new SealroomError("IMAGE_COMPILE", { compiler: first.slice(0, 300) }, { cause });
  }
}
