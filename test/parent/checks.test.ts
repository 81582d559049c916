// What is said of a parent on which no enclave could run. Each rule is shown on a parent that has nothing else wrong.
import assert from "node:assert/strict";
import test from "node:test";
import { checkParent } from "../../host-driver/enclave/checks.ts";
import type { Finding } from "../../host-driver/enclave/finding.ts";
import { isParent, readParent } from "../../host-driver/enclave/parent.ts";
import { ALLOCATOR, CLOCK, KERNEL, POOL, SIBLINGS, asMachine, makeParent, pages } from "./machine.ts";
import type { Made } from "./machine.ts";

async function judge(
  change: (made: Made) => void,
  version: string | null = "1.5.0",
): Promise<readonly Finding[]> {
  const made = makeParent();
  change(made);
  return checkParent(await readParent(asMachine(made)), { version });
}

test("a parent that is set up has nothing to mend, and no warning", async () => {
  const findings = await judge(() => undefined);
  assert.deepEqual(
    findings.filter(({ level }) => level !== "ok"),
    [],
  );
  assert.equal(findings.length, 8);
});

interface Case {
  readonly name: string;
  readonly change: (made: Made) => void;
  readonly version?: null;
  readonly check: string;
  readonly level: "fix" | "warn";
  readonly what: RegExp;
  /** One of the commands. */
  readonly command?: RegExp;
}

const ALLOCATORS: readonly (readonly [name: string, text: string, fault: RegExp])[] = [
  ["without the line ---", "memory_mib: 512\ncpu_count: 2\n", /no line `---`/],
  ["whose last line has no newline", "---\nmemory_mib: 512\ncpu_count: 2", /one of cpu_count and cpu_pool/],
  ["with an empty line", "---\nmemory_mib: 512\n\ncpu_count: 2\n", /line 3 is none of/],
  ["with a name of another program", "---\nmemory_mib: 512\ncpus: 2\n", /line 3 is none of/],
  ["with a comment behind a value", "---\nmemory_mib: 512 # MiB\ncpu_count: 2\n", /memory_mib is not/],
  ["with no memory", "---\ncpu_count: 2\n", /memory_mib is not/],
  ["with a name and no value", "---\nmemory_mib: 512\ncpu_count:\n", /gives cpu_count no value/],
  ["with both ways to name CPUs", "---\nmemory_mib: 512\ncpu_count: 2\ncpu_pool: 1,3\n", /not both/],
  ["with a pool that is no list", "---\nmemory_mib: 512\ncpu_pool: 3-1\n", /cpu_pool is not a list/],
  ["with no CPU", "---\nmemory_mib: 512\ncpu_count: 0\n", /cpu_count is not/],
];

