// Where this process keeps what Node has compiled of the sources, the local enclave and its threads keep it too. They have
// no environment that could name the place; a module that Node loads before theirs, in each thread, does. Only of a
// stand-in: what is compiled is trusted as the sources are, and not measured.
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** For Node, before the program that it starts; none where this process keeps nothing. */
export function compileCacheFlags(): readonly string[] {
  const kept = getCompileCacheDir();
  if (kept === undefined) return [];
  // Node puts a folder of its version into the one that it is given.
  const folder = JSON.stringify(dirname(kept));
  const source = `import { enableCompileCache } from "node:module"; enableCompileCache(${folder});`;
  return ["--import", `data:text/javascript,${encodeURIComponent(source)}`];
}
