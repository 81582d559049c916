// Whether a parent can run enclaves at all, in plain words, before nitro-cli fails with a code. Pure: facts in, findings
// out, in the order in which one would mend them.
import { fine, obstacle, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { reservedMiB } from "./hugepages.ts";
import { checkClock, checkKernel } from "./parent-kernel.ts";
import type { ParentFacts } from "./parent.ts";

export interface NitroCliFacts {
  /** Null where there is no nitro-cli. */
  readonly version: string | null;
}

const ALLOCATOR_FILE = "/etc/nitro_enclaves/allocator.yaml";
const START_ALLOCATOR = "sudo systemctl enable --now nitro-enclaves-allocator";
const RESTART_ALLOCATOR = "sudo systemctl restart nitro-enclaves-allocator";
const INSTALL = "sudo dnf install -y aws-nitro-enclaves-cli";

export function checkParent(facts: ParentFacts, nitroCli: NitroCliFacts): readonly Finding[] {
  // Elsewhere than on EC2 nothing that could be installed would help.
  if (facts.device === "absent" && facts.vendor !== "Amazon EC2") return [checkDevice(facts)];
  return [
    checkDevice(facts),
    checkNitroCli(facts, nitroCli),
    checkUser(facts),
    checkAllocatorFile(facts),
    checkAllocator(facts),
    checkVsock(facts),
    checkKernel(facts),
    checkClock(facts),
  ];
}

function checkDevice({ vendor, device, driver }: ParentFacts): Finding {
  if (device !== "absent") return fine("enclave device", "/dev/nitro_enclaves is there");
  if (vendor !== "Amazon EC2") {
    return obstacle(
      "enclave device",
      `this machine is no EC2 instance${vendor === null ? "" : ` (${vendor})`}`,
      "Nitro Enclaves run on EC2 alone; elsewhere the emulator shows whether an image boots, and protects nothing",
      ["sealroom enclave start IMAGE --emulator"],
    );
  }
  if (driver === "absent") {
    return obstacle(
      "enclave device",
      "the kernel has not loaded the driver nitro_enclaves",
      "nitro-cli asks the hypervisor for an enclave through it; where it cannot be loaded, the instance was launched " +
        "without enclaves, which no later setting changes",
      [
        "sudo modprobe nitro_enclaves",
        "aws ec2 run-instances --enclave-options Enabled=true ...   # a new instance",
      ],
    );
  }
  return obstacle(
    "enclave device",
    "the driver is loaded, and there is no /dev/nitro_enclaves",
    "this instance was launched without enclaves, which no later setting changes, or is of a type that has none",
    ["aws ec2 run-instances --enclave-options Enabled=true ...   # a new instance"],
  );
}

function checkNitroCli({ runDirectory }: ParentFacts, { version }: NitroCliFacts): Finding {
  if (version === null) {
    return obstacle(
      "nitro-cli",
      "nitro-cli is not installed, or not in PATH",
      "it starts and stops enclaves",
      [`${INSTALL}   # Amazon Linux 2023`],
    );
  }
  if (runDirectory === "absent") {
    return obstacle(
      "nitro-cli",
      `nitro-cli ${version} has no directory /run/nitro_enclaves`,
      "it keeps the sockets of running enclaves there; its package makes it at boot",
      ["sudo systemd-tmpfiles --create", INSTALL],
    );
  }
  return fine("nitro-cli", `nitro-cli ${version}`);
}

function checkUser({ user, device, runDirectory }: ParentFacts): Finding {
  const join = 'sudo usermod -aG ne "$USER"   # then log in again';
  const why = "only root and members of the group ne may open /dev/nitro_enclaves and nitro-cli's sockets";
  if (user === "no-group") {
    return obstacle("user", "there is no group ne", `${why}; nitro-cli's package makes it`, [INSTALL, join]);
  }
  if (user === "not-in-group") return obstacle("user", "this user is not in the group ne", why, [join]);
  if (device === "forbidden" || runDirectory === "forbidden") {
    const place = device === "forbidden" ? "/dev/nitro_enclaves" : "/run/nitro_enclaves";
    return obstacle("user", `${place} is closed to this user`, why, [`sudo chgrp ne ${place}`]);
  }
  return fine("user", user === "root" ? "root" : "a member of the group ne");
}

function checkAllocatorFile({ allocator, allocatorAtBoot }: ParentFacts): Finding {
  const why = "it says how much memory and which CPUs are taken from the parent for enclaves";
  if (allocator === null) {
    return obstacle("allocator file", `there is no ${ALLOCATOR_FILE}`, why, [
      `sudo install -D -m 0644 deploy/allocator.yaml ${ALLOCATOR_FILE}`,
      START_ALLOCATOR,
    ]);
  }
  if (allocator.kind === "unusable") {
    return obstacle(
      "allocator file",
      `${ALLOCATOR_FILE} cannot be used: ${allocator.fault}`,
      `${why}, and the service fails on any line that it does not know`,
      [`sudo install -D -m 0644 deploy/allocator.yaml ${ALLOCATOR_FILE}`, RESTART_ALLOCATOR],
    );
  }
  const { memoryMiB, cpus } = allocator;
  const taken = cpus.kind === "count" ? `${cpus.count} CPUs` : `the CPUs ${cpus.pool.join(",")}`;
  const what = `${memoryMiB} MiB and ${taken} for enclaves`;
  if (allocatorAtBoot === "enabled") return fine("allocator file", what);
  return warning(
    "allocator file",
    `${what}, but not after the next boot`,
    "memory that is set aside when the instance starts is in one piece; later there may not be enough of it",
    [START_ALLOCATOR],
  );
}

function checkAllocator(facts: ParentFacts): Finding {
  const { allocator, pool, hugepages, memory } = facts;
  const reserved = reservedMiB(hugepages);
  if (pool === null || pool.length === 0 || reserved === 0) {
    return obstacle(
      "allocator",
      `the allocator has set aside ${reserved} MiB and ${pool?.length ?? 0} CPUs`,
      "an enclave gets only what was set aside before it is started",
      [START_ALLOCATOR, "journalctl -u nitro-enclaves-allocator -n 20   # if it failed"],
    );
  }
  const fault = poolFault(facts);
  if (fault !== null) return fault;
  const asked = allocator?.kind === "reserves" ? allocator.memoryMiB : 0;
  if (reserved < asked) {
    return obstacle(
      "allocator",
      `${asked} MiB are to be set aside, and ${reserved} MiB are`,
      `the instance has ${memory.totalMiB} MiB, ${memory.availableMiB} MiB of it unused now, in too small pieces or too few`,
      [RESTART_ALLOCATOR, "sudo systemctl reboot   # if that does not find enough"],
    );
  }
  return fine("allocator", `${reserved} MiB and the CPUs ${pool.join(",")} are set aside`);
}

/** The driver refuses such pools; one that is seen was set by other means. */
function poolFault({ pool, firstCore }: ParentFacts): Finding | null {
  const cpus = pool ?? [];
  const own = cpus.filter((cpu) => firstCore.includes(cpu));
  if (own.length > 0) {
    return obstacle(
      "allocator",
      `CPU ${own.join(" and ")} of the first core is set aside for enclaves`,
      "CPU 0 and its hyperthread have to stay with the parent",
      [
        `sudo sed -i 's/^cpu_pool:.*/cpu_count: ${cpus.length - own.length}/' ${ALLOCATOR_FILE}`,
        RESTART_ALLOCATOR,
      ],
    );
  }
  if (cpus.length % firstCore.length === 0) return null;
  return obstacle(
    "allocator",
    `${cpus.length} CPUs are set aside, of cores that have ${firstCore.length} threads each`,
    "an enclave gets whole cores: a hyperthread shared with the parent would leak",
    [
      `sudo sed -i 's/^cpu_pool:.*/cpu_count: ${cpus.length + firstCore.length - (cpus.length % firstCore.length)}/' ${ALLOCATOR_FILE}`,
      RESTART_ALLOCATOR,
    ],
  );
}

function checkVsock({ vsock }: ParentFacts): Finding {
  if (vsock === "usable") return fine("vsock", "/dev/vsock is there");
  return obstacle(
    "vsock",
    vsock === "absent" ? "there is no /dev/vsock" : "/dev/vsock is closed to this user",
    "parent and enclave speak over vsock and nothing else",
    vsock === "absent" ? ["sudo modprobe vmw_vsock_virtio_transport"] : ["sudo chmod 0666 /dev/vsock"],
  );
}
