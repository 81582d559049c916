// Makes the commands of a user find services and an enclave that this process runs, as they find `sealroom local`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Services } from "../../local/services.ts";

/** `sockets`: of the local enclave, when one runs. */
export async function announceServices(
  state: string,
  { endpoints }: Services,
  sockets: string | null,
): Promise<void> {
  const running = JSON.stringify({ pid: process.pid, ...endpoints, sockets });
  await writeFile(join(state, "running.json"), running, { mode: 0o600 });
}