const CASES: readonly Case[] = [
  {
    name: "a machine that is no EC2 instance is sent to the emulator",
    change: ({ files, devices }) => {
      devices.delete("/dev/nitro_enclaves");
      files.set("/sys/class/dmi/id/sys_vendor", "LENOVO\n");
    },
    check: "enclave device",
    level: "fix",
    what: /no EC2 instance \(LENOVO\)/,
    command: /--emulator$/,
  },
  {
    name: "an instance without the driver is told to load it, and that it may have to be launched anew",
    change: ({ files, devices }) => {
      devices.delete("/dev/nitro_enclaves");
      files.delete(POOL);
    },
    check: "enclave device",
    level: "fix",
    what: /not loaded the driver/,
    command: /enclave-options Enabled=true/,
  },
  {
    name: "an instance that was launched without enclaves needs to be launched anew",
    change: ({ devices }) => devices.delete("/dev/nitro_enclaves"),
    check: "enclave device",
    level: "fix",
    what: /no \/dev\/nitro_enclaves/,
    command: /enclave-options Enabled=true/,
  },
  {
    name: "a parent without nitro-cli gets the command that installs it",
    change: () => undefined,
    version: null,
    check: "nitro-cli",
    level: "fix",
    what: /not installed/,
    command: /dnf install/,
  },
  {
    name: "nitro-cli without its directory of sockets cannot work",
    change: ({ devices }) => devices.delete("/run/nitro_enclaves"),
    check: "nitro-cli",
    level: "fix",
    what: /no directory \/run\/nitro_enclaves/,
    command: /systemd-tmpfiles/,
  },
  {
    name: "a user outside the group ne has to join it",
    change: (made) => (made.user = { id: 1000, groups: [1000] }),
    check: "user",
    level: "fix",
    what: /not in the group ne/,
    command: /usermod -aG ne/,
  },
  {
    name: "a machine without the group ne lacks nitro-cli's package",
    change: ({ files }) => files.set("/etc/group", "root:x:0:\n"),
    check: "user",
    level: "fix",
    what: /there is no group ne/,
    command: /dnf install/,
  },
  {
    name: "a device that is closed to a member of the group is said to be so",
    change: ({ devices }) => devices.set("/dev/nitro_enclaves", "forbidden"),
    check: "user",
    level: "fix",
    what: /\/dev\/nitro_enclaves is closed/,
    command: /chgrp ne \/dev\/nitro_enclaves/,
  },
  {
    name: "a parent without an allocator file gets ours",
    change: ({ files }) => files.delete(ALLOCATOR),
    check: "allocator file",
    level: "fix",
    what: /there is no \/etc\/nitro_enclaves/,
    command: /deploy\/allocator\.yaml/,
  },
  ...ALLOCATORS.map(([name, text, fault]): Case => ({
    name: `an allocator file ${name} reserves nothing`,
    change: ({ files }) => files.set(ALLOCATOR, text),
    check: "allocator file",
    level: "fix",
    what: fault,
    command: /restart nitro-enclaves-allocator/,
  })),
  {
    name: "an allocator that does not start at boot is a warning: later, memory is in pieces",
    change: ({ files }) => {
      for (const file of files.keys()) if (file.includes("multi-user.target.wants")) files.delete(file);
    },
    check: "allocator file",
    level: "warn",
    what: /not after the next boot/,
    command: /enable --now/,
  },
  {
    name: "an allocator that has not run has set nothing aside",
    change: ({ files }) => {
      files.set(POOL, "\n");
      for (const [path, text] of pages(0, 2048, 0, 0)) files.set(path, text);
    },
    check: "allocator",
    level: "fix",
    what: /set aside 0 MiB and 0 CPUs/,
    command: /enable --now nitro-enclaves-allocator/,
  },
  {
    name: "an allocator that found less memory than it was to set aside is said to have",
    change: ({ files }) => {
      for (const [path, text] of pages(0, 2048, 600, 600)) files.set(path, text);
    },
    check: "allocator",
    level: "fix",
    what: /2048 MiB are to be set aside, and 1200 MiB are/,
    command: /reboot/,
  },
  {
    name: "CPU 0 stays with the parent",
    change: ({ files }) => files.set(POOL, "0-3"),
    check: "allocator",
    level: "fix",
    what: /CPU 0 and 2 of the first core/,
    command: /cpu_count: 2/,
  },
  {
    name: "the hyperthread of CPU 0 stays with the parent",
    change: ({ files }) => files.set(POOL, "2,3"),
    check: "allocator",
    level: "fix",
    what: /CPU 2 of the first core/,
  },
  {
    name: "half a core cannot be set aside",
    change: ({ files }) => files.set(POOL, "1"),
    check: "allocator",
    level: "fix",
    what: /1 CPUs are set aside, of cores that have 2 threads/,
    command: /cpu_count: 2/,
  },
  {
    name: "without /dev/vsock parent and enclave cannot speak",
    change: ({ devices }) => devices.delete("/dev/vsock"),
    check: "vsock",
    level: "fix",
    what: /no \/dev\/vsock/,
    command: /modprobe/,
  },
  {
    name: "a kernel before the driver is too old",
    change: ({ files }) => {
      files.set(KERNEL, "5.4.0-1100-generic");
      files.delete(POOL);
    },
    check: "kernel",
    level: "fix",
    what: /5\.4\.0-1100-generic on x64 has no driver/,
    command: /upgrade -y kernel/,
  },
  {
    name: "on arm64 the driver came later",
    change: (made) => {
      made.arch = "arm64";
      made.files.set(KERNEL, "5.15.0");
      made.files.delete(POOL);
    },
    check: "kernel",
    level: "fix",
    what: /5\.15\.0 on arm64/,
  },
  {
    name: "a kernel that drops small packets on vsock is a warning",
    change: ({ files }) => files.set(KERNEL, "6.12.93+deb13-cloud-amd64"),
    check: "kernel",
    level: "warn",
    what: /many small packets/,
  },
  {
    name: "a clock source that drifts is a warning",
    change: ({ files }) => files.set(CLOCK, "hpet\n"),
    check: "clock",
    level: "warn",
    what: /clock source hpet/,
  },
];

for (const { name, change, version, check, level, what, command } of CASES) {
  test(name, async () => {
    const findings = await judge(change, version === null ? null : undefined);
    const found = findings.find((finding) => finding.check === check);
    assert.equal(found?.level, level, JSON.stringify(found));
    assert.match(found.what, what);
    assert.notEqual(found.why, "");
    if (command !== undefined) {
      assert.ok(
        found.commands.some((line) => command.test(line)),
        found.commands.join("\n"),
      );
    }
  });
}

test("an older kernel whose vendor brought the driver is well", async () => {
  const findings = await judge(({ files }) => files.set(KERNEL, "4.14.355-280.amzn2.x86_64"));
  assert.equal(findings.find(({ check }) => check === "kernel")?.level, "ok");
});

test("kernels on both sides of the one that drops small packets are well", async () => {
  for (const kernel of ["6.12.91", "6.12.94-cloud", "6.13.0", "7.2.13+deb14-cloud-amd64"]) {
    const findings = await judge(({ files }) => files.set(KERNEL, kernel));
    assert.equal(findings.find(({ check }) => check === "kernel")?.level, "ok", kernel);
  }
});

test("one thread a core is whole as it is: arm64 has no hyperthreads", async () => {
  const findings = await judge((made) => {
    made.arch = "arm64";
    made.files.set(SIBLINGS, "0\n");
    made.files.set(POOL, "1\n");
    made.files.set(CLOCK, "arch_sys_counter\n");
  });
  assert.deepEqual(
    findings.filter(({ level }) => level !== "ok"),
    [],
  );
});

test("every finding that has to be mended says how", async () => {
  for (const { change, version } of CASES) {
    for (const { level, check, commands } of await judge(change, version === null ? null : undefined)) {
      if (level === "fix") assert.notEqual(commands.length, 0, check);
    }
  }
});

test("a laptop is no parent; an EC2 instance is, and so is whatever has the device", async () => {
  const parent = makeParent();
  assert.equal(isParent(await readParent(asMachine(parent))), true);
  parent.files.set("/sys/class/dmi/id/sys_vendor", "LENOVO");
  assert.equal(isParent(await readParent(asMachine(parent))), true);
  parent.files.delete(POOL);
  parent.devices.clear();
  assert.equal(isParent(await readParent(asMachine(parent))), false);
});
