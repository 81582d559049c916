// `sealroom enclave build`: makes an enclave image of the production worker, and its measurements; or the worker's file
// system alone, for nitro-cli with Docker.
import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Command } from "commander";
import { encodeMeasurements } from "../core/attestation/measurements.ts";
import { SealroomError } from "../core/errors.ts";
import type { BootSource } from "../host-driver/enclave/boot.ts";
import { buildImage, withRootfs } from "../host-driver/enclave/build.ts";
import type { BuiltImage, RootfsOptions } from "../host-driver/enclave/build.ts";
import { writerOf } from "../host-driver/enclave/byte-file.ts";
import { isCid } from "../host-driver/enclave/cmdline.ts";
import type { Write } from "../host-driver/enclave/eif.ts";
import { writeFolder } from "../host-driver/enclave/folder.ts";
import type { PackageManifest } from "../host-driver/enclave/resolve.ts";
import { PRODUCTION } from "../host-driver/enclave/worker.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { encodeImage, registerFields, renderSections } from "./enclave-image.ts";
import { FaultAt, usage } from "./fault.ts";
import { writeDirectoryBy, writeFileBy } from "./file.ts";
import { parseCount } from "./number.ts";
import { renderBytes, renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly out?: string;
  readonly rootfs?: string;
  readonly kernel?: string;
  readonly modules?: string;
  readonly blobs?: string;
  readonly cmdline?: string;
  readonly parentCid: string;
  readonly arch: string;
  readonly node?: string;
  readonly libraries: string;
}

export function declareEnclaveBuild(parent: Command, host: Host): void {
  const command = declare(parent, "build", {
    summary: "build an enclave image and print its PCRs",
    description:
      "Builds an enclave image (EIF) of the worker: the same inputs are the same bytes, wherever and whenever. Writes " +
      "the measurements beside it, in the form of nitro-cli. The kernel is AWS's (--blobs), or a distribution's " +
      "(--kernel and --modules), which the emulator boots.",
    examples: [
      "sealroom enclave build --out enclave.eif \\\n      --blobs /usr/share/nitro_enclaves/blobs",
      "sealroom enclave build --out emulated.eif --parent-cid 2 \\\n" +
        "      --kernel boot/vmlinuz-6.12.95 --modules lib/modules/6.12.95",
      "sealroom enclave build --rootfs build/rootfs",
    ],
  })
    .option("--out <file>", "the image to write; FILE.measurements.json beside it")
    .option("--rootfs <dir>", "write the worker's file system to this new folder, and no image")
    .option("--blobs <dir>", "AWS's kernel, command line and driver, as nitro-cli installs them")
    .option("--kernel <file>", "a kernel: bzImage, or Image for arm64")
    .option("--modules <dir>", "that kernel's /lib/modules/VERSION")
    .option("--cmdline <text>", "the kernel's command line, instead of the one that belongs to it")
    .option("--parent-cid <n>", "at which the enclave finds its parent: 3 on AWS, 2 in the emulator", "3")
    .option("--arch <arch>", "x64 or arm64", process.arch)
    .option("--node <file>", "Node for the image, instead of the package node-linux-ARCH")
    .option("--libraries <dir>", "take the C library and its like from this unpacked system", "/");
  act(command, host, build);
}

async function build(session: Session, options: Options): Promise<Report> {
  const rootfs = readRootfsOptions(session, options);
  if (options.rootfs !== undefined) {
    if (options.out !== undefined) throw usage("--rootfs and --out are two different things to build");
    return buildFolder(session, rootfs, options.rootfs);
  }
  const { out, cmdline } = options;
  if (out === undefined) throw usage("needed: --out <file>, or --rootfs <dir>");
  const boot = readBoot(options);
  const measurementsPath = `${out.replace(/\.eif$/, "")}.measurements.json`;
  const parentCid = parseCount("--parent-cid", options.parentCid);
  if (!isCid(parentCid)) throw usage(`--parent-cid '${options.parentCid}' is not the CID of anybody`);
  const image = { ...rootfs, boot, cmdline: cmdline ?? null, parentCid, init: null };
  const built = await writeSynced(out, async (file) => {
    const result = await atInput(() => buildImage(image, writeTo(session, file), stepOf(session)));
    // The measurements of an earlier image must not lie beside this one.
    await rm(measurementsPath, { force: true });
    return result;
  });
  await writeSynced(measurementsPath, (file) => file.writeFile(encodeMeasurements(built.image.measurements)));
  return describe(built, out, measurementsPath);
}

