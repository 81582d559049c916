// Whether the emulator's parts are there: QEMU with the machine nitro-enclave, a vsock device, a kernel with modules. It
// is needed by nobody who has a parent, so what is missing is a warning.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fine, warning } from "../enclave/finding.ts";
import type { Finding } from "../enclave/finding.ts";
import type { Machine } from "../enclave/machine.ts";

export interface EmulatorFacts {
  /** Where it is looked for. */
  readonly folder: string;
  /** What is not there, relative to the folder. */
  readonly missing: readonly string[];
  /** Null where QEMU could not be asked. */
  readonly machines: string | null;
}

const PROGRAMS = ["usr/bin/qemu-system-x86_64", "usr/bin/vhost-device-vsock", "usr/bin/tsc-khz"];
const SET_UP = "npm run emulator   # in a checkout: builds QEMU, some minutes";
const ANSWER_MS = 20_000;

export async function readEmulator(machine: Machine, folder: string): Promise<EmulatorFacts> {
  const root = join(folder, "root");
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    const [directory, name] = [join(root, "usr/bin"), program.slice("usr/bin/".length)];
    if (!(await machine.names(directory)).includes(name)) missing.push(`root/${program}`);
  }
  const kernels = (await machine.names(join(root, "boot"))).filter((name) => name.startsWith("vmlinuz-"));
  if (kernels.length === 0) missing.push("root/boot/vmlinuz-*");
  if ((await machine.names(join(root, "lib/modules"))).length === 0) missing.push("root/lib/modules/*");
  return { folder, missing, machines: missing.length > 0 ? null : await askQemu(root) };
}

export function checkEmulator({ folder, missing, machines }: EmulatorFacts): Finding {
  const why =
    "with it any Linux machine on x64 boots an enclave image, to see that it works; it protects nothing";
  if (missing.length === 5) return warning("emulator", `there is none in ${folder}`, why, [SET_UP]);
  if (missing.length > 0) return warning("emulator", `${folder} lacks ${missing.join(", ")}`, why, [SET_UP]);
  if (machines === null || !/^nitro-enclave\s/m.test(machines)) {
    return warning(
      "emulator",
      machines === null ? "its QEMU does not run" : "its QEMU has no machine nitro-enclave",
      "distributions' QEMU lacks it, being built without libcbor",
      [SET_UP],
    );
  }
  return fine("emulator", folder);
}

async function askQemu(root: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(
      join(root, "usr/bin/qemu-system-x86_64"),
      ["-machine", "help"],
      { timeout: ANSWER_MS, killSignal: "SIGKILL" },
    );
    return stdout;
  } catch {
    return null;
  }
}
