// Which source files an entry point can reach by its imports: what the local enclave's measurements cover.
import { readFile } from "node:fs/promises";

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^;"']*?\sfrom\s)?["'](\.{1,2}\/[^"']+)["']/g;

/** Paths below `root` with "/", ascending, of all files that the entries reach, themselves included. */
export async function reachableFiles(root: URL, entries: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  const pending = entries.map((entry) => new URL(entry, root));
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const path = file.href.slice(root.href.length);
    if (found.has(path)) continue;
    found.add(path);
    const source = await readFile(file, "utf8");
    for (const [, specifier = ""] of source.matchAll(IMPORT)) pending.push(new URL(specifier, file));
  }
  return [...found].sort();
}
