// The kernel modules of an image, from a kernel's /lib/modules/VERSION: found by name, unpacked, each behind the ones
// that it needs. A module for another kernel would fail in the enclave, where nobody sees it: it fails here.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { SealroomError } from "../../core/errors.ts";
import { plainName, readModuleInfo } from "./module-info.ts";

export interface KernelModule {
  /** Its file's name in the image. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** What an image needs where the kernel has it as modules: devices by MMIO, vsock, the NSM. */
export const NEEDED_MODULES: readonly string[] = ["virtio_mmio", "vmw_vsock_virtio_transport", "nsm"];
const MAX_MODULE_BYTES = 32 * 1024 * 1024;

/**
 * These modules in the order of loading, without those that the kernel has built in. `version` is the kernel's.
 * Errors: IMAGE_MODULE, IMAGE_INPUT.
 */
export async function loadModules(
  directory: string,
  names: readonly string[],
  version: string,
): Promise<readonly KernelModule[]> {
  const files = await listModules(directory);
  const builtIn = await readBuiltIn(directory);
  const started = new Set<string>();
  const loaded: KernelModule[] = [];
  const load = async (name: string): Promise<void> => {
    if (started.has(name) || builtIn.has(name)) return;
    started.add(name);
    const [file, another] = files.filter((each) => moduleName(each) === name);
    if (file === undefined) throw new SealroomError("IMAGE_MODULE", { module: name, directory });
    if (another !== undefined) throw new SealroomError("IMAGE_MODULE", { module: name, file, another });
    const bytes = await unpackModule(join(directory, file));
    const info = readModuleInfo(file, bytes);
    checkVersion(file, info.vermagic, version);
    for (const needed of info.depends) await load(needed);
    loaded.push({ file: `${name}.ko`, bytes });
  };
  for (const name of names) await load(plainName(name));
  return loaded;
}

/** One module that lies by itself. Errors: IMAGE_MODULE, IMAGE_INPUT. */
export async function loadModule(path: string, version: string): Promise<KernelModule> {
  const bytes = await unpackModule(path);
  const { name, vermagic } = readModuleInfo(path, bytes);
  checkVersion(path, vermagic, version);
  return { file: `${name}.ko`, bytes };
}

function checkVersion(file: string, vermagic: string, version: string): void {
  const [builtFor = ""] = vermagic.split(" ");
  if (builtFor !== version) throw new SealroomError("IMAGE_MODULE", { file, builtFor, kernel: version });
}

async function listModules(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw new SealroomError("IMAGE_INPUT", { directory }, { cause });
  });
  return entries.filter((path) => moduleName(path) !== null).sort();
}

/** `kernel/drivers/misc/nsm.ko.xz`: `nsm`. */
function moduleName(path: string): string | null {
  const name = /^([\w-]+)\.ko(\.xz|\.zst|\.gz)?$/.exec(basename(path))?.[1];
  return name === undefined ? null : plainName(name);
}

async function readBuiltIn(directory: string): Promise<ReadonlySet<string>> {
  const file = join(directory, "modules.builtin");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new SealroomError("IMAGE_INPUT", { file }, { cause });
  });
  return new Set(text.split("\n").flatMap((line) => moduleName(line) ?? []));
}

async function unpackModule(path: string): Promise<Uint8Array> {
  const limit = { maxOutputLength: MAX_MODULE_BYTES };
  try {
    if (path.endsWith(".xz")) return await unpackXz(path);
    const bytes = await readFile(path);
    if (path.endsWith(".zst")) return await promisify(zstdDecompress)(bytes, limit);
    return path.endsWith(".gz") ? await promisify(gunzip)(bytes, limit) : bytes;
  } catch (cause) {
    if (cause instanceof SealroomError) throw cause;
    throw new SealroomError("IMAGE_INPUT", { file: path }, { cause });
  }
}

/** Node has no xz. */
async function unpackXz(path: string): Promise<Uint8Array> {
  try {
    const options = { encoding: "buffer", maxBuffer: MAX_MODULE_BYTES } as const;
    const { stdout } = await promisify(execFile)("xz", ["--decompress", "--stdout", "--", path], options);
    return stdout;
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new SealroomError("IMAGE_INPUT", isMissing ? { program: "xz" } : { file: path }, { cause });
  }
}
