// Hugepages, from which enclave memory is taken: all of an enclave's lie on one NUMA node, that of its CPUs.
import type { Machine } from "./machine.ts";

export interface Hugepages {
  readonly node: number;
  readonly pageBytes: number;
  readonly total: number;
  /** Of those, not held by a running enclave. */
  readonly free: number;
}

const NODES = "/sys/devices/system/node";

export async function readHugepages(machine: Machine): Promise<readonly Hugepages[]> {
  const found: Hugepages[] = [];
  for (const name of await machine.names(NODES)) {
    const [, node] = /^node(\d{1,4})$/.exec(name) ?? [];
    if (node === undefined) continue;
    for (const size of await machine.names(`${NODES}/${name}/hugepages`)) {
      const [, kib] = /^hugepages-(\d{1,9})kB$/.exec(size) ?? [];
      if (kib === undefined) continue;
      const path = `${NODES}/${name}/hugepages/${size}`;
      const [total, free] = await Promise.all(
        ["nr_hugepages", "free_hugepages"].map(async (file) => count(await machine.read(`${path}/${file}`))),
      );
      if (total === undefined || free === undefined) continue;
      found.push({ node: Number(node), pageBytes: Number(kib) * 1024, total, free });
    }
  }
  return found;
}

/** The most that one node has free, in MiB. */
export function freeMiB(pages: readonly Hugepages[]): number {
  const byNode = new Map<number, number>();
  for (const { node, pageBytes, free } of pages) {
    byNode.set(node, (byNode.get(node) ?? 0) + free * pageBytes);
  }
  return Math.floor(Math.max(0, ...byNode.values()) / 2 ** 20);
}

/** On all nodes, held or free, in MiB. */
export function reservedMiB(pages: readonly Hugepages[]): number {
  return Math.floor(pages.reduce((sum, { pageBytes, total }) => sum + pageBytes * total, 0) / 2 ** 20);
}

function count(text: string | null): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^\d{1,12}$/.test(trimmed) ? Number(trimmed) : undefined;
}
