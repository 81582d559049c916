// The file system that the enclave's program sees: Node, the libraries that it needs, the program itself with what it
// reaches of its packages, and folders for init to mount on. Nothing else: no shell, no certificates, no time zones.
import { posix } from "node:path";
import { SealroomError } from "../../core/errors.ts";
import { bundleClosure, isBeside } from "./bundle.ts";
import { encodeBundled } from "./bundled.ts";
import { findClosure } from "./closure.ts";
import { bytesContent, fileContent, textContent } from "./content.ts";
import type { TreeFile } from "./cpio.ts";
import type { Architecture } from "./eif.ts";
import { findLibraries } from "./libraries.ts";
import type { Loads } from "./loads.ts";
import type { PackageManifest } from "./resolve.ts";

export interface RootfsInputs {
  /** Of the compiled program. */
  readonly compiled: string;
  /** Below it, with its extension. */
  readonly entry: string;
  readonly loads: Loads;
  /** A directory whose node_modules, or those above it, have the packages. */
  readonly packagesFrom: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** Files on this machine. */
  readonly node: string;
  readonly addon: string;
  /** "/", or the directory of a sysroot: where the libraries are. */
  readonly libraries: string;
}

export interface Rootfs {
  readonly architecture: Architecture;
  /** Paths from its root, without a leading slash. */
  readonly files: readonly TreeFile[];
  /** Folders that may be empty. */
  readonly directories: readonly string[];
  readonly packages: readonly PackageManifest[];
}

/** docs/architecture.md lists them. */
export const MAX_PACKAGES = 10;
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];
const MOUNT_POINTS = ["dev", "proc", "sys", "tmp"];

/** Errors: ELF_FORMAT, IMAGE_INPUT, IMAGE_LIBRARY, IMAGE_IMPORT, IMAGE_PACKAGE, IMAGE_BUNDLE. */
export async function composeRootfs(inputs: RootfsInputs): Promise<Rootfs> {
  const { architecture } = inputs;
  const closure = await findClosure({
    directory: inputs.compiled,
    entry: inputs.entry,
    packagesFrom: inputs.packagesFrom,
    loads: inputs.loads,
  });
  checkPackages(closure.packages);
  const libraries = await findLibraries([inputs.node, inputs.addon], architecture, inputs.libraries);
  const bundles = await bundleClosure(closure);
  const read = async (path: string, source: string): Promise<TreeFile> => ({
    path,
    access: "read",
    content: await fileContent(source),
  });
  const write = (path: string, text: string): TreeFile => readOnly(path, textContent(text));
  return {
    architecture,
    files: [
      { path: "bin/node", access: "execute", content: await fileContent(inputs.node) },
      ...(await Promise.all(
        libraries.map(async ({ path, source }) => ({
          path: path.slice(1),
          access: "execute" as const,
          content: await fileContent(source),
        })),
      )),
      write("app/package.json", encodeManifest(inputs.version)),
      write("app/bundled.json", encodeBundled(closure.files)),
      // Where transport/native/addon.ts, now in the bundle, looks for it.
      await read(
        posix.join("app", posix.dirname(inputs.entry), `prebuilt/linux-${architecture}.node`),
        inputs.addon,
      ),
      ...bundles.map(({ path, text }) => write(`app/${path}`, text)),
      ...closure.files
        .filter(({ path }) => isBeside(path))
        .map(({ path, bytes }) => readOnly(`app/${path}`, bytesContent(bytes))),
    ],
    directories: MOUNT_POINTS,
    packages: closure.packages,
  };
}

function readOnly(path: string, content: TreeFile["content"]): TreeFile {
  return { path, access: "read", content };
}

/** Tells Node that the program's files are modules. */
function encodeManifest(version: string): string {
  return `${JSON.stringify({ name: "sealroom", version, type: "module" })}\n`;
}

function checkPackages(packages: readonly PackageManifest[]): void {
  if (packages.length > MAX_PACKAGES) {
    throw new SealroomError("IMAGE_PACKAGE", { packages: packages.length, limit: MAX_PACKAGES });
  }
  for (const { name, scripts } of packages) {
    const script = INSTALL_SCRIPTS.find((each) => Object.hasOwn(scripts, each));
    if (script !== undefined) throw new SealroomError("IMAGE_PACKAGE", { package: name, script });
  }
}
