// One file for each that a process or a thread begins with, by esbuild: Node reads and links three files in half the time
// that it takes over some 150. Of exactly the files that closure.ts found: esbuild finds and reads none by itself.
import { posix } from "node:path";
import { build } from "esbuild";
import type { BuildResult, OnLoadArgs, OnResolveArgs, OnResolveResult, Plugin } from "esbuild";
import { SealroomError } from "../../core/errors.ts";
import { isAsset, linkKey } from "./closure.ts";
import type { Closure, ClosureFile } from "./closure.ts";

export interface Bundle {
  /** Below the image's `app/`, all in the folder of the first. */
  readonly path: string;
  readonly text: string;
}

/** A file that says so before anything else. */
const STRICT = /^(?:#!.*\n)?(?:\s|\/\/.*|\/\*[^]*?\*\/)*["']use strict["']/;

/** Stands before each path in the comments that tell the files in a bundle apart. */
const NAMESPACE = "app";

/** Before the path of a start: esbuild would look for a bare path in this machine's folders. */
const ENTRY = "entry:";

/**
 * What CommonJS files expect around them. The folder is the bundle's own: what a file finds beside itself has to lie
 * beside the bundle.
 */
const COMMONJS =
  'import { createRequire as requireFrom } from "node:module";\n' +
  "const require = requireFrom(import.meta.url), __dirname = import.meta.dirname;";

/** Bundles the starts of a closure, its first one first. Errors: IMAGE_BUNDLE. */
export async function bundleClosure(closure: Closure): Promise<readonly Bundle[]> {
  const [entry = ""] = closure.starts;
  const folder = posix.dirname(entry);
  const starts = [...new Set(closure.starts)];
  const names = new Map(starts.map((path) => [posix.basename(path), path]));
  if (names.size < starts.length) throw new SealroomError("IMAGE_BUNDLE", { fault: "two of a name" });
  const { outputFiles, metafile } = await run(closure, starts);
  const bundles = starts.map((start): Bundle => {
    const name = posix.basename(start);
    const output = outputFiles.find(({ path }) => posix.basename(path) === name);
    if (output === undefined) throw new SealroomError("IMAGE_BUNDLE", { file: start });
    return { path: posix.join(folder, name), text: output.text };
  });
  const left = closure.files.find(
    ({ path }) => !isBeside(path) && metafile.inputs[`${NAMESPACE}:${path}`] === undefined,
  );
  if (left !== undefined) throw new SealroomError("IMAGE_BUNDLE", { file: left.path });
  for (const { path, bytes } of closure.files) {
    if (metafile.inputs[`${NAMESPACE}:${path}`]?.format === "cjs") checkCommonJs(path, bytes);
  }
  return bundles;
}

/** What would run otherwise in a bundle, which is strict and knows of its own folder alone. */
function checkCommonJs(file: string, bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("utf8");
  if (!STRICT.test(text)) throw new SealroomError("IMAGE_BUNDLE", { file, fault: "not strict" });
  if (/\b__filename\b/.test(text)) throw new SealroomError("IMAGE_BUNDLE", { file, fault: "__filename" });
}

/** What lies beside the bundles, in its own place. */
export function isBeside(path: string): boolean {
  return isManifest(path) || isAsset(path);
}

/** Of a package: Node reads it for its files, and people for its version. */
function isManifest(path: string): boolean {
  return posix.basename(path) === "package.json";
}

type Result = BuildResult<{ readonly metafile: true; readonly write: false }>;

async function run(closure: Closure, starts: readonly string[]): Promise<Result> {
  try {
    return await build({
      entryPoints: starts.map((path) => ({ in: ENTRY + path, out: posix.basename(path, ".js") })),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "esnext",
      charset: "utf8",
      legalComments: "inline",
      // What a comment or a package.json calls free of effects is not believed.
      ignoreAnnotations: true,
      banner: { js: COMMONJS },
      plugins: [onlyFilesOf(closure)],
      absWorkingDir: "/",
      outdir: "/",
      write: false,
      metafile: true,
      logLevel: "silent",
      // Else it looks for one in folders of this machine.
      tsconfigRaw: {},
    });
  } catch (cause) {
    const [first] = (cause as { readonly errors?: readonly { readonly text: string }[] }).errors ?? [];
    throw new SealroomError("IMAGE_BUNDLE", { fault: (first?.text ?? "").slice(0, 300) }, { cause });
  }
}

function onlyFilesOf(closure: Closure): Plugin {
  const files = new Map(closure.files.map((file) => [file.path, file]));
  return {
    name: "closure",
    setup(builder): void {
      builder.onResolve({ filter: /^/ }, (asked) => resolveIn(files, asked));
      builder.onLoad({ filter: /^/ }, ({ path }: OnLoadArgs) => ({
        contents: files.get(path)?.bytes ?? "",
        loader: path.endsWith(".json") ? "json" : "js",
      }));
    },
  };
}

function resolveIn(files: ReadonlyMap<string, ClosureFile>, asked: OnResolveArgs): OnResolveResult {
  const { path: specifier, importer, kind } = asked;
  if (kind === "entry-point") return { path: specifier.slice(ENTRY.length), namespace: NAMESPACE };
  const way = kind === "require-call" || kind === "require-resolve" ? "require" : "import";
  const path = files.get(importer)?.links.get(linkKey(way, specifier));
  if (path === undefined) return { errors: [{ text: `${importer} asks for ${specifier}` }] };
  return path === null ? { path: specifier, external: true } : { path, namespace: NAMESPACE };
}
