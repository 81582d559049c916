// A parent instance as its files describe it: an m5.xlarge with 4 CPUs in 2 cores, 1 of them for enclaves, 2 GiB set
// aside. Tests change what they are about.
import type { Machine } from "../../host-driver/enclave/machine.ts";

export interface Made {
  readonly files: Map<string, string>;
  /** What can be opened, or is there and cannot be. */
  readonly devices: Map<string, "usable" | "forbidden">;
  arch: string;
  user: { id: number; groups: number[] };
}

export const ALLOCATOR = "/etc/nitro_enclaves/allocator.yaml";
export const POOL = "/sys/module/nitro_enclaves/parameters/ne_cpus";
export const SIBLINGS = "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list";
export const KERNEL = "/proc/sys/kernel/osrelease";
export const CLOCK = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const WANTED = "/etc/systemd/system/multi-user.target.wants/nitro-enclaves-allocator.service";

export function makeParent(): Made {
  return {
    arch: "x64",
    user: { id: 1000, groups: [1000, 990] },
    devices: new Map([
      ["/dev/nitro_enclaves", "usable"],
      ["/dev/vsock", "usable"],
      ["/run/nitro_enclaves", "usable"],
    ]),
    files: new Map([
      ["/sys/class/dmi/id/sys_vendor", "Amazon EC2\n"],
      [KERNEL, "6.1.134-150.224.amzn2023.x86_64\n"],
      [CLOCK, "kvm-clock\n"],
      [ALLOCATOR, "---\n# for one enclave\nmemory_mib: 2048\ncpu_count: 2\n"],
      [POOL, "1,3\n"],
      [SIBLINGS, "0,2\n"],
      [WANTED, "[Unit]\n"],
      ["/etc/group", "root:x:0:\nne:x:990:ec2-user\n"],
      ["/proc/meminfo", "MemTotal:       16131912 kB\nMemFree:        900 kB\nMemAvailable:   12000000 kB\n"],
      ["/proc/uptime", "5000.25 19000.00\n"],
      ...pages(0, 2048, 1024, 1024),
      ...pages(0, 1_048_576, 0, 0),
    ]),
  };
}

/** Hugepages of one size on one NUMA node. */
export function pages(
  node: number,
  kib: number,
  total: number,
  free: number,
): readonly (readonly [string, string])[] {
  const path = `/sys/devices/system/node/node${node}/hugepages/hugepages-${kib}kB`;
  return [
    [`${path}/nr_hugepages`, `${total}\n`],
    [`${path}/free_hugepages`, `${free}\n`],
  ];
}

export function asMachine({ files, devices, arch, user }: Made): Machine {
  return {
    arch,
    user,
    read: (path) => Promise.resolve(files.get(path) ?? null),
    names: (path) => {
      const below = [...files.keys()].filter((file) => file.startsWith(`${path}/`));
      const names = below.map((file) => file.slice(path.length + 1).split("/")[0] ?? "");
      return Promise.resolve([...new Set(names)].sort());
    },
    use: (path) => Promise.resolve(devices.get(path) ?? "absent"),
  };
}
