// Sources as JavaScript without their types being checked: what the compiler would emit, in a tenth of the time.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";

const compilerOptions = {
  module: ModuleKind.ESNext,
  target: ScriptTarget.ES2023,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
};

/** The sources of `folders` below `root`, into the same places below `target`. */
export async function transpile(root: string, folders: readonly string[], target: string): Promise<void> {
  for (const folder of folders) {
    for (const entry of await readdir(join(root, folder), { recursive: true })) {
      if (!entry.endsWith(".ts")) continue;
      const source = await readFile(join(root, folder, entry), "utf8");
      const path = join(target, folder, entry.replace(/\.ts$/, ".js"));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, transpileModule(source, { compilerOptions }).outputText);
    }
  }
}

export const ENCLAVE_FOLDERS: readonly string[] = ["core", "jobs", "transport", "enclave-worker"];
