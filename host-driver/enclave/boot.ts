// What an image boots with: a kernel, its command line and the modules that it lacks; either a distribution's, as the
// emulator needs them, or the ones that AWS ships with nitro-cli.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SealroomError } from "../../core/errors.ts";
import { fileContent, withFile } from "./content.ts";
import type { Content } from "./content.ts";
import type { Architecture } from "./eif.ts";
import { readKernelVersion } from "./kernel.ts";
import { loadModule, loadModules, NEEDED_MODULES } from "./modules.ts";
import type { KernelModule } from "./modules.ts";

export type BootSource =
  | {
      readonly kind: "kernel";
      readonly kernel: string;
      readonly modules: string;
      readonly extraModules: readonly string[];
    }
  /** The nitro-enclaves blobs directory: bzImage or Image, cmdline, nsm.ko. */
  | { readonly kind: "blobs"; readonly directory: string };

export interface Boot {
  readonly kernel: Content;
  readonly version: string;
  /** Without the parent's CID. */
  readonly cmdline: string;
  /** In the order of loading. */
  readonly modules: readonly KernelModule[];
}

/**
 * For the emulator (QEMU without KVM): it cannot calibrate the clock against a timer that it emulates, and a panic should
 * end it at once.
 */
const EMULATOR_CMDLINE = "reboot=k panic=-1 console=ttyS0 quiet random.trust_cpu=on tsc_early_khz=2600000";
const BLOBS = { x64: "bzImage", arm64: "Image" } as const;

/** Errors: IMAGE_INPUT, IMAGE_MODULE. */
export async function loadBoot(source: BootSource, architecture: Architecture): Promise<Boot> {
  if (source.kind === "blobs") return loadBlobs(source.directory, architecture);
  const version = await versionOf(source.kernel, architecture);
  return {
    kernel: await fileContent(source.kernel),
    version,
    cmdline: EMULATOR_CMDLINE,
    modules: await loadModules(source.modules, [...NEEDED_MODULES, ...source.extraModules], version),
  };
}

async function loadBlobs(directory: string, architecture: Architecture): Promise<Boot> {
  const kernel = join(directory, BLOBS[architecture]);
  const version = await versionOf(kernel, architecture);
  const file = join(directory, "cmdline");
  const cmdline = await readFile(file, "latin1").catch((cause: unknown) => {
    throw new SealroomError("IMAGE_INPUT", { file }, { cause });
  });
  return {
    kernel: await fileContent(kernel),
    version,
    // As nitro-cli takes it.
    cmdline: cmdline.trim(),
    modules: [await loadModule(join(directory, "nsm.ko"), version)],
  };
}

async function versionOf(kernel: string, architecture: Architecture): Promise<string> {
  try {
    return await withFile(kernel, (file) => readKernelVersion(file, architecture));
  } catch (error) {
    if (!(error instanceof SealroomError) || error.code !== "IMAGE_INPUT") throw error;
    throw new SealroomError("IMAGE_INPUT", { ...error.details, file: kernel }, { cause: error });
  }
}
