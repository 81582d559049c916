// /etc/nitro_enclaves/allocator.yaml, read as the allocator service reads it: it is no YAML parser, but takes lines of
// `name: value` after a line that is `---`, fails on any other, and loses a last line that no newline ends. So a file
// that looks right may reserve nothing.
import { parseCpuList } from "./cpu-list.ts";

export type Allocator =
  | { readonly kind: "reserves"; readonly memoryMiB: number; readonly cpus: CpuReservation }
  | { readonly kind: "unusable"; readonly fault: string };

export type CpuReservation =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "pool"; readonly pool: readonly number[] };

const NAMES = ["memory_mib", "cpu_count", "cpu_pool"];

export function parseAllocator(text: string): Allocator {
  const values = new Map<string, string>();
  // What follows the last newline is not read.
  const lines = text
    .split("\n")
    .slice(0, -1)
    .map((line) => line.trim());
  const start = lines.indexOf("---");
  if (start === -1) return unusable("it has no line `---`, and what stands before one is not read");
  for (const [at, line] of lines.entries()) {
    if (at <= start || line === "---" || line.startsWith("#")) continue;
    const [, name = "", value = ""] = /^([-_A-Za-z0-9]+):\s*"?([^"]*)"?$/.exec(line) ?? [];
    if (!NAMES.includes(name)) return unusable(`line ${at + 1} is none of ${NAMES.join(", ")}`);
    if (value.trim() === "") return unusable(`line ${at + 1} gives ${name} no value`);
    values.set(name, value.trim());
  }
  const memory = values.get("memory_mib") ?? "";
  if (!/^[1-9]\d{0,8}$/.test(memory)) return unusable("memory_mib is not a whole number of MiB");
  const cpus = parseCpus(values.get("cpu_count"), values.get("cpu_pool"));
  return typeof cpus === "string" ? unusable(cpus) : { kind: "reserves", memoryMiB: Number(memory), cpus };
}

function parseCpus(count: string | undefined, pool: string | undefined): CpuReservation | string {
  if ((count === undefined) === (pool === undefined)) {
    return "it needs one of cpu_count and cpu_pool, not both";
  }
  if (count !== undefined) {
    if (!/^[1-9]\d{0,3}$/.test(count)) return "cpu_count is not a whole number above 0";
    return { kind: "count", count: Number(count) };
  }
  const cpus = parseCpuList(pool ?? "");
  return cpus === null || cpus.length === 0
    ? "cpu_pool is not a list of CPUs such as 2,3,6-9"
    : { kind: "pool", pool: cpus };
}

function unusable(fault: string): Allocator {
  return { kind: "unusable", fault };
}
