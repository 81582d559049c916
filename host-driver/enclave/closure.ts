// The files that a compiled entry point reaches by what it imports, in its own folders and in packages: what an image's
// bundles are made of, and nothing else. What cannot be told or found is refused, never left out.
import { readFile, realpath, stat } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { SealroomError } from "../../core/errors.ts";
import { findImports } from "./imports.ts";
import type { Load, Loads } from "./loads.ts";
import { resolvePackage, resolveRelative } from "./resolve.ts";
import type { PackageManifest, Way } from "./resolve.ts";

export interface Program {
  /** Of compiled files. */
  readonly directory: string;
  /** Below it, with "/". */
  readonly entry: string;
  /** A directory whose node_modules, or those above it, have the packages. */
  readonly packagesFrom: string;
  readonly loads: Loads;
}

export interface ClosureFile {
  /** Below the image's `app/`, with "/". */
  readonly path: string;
  /** The file on this machine. */
  readonly source: string;
  /** As they were read, once: what is checked, bundled and listed is the same. */
  readonly bytes: Uint8Array;
  /** Paths of what it asks for, by linkKey; of Node's own modules and of what it does without, null. */
  readonly links: ReadonlyMap<string, string | null>;
}

export interface Closure {
  /** By path. */
  readonly files: readonly ClosureFile[];
  /** Paths of the files that a process or a thread begins with: the entry first. */
  readonly starts: readonly string[];
  readonly packages: readonly PackageManifest[];
  /** `node:fs`, ..., ascending. */
  readonly builtins: readonly string[];
}

/** Where a file belongs: the program itself, or a package. */
interface Owner {
  readonly directory: string;
  /** Of its files' paths in the image. */
  readonly prefix: string;
  readonly searchFrom: string;
}

interface Found {
  readonly path: string;
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly owner: Owner;
  readonly links: Map<string, string | null>;
}

export function linkKey(way: Way, specifier: string): string {
  return `${way} ${specifier}`;
}

const CODE = /\.[cm]?js$/;

/** A file that is no part of a bundle: it lies beside them, in its place, for the program to read. */
export function isAsset(path: string): boolean {
  return path.endsWith(".wasm");
}

/** Errors: IMAGE_IMPORT, IMAGE_PACKAGE. */
export async function findClosure(program: Program): Promise<Closure> {
  const walk = new Walk(program.loads);
  const directory = await realpath(program.directory);
  const owner = { directory, prefix: "", searchFrom: program.packagesFrom };
  await walk.start(
    owner,
    await resolveRelative(join(directory, "package.json"), `./${program.entry}`, "import"),
  );
  await walk.finish();
  return walk.closure();
}

class Walk {
  readonly #loads: Loads;
  /** Path in the image to the file and its owner. */
  readonly #files = new Map<string, Found>();
  readonly #starts: string[] = [];
  readonly #packages = new Map<string, PackageManifest>();
  readonly #builtins = new Set<string>();
  readonly #pending: string[] = [];

  constructor(loads: Loads) {
    this.#loads = loads;
  }

  closure(): Closure {
    return {
      files: [...this.#files.values()]
        .map(({ path, source, bytes, links }) => ({ path, source, bytes, links }))
        .sort(byPath),
      starts: this.#starts,
      packages: [...this.#packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      builtins: [...this.#builtins].sort(),
    };
  }

  async finish(): Promise<void> {
    for (let path = this.#pending.pop(); path !== undefined; path = this.#pending.pop()) {
      await this.#read(path);
    }
  }

  /** A file that a process or a thread begins with. */
  async start(owner: Owner, source: string): Promise<void> {
    this.#starts.push(await this.add(owner, source));
  }

  /** The path that the file has. */
  async add(owner: Owner, source: string): Promise<string> {
    const inside = relative(owner.directory, source).split(sep).join("/");
    const isInside =
      inside !== "" && !/^\.\.?(\/|$)/.test(inside) && !inside.split("/").includes("node_modules");
    if (!isInside || !(CODE.test(inside) || isAsset(inside) || inside.endsWith(".json"))) {
      throw new SealroomError("IMAGE_IMPORT", { file: source });
    }
    const path = owner.prefix + inside;
    if (this.#files.has(path)) return path;
    this.#files.set(path, { path, source, bytes: await readFile(source), owner, links: new Map() });
    this.#pending.push(path);
    // Node reads every package.json above a file for its "type".
    if (owner.prefix !== "") await this.#addManifests(owner, source);
    return path;
  }

  async #addManifests(owner: Owner, source: string): Promise<void> {
    for (let at = dirname(source); at.startsWith(owner.directory); at = dirname(at)) {
      const file = join(at, "package.json");
      if ((await stat(file).catch(() => null)) !== null) await this.add(owner, file);
    }
  }

  async #read(path: string): Promise<void> {
    const file = this.#files.get(path);
    if (file === undefined || path.endsWith(".json") || isAsset(path)) return;
    const { imported, required, loaders } = findImports(path, Buffer.from(file.bytes).toString("utf8"));
    const load = this.#checkLoad(path, loaders);
    const wanted = [
      ...imported.map((specifier) => ({ specifier, way: "import" as const })),
      ...required.map((specifier) => ({ specifier, way: "require" as const })),
    ];
    for (const { specifier, way } of wanted) {
      const target = load.without.includes(specifier) ? null : await this.#follow(file, specifier, way);
      if (target !== null && isAsset(target)) {
        throw new SealroomError("IMAGE_IMPORT", { file: path, specifier });
      }
      file.links.set(linkKey(way, specifier), target);
    }
    for (const specifier of load.assets ?? []) {
      const asset = await this.#follow(file, specifier, "import");
      if (asset === null || !isAsset(asset)) {
        throw new SealroomError("IMAGE_IMPORT", { file: path, specifier });
      }
    }
    for (const specifier of load.reaches) {
      await this.start(file.owner, await resolveRelative(file.source, specifier, "import"));
    }
  }

  /** Errors: IMAGE_IMPORT where a file loads in another way than is known of it. */
  #checkLoad(path: string, loaders: readonly string[]): Load {
    const load = this.#loads.get(path) ?? { loaders: [], reaches: [], without: [] };
    const unknown = loaders.find((name) => !load.loaders.includes(name));
    const missing = load.loaders.find((name) => !loaders.includes(name));
    if (unknown !== undefined) throw new SealroomError("IMAGE_IMPORT", { file: path, loads: unknown });
    if (missing !== undefined) throw new SealroomError("IMAGE_IMPORT", { file: path, noLonger: missing });
    return load;
  }

  /** The path of what it means; null for a module of Node's. */
  async #follow({ source, owner }: Found, specifier: string, way: Way): Promise<string | null> {
    if (isBuiltin(specifier)) {
      this.#builtins.add(`node:${specifier.replace(/^node:/, "")}`);
      return null;
    }
    if (/^\.\.?(\/|$)/.test(specifier)) {
      return this.add(owner, await resolveRelative(source, specifier, way));
    }
    const { file, manifest } = await resolvePackage(source, owner.searchFrom, specifier, way);
    const known = this.#packages.get(manifest.name);
    if (known !== undefined && known.directory !== manifest.directory) {
      throw new SealroomError("IMAGE_PACKAGE", { package: manifest.name, version: manifest.version });
    }
    this.#packages.set(manifest.name, manifest);
    const { directory, name } = manifest;
    return this.add({ directory, prefix: `node_modules/${name}/`, searchFrom: directory }, file);
  }
}

function byPath(a: ClosureFile, b: ClosureFile): number {
  return a.path < b.path ? -1 : 1;
}
