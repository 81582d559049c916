// Builds an enclave image, or the file system of one, from what lies on this machine. The entry point is an argument of
// this function alone: the command line builds the production one and no other.
import { loadBoot } from "./boot.ts";
import type { BootSource } from "./boot.ts";
import { encodeCmdline } from "./cmdline.ts";
import type { TreeFile } from "./cpio.ts";
import type { Architecture, Write } from "./eif.ts";
import { composeImage, writeImage } from "./image.ts";
import { findInstallation, findNode, findPrebuilt, readVersion } from "./installation.ts";
import type { MeasuredImage } from "./measure.ts";
import type { PackageManifest } from "./resolve.ts";
import { composeRootfs } from "./rootfs.ts";
import type { Rootfs } from "./rootfs.ts";
import { PRODUCTION, withCompiled } from "./worker.ts";
import type { EntryPoint } from "./worker.ts";

/** Where null is, the package has one of its own. */
export interface RootfsOptions {
  readonly architecture: Architecture;
  readonly entryPoint: EntryPoint;
  readonly node: string | null;
  readonly addon: string | null;
  /** "/", or the directory of a sysroot. */
  readonly libraries: string;
  readonly signal: AbortSignal;
}

export interface ImageOptions extends RootfsOptions {
  readonly boot: BootSource;
  /** Instead of the one that belongs to the kernel; without the parent's CID. */
  readonly cmdline: string | null;
  readonly parentCid: number;
  readonly init: string | null;
}

export interface BuiltImage {
  readonly image: MeasuredImage;
  readonly kernelVersion: string;
  /** Of each ramdisk. */
  readonly files: readonly (readonly TreeFile[])[];
  readonly packages: readonly PackageManifest[];
}

/** Called when a step begins, in words for people. */
export type OnStep = (step: string) => void;

/** Errors: IMAGE_*, ELF_FORMAT. What `write` was given is an image only if this returns. */
export async function buildImage(
  options: ImageOptions,
  write: Write,
  onStep: OnStep = () => undefined,
): Promise<BuiltImage> {
  const installation = findInstallation();
  const { architecture, entryPoint, parentCid } = options;
  onStep("reading the kernel and its modules");
  const boot = await loadBoot(options.boot, architecture);
  const cmdline = encodeCmdline(parentCid, options.cmdline ?? boot.cmdline);
  return withRootfs(options, onStep, async (rootfs) => {
    const image = await composeImage({
      boot,
      cmdline,
      init: options.init ?? findPrebuilt(installation, `enclave-worker/init/prebuilt/linux-${architecture}`),
      rootfs,
      entry: entryPoint.main === PRODUCTION.main ? null : `${entryPoint.main}.js`,
      version: readVersion(installation),
    });
    onStep("writing the image");
    return {
      image: await writeImage(image, write),
      kernelVersion: boot.version,
      files: image.files,
      packages: rootfs.packages,
    };
  });
}

/** Compiles, and calls `use` with the file system while what it is read from is there. Errors: IMAGE_*, ELF_FORMAT. */
export async function withRootfs<Value>(
  options: RootfsOptions,
  onStep: OnStep,
  use: (rootfs: Rootfs) => Promise<Value>,
): Promise<Value> {
  const installation = findInstallation();
  const { architecture, entryPoint } = options;
  const addon = `transport/native/prebuilt/linux-${architecture}.node`;
  onStep("compiling the worker");
  return withCompiled({ installation, entryPoint, signal: options.signal }, async (compiled) => {
    onStep("collecting the worker's files, packages and libraries");
    return use(
      await composeRootfs({
        compiled,
        entry: `${entryPoint.main}.js`,
        loads: entryPoint.loads,
        packagesFrom: installation.root,
        version: readVersion(installation),
        architecture,
        node: options.node ?? findNode(installation, architecture),
        addon: options.addon ?? findPrebuilt(installation, addon),
        libraries: options.libraries,
      }),
    );
  });
}
