// When a process of this machine began, by proc(5): that tells it from another that has its number later, and says for
// how long an enclave has run.
import type { Machine } from "./machine.ts";

/** Linux gives times of processes in hundredths of a second on all that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Ticks since the machine's start, as the kernel prints them; null where there is no such process. */
export async function startTime(machine: Machine, pid: number): Promise<string | null> {
  const stat = await machine.read(`/proc/${pid}/stat`);
  // The second field is a name in brackets, and may have spaces and brackets in it; a zombie is no process any more.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const [state, started] = [fields[0], fields[19]];
  return started === undefined || state === "Z" || !/^\d{1,20}$/.test(started) ? null : started;
}

/** Null where there is no such process. */
export async function ageSeconds(machine: Machine, pid: number): Promise<number | null> {
  const started = await startTime(machine, pid);
  const [uptime] = (await machine.read("/proc/uptime"))?.split(" ") ?? [];
  if (started === null || uptime === undefined) return null;
  return Math.max(0, Math.round(Number(uptime) - Number(started) / TICKS_PER_SECOND));
}