/** Writes a file that gets its name when it is complete and on disk. Errors, at the path: FILE_*. */
async function writeSynced<Value>(path: string, write: (file: FileHandle) => Promise<Value>): Promise<Value> {
  const results: Value[] = [];
  await writeFileBy(path, async (temporary) => {
    const file = await open(temporary, "wx", 0o644);
    try {
      results.push(await write(file));
      await file.sync();
    } finally {
      await file.close();
    }
  });
  const [result] = results as [Value];
  return result;
}

/** A fault of a file that the image is made from lies there, and not at the image. */
async function atInput<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const file = error instanceof SealroomError ? error.details["file"] : undefined;
    throw typeof file === "string" ? new FaultAt(file, error) : error;
  }
}

async function buildFolder(session: Session, options: RootfsOptions, path: string): Promise<Report> {
  let packages: readonly PackageManifest[] = [];
  let bytes = 0;
  await writeDirectoryBy(path, (temporary) =>
    atInput(() =>
      withRootfs(options, stepOf(session), async (rootfs) => {
        await writeFolder(rootfs, temporary);
        packages = rootfs.packages;
        bytes = rootfs.files.reduce((sum, { content }) => sum + content.size, 0);
      }),
    ),
  );
  return {
    exit: 0,
    json: { rootfs: path, bytes, packages: encodePackages(packages) },
    text: [`Wrote ${path}: ${renderBytes(bytes)}.`, ...renderFields([["packages", listPackages(packages)]])],
  };
}

function readRootfsOptions({ signal }: Session, { arch, node, libraries }: Options): RootfsOptions {
  if (arch !== "x64" && arch !== "arm64") throw usage(`--arch '${arch}' is not x64 or arm64`);
  return { architecture: arch, entryPoint: PRODUCTION, node: node ?? null, addon: null, libraries, signal };
}

function readBoot({ blobs, kernel, modules }: Options): BootSource {
  if (blobs !== undefined && kernel === undefined && modules === undefined) {
    return { kind: "blobs", directory: blobs };
  }
  if (blobs === undefined && kernel !== undefined && modules !== undefined) {
    return { kind: "kernel", kernel, modules, extraModules: [] };
  }
  throw usage("needed: --blobs <dir>, or --kernel <file> and --modules <dir>");
}

function stepOf({ progress, signal }: Session): (step: string) => void {
  return (step) => {
    signal.throwIfAborted();
    progress.note(`${step.charAt(0).toUpperCase()}${step.slice(1)}.`);
  };
}

function writeTo({ signal }: Session, file: FileHandle): Write {
  const write = writerOf(file);
  return async (bytes, start) => {
    signal.throwIfAborted();
    await write(bytes, start);
  };
}

function describe(built: BuiltImage, out: string, measurementsPath: string): Report {
  const { image, kernelVersion, files, packages } = built;
  const count = files.reduce((sum, ramdisk) => sum + ramdisk.length, 0);
  return {
    exit: 0,
    json: {
      image: out,
      measurementsFile: measurementsPath,
      ...encodeImage(image),
      kernel: kernelVersion,
      files: count,
      packages: encodePackages(packages),
    },
    text: [
      `Wrote ${out}, and ${measurementsPath} to hold against an enclave's documents.`,
      ...renderFields(registerFields(image)),
      ...renderSections(image),
      ...renderFields([
        ["kernel", kernelVersion],
        ["cmdline", image.cmdline],
        ["files", String(count)],
        ["packages", listPackages(packages)],
      ]),
    ],
  };
}

function listPackages(packages: readonly PackageManifest[]): string {
  return packages.map(({ name, version }) => `${name} ${version}`).join(", ");
}

function encodePackages(packages: readonly PackageManifest[]): { name: string; version: string }[] {
  return packages.map(({ name, version }) => ({ name, version }));
}
