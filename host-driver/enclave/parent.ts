// The facts of a parent instance that decide whether an enclave starts on it. Facts only: checks.ts judges them.
import { parseAllocator } from "./allocator.ts";
import type { Allocator } from "./allocator.ts";
import { parseCpuList } from "./cpu-list.ts";
import { readHugepages } from "./hugepages.ts";
import type { Hugepages } from "./hugepages.ts";
import type { Machine } from "./machine.ts";

export interface ParentFacts {
  readonly arch: string;
  /** Of the firmware's maker: `Amazon EC2` on a Nitro instance. Null where nothing says. */
  readonly vendor: string | null;
  /** `6.1.134-150.224.amzn2023.x86_64`. */
  readonly kernel: string;
  readonly clockSource: string | null;
  /** Whether /dev/nitro_enclaves can be opened by this user. */
  readonly device: "usable" | "forbidden" | "absent";
  /** Whether the kernel has loaded the driver, or has it built in. */
  readonly driver: "loaded" | "absent";
  readonly vsock: "usable" | "forbidden" | "absent";
  /** Where nitro-cli keeps the sockets of running enclaves. */
  readonly runDirectory: "usable" | "forbidden" | "absent";
  readonly user: "root" | "in-group" | "not-in-group" | "no-group";
  /** Null where there is no file. */
  readonly allocator: Allocator | null;
  /** Whether systemd starts the allocator when the instance boots. */
  readonly allocatorAtBoot: "enabled" | "disabled";
  /** CPUs taken from the parent for enclaves, running or not. Null where the driver says none. */
  readonly pool: readonly number[] | null;
  /** CPU 0 and its hyperthread: they stay with the parent. As many as a core has threads. */
  readonly firstCore: readonly number[];
  readonly hugepages: readonly Hugepages[];
  readonly memory: { readonly totalMiB: number; readonly availableMiB: number };
}

const DRIVER = "/sys/module/nitro_enclaves";
const DEVICE = "/dev/nitro_enclaves";
const GROUP = "ne";

export async function readParent(machine: Machine): Promise<ParentFacts> {
  const [vendor, kernel, clock, allocator, pool, siblings] = await Promise.all([
    machine.read("/sys/class/dmi/id/sys_vendor"),
    machine.read("/proc/sys/kernel/osrelease"),
    machine.read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    machine.read("/etc/nitro_enclaves/allocator.yaml"),
    machine.read(`${DRIVER}/parameters/ne_cpus`),
    machine.read("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list"),
  ]);
  const wanted = await machine.names("/etc/systemd/system/multi-user.target.wants");
  const firstCore = siblings === null ? null : parseCpuList(siblings);
  return {
    arch: machine.arch,
    vendor: vendor === null || vendor.trim() === "" ? null : vendor.trim(),
    kernel: kernel?.trim() ?? "unknown",
    clockSource: clock?.trim() ?? null,
    device: await machine.use(DEVICE),
    driver: (await machine.names(DRIVER)).length > 0 ? "loaded" : "absent",
    vsock: await machine.use("/dev/vsock"),
    runDirectory: await machine.use("/run/nitro_enclaves"),
    user: await readMembership(machine),
    allocator: allocator === null ? null : parseAllocator(allocator),
    allocatorAtBoot: wanted.includes("nitro-enclaves-allocator.service") ? "enabled" : "disabled",
    pool: pool === null ? null : parseCpuList(pool),
    firstCore: firstCore === null || firstCore.length === 0 ? [0] : firstCore,
    hugepages: await readHugepages(machine),
    memory: await readMemory(machine),
  };
}

/** Whether this looks like an instance on which somebody wants to run enclaves. */
export function isParent({ vendor, device, driver }: ParentFacts): boolean {
  return vendor === "Amazon EC2" || device !== "absent" || driver === "loaded";
}

/** nitro-cli's package makes the group `ne`, and gives it the device and the directory of sockets. */
async function readMembership(machine: Machine): Promise<ParentFacts["user"]> {
  if (machine.user.id === 0) return "root";
  const groups = (await machine.read("/etc/group"))?.split("\n") ?? [];
  const [, , id] = groups.map((line) => line.split(":")).find(([name]) => name === GROUP) ?? [];
  if (id === undefined || !/^\d{1,10}$/.test(id)) return "no-group";
  return machine.user.groups.includes(Number(id)) ? "in-group" : "not-in-group";
}

async function readMemory(machine: Machine): Promise<ParentFacts["memory"]> {
  const text = (await machine.read("/proc/meminfo")) ?? "";
  const read = (name: string): number => {
    const [, kib] = new RegExp(`^${name}:\\s+(\\d{1,12}) kB$`, "m").exec(text) ?? [];
    return Math.floor(Number(kib ?? 0) / 1024);
  };
  return { totalMiB: read("MemTotal"), availableMiB: read("MemAvailable") };
}
