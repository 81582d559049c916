// Whether this parent can start this image with this much: what nitro-cli and the driver would refuse, said before, with
// the numbers that would do. Pure.
import { fine, obstacle, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { freeMiB } from "./hugepages.ts";
import type { Description } from "./nitro-answers.ts";
import type { ParentFacts } from "./parent.ts";

export interface StartFacts {
  readonly parent: ParentFacts;
  readonly imageBytes: number;
  /** Those that run now. */
  readonly running: readonly Description[];
}

export interface StartRequest {
  /** Null: all that is free. */
  readonly memoryMiB: number | null;
  readonly cpus: number | null;
  readonly cid: number | null;
}

/** What is asked of nitro-cli. */
export interface Resources {
  readonly memoryMiB: number;
  readonly cpus: number;
}

const MAX_ENCLAVES = 4;
/** nitro-cli refuses an image whose 4-fold is more than the memory; the driver, less than 64 MiB. */
const IMAGE_FACTOR = 4;
const MIN_MEMORY_MIB = 64;
const MIB = 2 ** 20;

/** What was asked for, and where nothing was, all that is free. */
export function chooseResources(request: StartRequest, facts: StartFacts): Resources {
  return {
    memoryMiB: request.memoryMiB ?? freeMiB(facts.parent.hugepages),
    cpus: request.cpus ?? freeCpus(facts).length,
  };
}

export function checkStart(request: StartRequest, facts: StartFacts): readonly Finding[] {
  const resources = chooseResources(request, facts);
  return [
    checkCount(facts),
    checkMemory(resources, facts),
    checkHugepages(resources, facts),
    checkCpus(resources, facts),
    checkCid(request, facts),
  ];
}

/** The least memory with which nitro-cli starts an image of this size, in MiB. */
export function leastMemoryMiB(imageBytes: number): number {
  return Math.max(MIN_MEMORY_MIB, Math.ceil(imageBytes / MIB) * IMAGE_FACTOR);
}

function checkCount({ running }: StartFacts): Finding {
  if (running.length >= MAX_ENCLAVES) {
    return obstacle("enclaves", `${running.length} enclaves run`, "an instance runs at most 4 at once", [
      `sealroom enclave stop ${running[0]?.id ?? ""}`,
    ]);
  }
  const debug = running.filter(({ mode }) => mode === "debug");
  if (debug.length > 0) {
    return warning(
      "enclaves",
      `${debug.map(({ id }) => id).join(", ")} runs in debug mode`,
      "the parent reads its memory, and its documents have zeros for PCRs: no key policy of Sealroom's opens a key for it",
      debug.map(({ id }) => `sealroom enclave stop ${id}`),
    );
  }
  return fine("enclaves", `${running.length} of ${MAX_ENCLAVES} run`);
}

function checkMemory({ memoryMiB }: Resources, { imageBytes }: StartFacts): Finding {
  const least = leastMemoryMiB(imageBytes);
  if (memoryMiB >= least) return fine("memory", `${memoryMiB} MiB, at least ${least} are needed`);
  return obstacle(
    "memory",
    `${memoryMiB} MiB for an image of ${Math.ceil(imageBytes / MIB)} MiB`,
    `the image is unpacked in the enclave's memory: nitro-cli asks for 4 times its size, ${least} MiB`,
    [...setMemory(least), `sealroom enclave start IMAGE --memory ${least}`],
  );
}

function checkHugepages({ memoryMiB }: Resources, { parent }: StartFacts): Finding {
  const free = freeMiB(parent.hugepages);
  const large = parent.hugepages.filter(({ pageBytes, free: pages }) => pageBytes >= 2 ** 30 && pages > 0);
  if (free < memoryMiB) {
    const held = parent.allocator?.kind === "reserves" ? parent.allocator.memoryMiB : 0;
    return obstacle(
      "hugepages",
      `${memoryMiB} MiB are asked for, and one NUMA node has ${free} MiB of hugepages free`,
      "enclave memory is taken from hugepages of one node, which running enclaves hold until they end",
      ["sealroom enclave status   # what holds them", ...setMemory(held - free + memoryMiB)],
    );
  }
  const small = parent.hugepages
    .filter(({ pageBytes }) => pageBytes < 2 ** 30)
    .reduce((sum, { pageBytes, free: pages }) => sum + pageBytes * pages, 0);
  if (large.length > 0 && small < memoryMiB * MIB && memoryMiB % 1024 !== 0) {
    return warning(
      "hugepages",
      `${free} MiB are free, part of them in pages of 1 GiB`,
      "an enclave takes whole pages, so up to 1 GiB of them may lie idle; a multiple of 1024 MiB wastes nothing",
      [`sealroom enclave start IMAGE --memory ${Math.ceil(memoryMiB / 1024) * 1024}`],
    );
  }
  return fine("hugepages", `${free} MiB are free`);
}

function checkCpus({ cpus }: Resources, facts: StartFacts): Finding {
  const { pool, firstCore } = facts.parent;
  const free = freeCpus(facts);
  const threads = firstCore.length;
  if (cpus === 0 || cpus > free.length) {
    return obstacle(
      "cpus",
      `${cpus === 0 ? "no CPU is left" : `${cpus} CPUs are asked for, and ${free.length} are free`} of ${pool?.length ?? 0} set aside`,
      "an enclave has its CPUs for itself; running enclaves keep theirs until they end",
      [
        "sealroom enclave status   # what has them",
        ...setCpus((pool?.length ?? 0) + Math.max(threads, roundUp(cpus, threads)) - free.length),
      ],
    );
  }
  if (cpus % threads === 0) return fine("cpus", `${cpus} of the CPUs ${free.join(",")}`);
  const whole = roundUp(cpus, threads);
  return obstacle(
    "cpus",
    `${cpus} CPUs, where a core has ${threads} threads`,
    "an enclave gets whole cores: a hyperthread shared with another tenant would leak",
    [
      ...(whole > free.length ? setCpus((pool?.length ?? 0) + whole - free.length) : []),
      `sealroom enclave start IMAGE --cpus ${whole}`,
    ],
  );
}

function checkCid({ cid }: StartRequest, { running }: StartFacts): Finding {
  const holder = running.find((enclave) => enclave.cid === cid);
  if (holder === undefined) return fine("cid", cid === null ? "nitro-cli chooses one" : `CID ${cid}`);
  const taken = new Set(running.map((enclave) => enclave.cid));
  let other = 16;
  while (taken.has(other)) other++;
  return obstacle(
    "cid",
    `CID ${holder.cid} is that of ${holder.id}`,
    "each enclave has an address of its own",
    [`sealroom enclave start IMAGE --cid ${other}`, `sealroom enclave stop ${holder.id}`],
  );
}

function freeCpus({ parent, running }: StartFacts): readonly number[] {
  const taken = new Set(running.flatMap((enclave) => enclave.cpus));
  return (parent.pool ?? []).filter((cpu) => !taken.has(cpu));
}

/** The allocator gives up nothing that an enclave holds: it is restarted when none runs. */
function setMemory(mib: number): readonly string[] {
  return setReservation(`s/^memory_mib:.*/memory_mib: ${mib}/`);
}

function setCpus(count: number): readonly string[] {
  return setReservation(`s/^cpu_count:.*/cpu_count: ${count}/`);
}

function setReservation(edit: string): readonly string[] {
  return [
    `sudo sed -i '${edit}' /etc/nitro_enclaves/allocator.yaml`,
    "sealroom enclave stop --all && sudo systemctl restart nitro-enclaves-allocator",
  ];
}

function roundUp(count: number, to: number): number {
  return Math.ceil(count / to) * to;
}
