// Which file an import or a require means, as Node finds it (Node's ESM and CommonJS documentation, "Resolution
// algorithm"): relative files, packages by name in the node_modules above, their `exports` and `main`. What is refused
// rather than followed: `#` imports, URLs, directories of packages without package.json.
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SealroomError } from "../../core/errors.ts";

/** How the file is asked for: the condition that `exports` tells by. */
export type Way = "import" | "require";

export interface PackageManifest {
  /** Its directory, with links followed. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly exports: unknown;
  readonly main: string | null;
  readonly scripts: Readonly<Record<string, unknown>>;
}

const EXTENSIONS = [".js", ".json", ".node"];
const CONDITIONS = ["node", "node-addons", "module-sync", "default"];

/** The file of a relative specifier. Errors: IMAGE_IMPORT. */
export async function resolveRelative(from: string, specifier: string, way: Way): Promise<string> {
  const path = join(dirname(from), specifier);
  const candidates =
    way === "import" || specifier.endsWith("/")
      ? [path]
      : [path, ...EXTENSIONS.map((extension) => path + extension)];
  const directory = way === "require" ? EXTENSIONS.map((extension) => join(path, `index${extension}`)) : [];
  for (const candidate of [...candidates, ...directory]) {
    if (await isFile(candidate)) return realpath(candidate);
  }
  throw new SealroomError("IMAGE_IMPORT", { file: from, specifier });
}

/** The file of `name` or `name/sub/path`, and its package. Errors: IMAGE_IMPORT, IMAGE_PACKAGE. */
export async function resolvePackage(
  from: string,
  searchFrom: string,
  specifier: string,
  way: Way,
): Promise<{ readonly file: string; readonly manifest: PackageManifest }> {
  const [, name, subpath = ""] = /^((?:@[\w.-]+\/)?[\w.-]+)((?:\/.+)?)$/.exec(specifier) ?? [];
  const fault = new SealroomError("IMAGE_IMPORT", { file: from, specifier });
  if (name === undefined || name.startsWith(".")) throw fault;
  const manifest = await findPackage(searchFrom, name);
  if (manifest === null) throw fault;
  if (manifest.exports === undefined) {
    const within = join(manifest.directory, "package.json");
    // A package's main goes without its extension for imports too.
    const file =
      subpath === ""
        ? await resolveRelative(within, `./${manifest.main ?? "index.js"}`, "require")
        : await resolveRelative(within, `.${subpath}`, way);
    return { file, manifest };
  }
  const target = exportTarget(manifest.exports, `.${subpath}`, [way, ...CONDITIONS]) ?? null;
  if (target === null || !target.startsWith("./") || target.split("/").includes("..")) throw fault;
  const file = join(manifest.directory, target);
  if (!(await isFile(file))) throw fault;
  return { file: await realpath(file), manifest };
}

/** PACKAGE_EXPORTS_RESOLVE. Undefined or null for what the package does not export. */
export function exportTarget(
  exports: unknown,
  subpath: string,
  conditions: readonly string[],
): string | null | undefined {
  const isMap = isRecord(exports) && Object.keys(exports).every((key) => key.startsWith("."));
  const map: Readonly<Record<string, unknown>> = isMap ? exports : { ".": exports };
  if (Object.hasOwn(map, subpath) && !subpath.includes("*")) return pick(map[subpath], conditions, "");
  // PATTERN_KEY_COMPARE: the longest text before the star wins, then the longest key.
  const [best] = Object.keys(map)
    .filter((key) => key.split("*").length === 2 && matched(key, subpath) !== null)
    .sort((a, b) => b.indexOf("*") - a.indexOf("*") || b.length - a.length);
  return best === undefined ? undefined : pick(map[best], conditions, matched(best, subpath) ?? "");
}

/** What the star of a pattern stands for. */
function matched(pattern: string, subpath: string): string | null {
  const [head = "", tail = ""] = pattern.split("*");
  const isLonger = subpath.length > head.length + tail.length;
  return isLonger && subpath.startsWith(head) && subpath.endsWith(tail)
    ? subpath.slice(head.length, subpath.length - tail.length)
    : null;
}

/** PACKAGE_TARGET_RESOLVE: conditions count in the order of the package's own object; null ends the search. */
function pick(target: unknown, conditions: readonly string[], star: string): string | null | undefined {
  if (target === null || typeof target === "string") return target?.replaceAll("*", () => star) ?? null;
  if (Array.isArray(target)) {
    const picked = (target as readonly unknown[]).map((each) => pick(each, conditions, star));
    return picked.find((each) => typeof each === "string") ?? picked.find((each) => each === null);
  }
  if (!isRecord(target)) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    const picked = conditions.includes(condition) ? pick(value, conditions, star) : undefined;
    if (picked !== undefined) return picked;
  }
  return undefined;
}

async function findPackage(searchFrom: string, name: string): Promise<PackageManifest | null> {
  for (let directory = searchFrom; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    if (await isFile(join(candidate, "package.json"))) return readManifest(await realpath(candidate), name);
    if (dirname(directory) === directory) return null;
  }
}

async function readManifest(directory: string, name: string): Promise<PackageManifest> {
  const text = await readFile(join(directory, "package.json"), "utf8");
  try {
    const manifest: unknown = JSON.parse(text);
    if (!isRecord(manifest) || manifest["name"] !== name) throw new SealroomError("IMAGE_PACKAGE");
    const { version, exports, main, scripts } = manifest;
    if (typeof version !== "string") throw new SealroomError("IMAGE_PACKAGE");
    return {
      directory,
      name,
      version,
      exports: exports ?? undefined,
      main: typeof main === "string" ? main.replace(/^\.\//, "") : null,
      scripts: isRecord(scripts) ? scripts : {},
    };
  } catch (cause) {
    throw new SealroomError("IMAGE_PACKAGE", { package: name, directory }, { cause });
  }
}

async function isFile(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => null);
  return status?.isFile() ?? false;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
