// Lists of CPUs as the kernel writes them, `2,3,6-9`, in /sys and in the allocator's file.

/** More than any instance has; a longer list is no list of CPUs. */
const MAX_CPU = 4095;

/** Ascending, each once; null for what is no such list. An empty text is an empty list. */
export function parseCpuList(text: string): readonly number[] | null {
  const cpus = new Set<number>();
  const trimmed = text.trim();
  if (trimmed === "") return [];
  for (const part of trimmed.split(",")) {
    const [, from, to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
    if (from === undefined) return null;
    const [first, last] = [Number(from), Number(to)];
    if (last < first || last > MAX_CPU) return null;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((one, other) => one - other);
}
