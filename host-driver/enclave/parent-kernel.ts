// What the parent's kernel means for enclaves. Versions decide little: vendors carry the driver and the fixes back, so
// what can be seen (the driver, the clock source) is judged and a version is only named where it is known to be bad.
import { fine, obstacle, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { ParentFacts } from "./parent.ts";

type Version = readonly [major: number, minor: number, patch: number];

/** Mainline's first kernels with the driver; vendors had it before. */
const DRIVER_SINCE: Readonly<Record<string, Version>> = { x64: [5, 10, 0], arm64: [5, 16, 0] };
/**
 * From 6.12.92 on the receiver counts packets besides bytes, and drops or resets what is sent in many small ones;
 * 6.12.94 lets more through. Later lines have it too, and no version of theirs is known to be free of it.
 */
const SMALL_PACKETS_SINCE: Version = [6, 12, 92];
const SMALL_PACKETS_EASED: Version = [6, 12, 94];
/** Clock sources under which an instance's clock runs true. */
const TRUE_CLOCKS: readonly string[] = ["kvm-clock", "tsc", "arch_sys_counter"];

export function checkKernel({ kernel, arch, driver }: ParentFacts): Finding {
  const version = parseVersion(kernel);
  if (version === null) return warning("kernel", `kernel '${kernel}'`, "its version cannot be read");
  const since = DRIVER_SINCE[arch];
  if (driver === "absent" && (since === undefined || isBefore(version, since))) {
    return obstacle(
      "kernel",
      `kernel ${kernel} on ${arch} has no driver for enclaves`,
      since === undefined
        ? "enclaves are on x64 and arm64 alone"
        : `mainline has it since ${since.join(".")}; Amazon Linux 2023 has it`,
      since === undefined ? [] : ["sudo dnf upgrade -y kernel && sudo systemctl reboot"],
    );
  }
  if (!isBefore(version, SMALL_PACKETS_SINCE) && isBefore(version, SMALL_PACKETS_EASED)) {
    return warning(
      "kernel",
      `kernel ${kernel} drops vsock data that comes in many small packets`,
      "Sealroom writes large ones; other programs on vsock may lose bytes. 6.12.94 and later take more",
      ["sudo dnf upgrade -y kernel && sudo systemctl reboot"],
    );
  }
  return fine("kernel", `kernel ${kernel}`);
}

export function checkClock({ clockSource }: ParentFacts): Finding {
  if (clockSource !== null && TRUE_CLOCKS.includes(clockSource)) {
    return fine("clock", `clock source ${clockSource}`);
  }
  return warning(
    "clock",
    `clock source ${clockSource ?? "unknown"}`,
    "AWS refuses requests that are signed 5 minutes off; a Nitro instance has kvm-clock, tsc or arch_sys_counter",
    ["cat /sys/devices/system/clocksource/clocksource0/available_clocksource", "chronyc tracking"],
  );
}

function parseVersion(kernel: string): Version | null {
  const [, major, minor, patch] = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?(?![0-9])/.exec(kernel) ?? [];
  return major === undefined || minor === undefined
    ? null
    : [Number(major), Number(minor), Number(patch ?? 0)];
}

function isBefore(version: Version, other: Version): boolean {
  for (const [at, part] of version.entries()) {
    const against = other[at] ?? 0;
    if (part !== against) return part < against;
  }
  return false;
}
