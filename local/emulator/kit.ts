// The emulator's parts, as test/emulator/set-up.sh leaves them in one folder.
import { access, constants, readdir } from "node:fs/promises";
import { join } from "node:path";
import { SealroomError } from "../../core/errors.ts";

/** Where the set-up puts a kit unless SEALROOM_EMULATOR says otherwise, below the repository. */
export const KIT_FOLDER = ".sealroom/emulator";
/** What makes a kit. */
export const SET_UP_COMMAND = "npm run emulator";

/** Absolute or relative paths, as the folder was given. */
export interface Kit {
  /** With the `nitro-enclave` machine; no Debian package has it. */
  readonly qemu: string;
  readonly vsockDevice: string;
  /** Prints the rate of this machine's time-stamp counter. */
  readonly tscKhz: string;
  /** Folders in which QEMU looks for firmware. */
  readonly firmware: readonly string[];
  readonly kernel: string;
  /** `lib/modules/VERSION` of that kernel. */
  readonly modules: string;
}

/** Errors: EMULATOR_MISSING, with what to run. */
export async function openKit(folder: string): Promise<Kit> {
  const root = join(folder, "root");
  const version = await findKernelVersion(folder, join(root, "lib/modules"));
  const kit: Kit = {
    qemu: join(root, "usr/bin/qemu-system-x86_64"),
    vsockDevice: join(root, "usr/bin/vhost-device-vsock"),
    tscKhz: join(root, "usr/bin/tsc-khz"),
    firmware: [join(root, "usr/share/qemu"), join(root, "usr/share/seabios")],
    kernel: join(root, "boot", `vmlinuz-${version}`),
    modules: join(root, "lib/modules", version),
  };
  for (const program of [kit.qemu, kit.vsockDevice, kit.tscKhz]) await check(folder, program, constants.X_OK);
  for (const file of [kit.kernel, ...kit.firmware]) await check(folder, file, constants.R_OK);
  return kit;
}

async function findKernelVersion(folder: string, modules: string): Promise<string> {
  const [version] = await readdir(modules).catch(() => []);
  if (version === undefined) throw missing(folder, modules);
  return version;
}

async function check(folder: string, path: string, mode: number): Promise<void> {
  await access(path, mode).catch((cause: unknown) => {
    throw missing(folder, path, cause);
  });
}

function missing(folder: string, path: string, cause?: unknown): SealroomError {
  return new SealroomError("EMULATOR_MISSING", { folder, missing: path, run: SET_UP_COMMAND }, { cause });
}
