// One enclave image in the emulator, in a process of its own. Says on stdout, in one line, where the guest's vsock ends
// or what went wrong; ends with all it started when stdin closes, at a signal, and when the guest ends.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SealroomError } from "../../core/errors.ts";
import { readTail } from "./console-log.ts";
import { KIT_FOLDER, openKit } from "./kit.ts";
import { bootMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";

const FAILED = 4;
const REPOSITORY = join(import.meta.dirname, "../..");

const { values } = parseArgs({
  options: {
    image: { type: "string" },
    state: { type: "string" },
    memory: { type: "string", default: "1024" },
    emulator: { type: "string", default: join(REPOSITORY, KIT_FOLDER) },
  },
});

const abandoned = new AbortController();
let booting: Promise<Machine> | null = null;
let ending = false;

// Whoever started us is gone, or wants us gone; that may be so before the guest is up.
process.stdin.resume();
process.stdin.once("end", () => void end(0));
process.stdin.once("close", () => void end(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void end(0));

try {
  await serve();
} catch (error) {
  await report(error);
}

async function serve(): Promise<void> {
  const { image, state, memory, emulator } = values;
  if (image === undefined || state === undefined || !/^\d{2,6}$/.test(memory)) {
    throw new Error("internal: --image FILE --state DIR [--memory MiB] [--emulator KIT]");
  }
  await mkdir(state, { recursive: true, mode: 0o700 });
  const log = join(state, "console.log");
  const kit = await openKit(emulator);
  const memoryMib = Number(memory);
  booting = bootMachine({ kit, image, console: log, memoryMib, abandoned: abandoned.signal });
  const { uds, cid, bootMs, ended } = await booting;
  process.stdout.write(`${JSON.stringify({ uds, cid, pid: process.pid, bootMs })}\n`);
  await ended;
  if (ending) return;
  process.stderr.write(`the emulated enclave ended; the end of its console:\n${await readTail(log)}\n`);
  await end(FAILED);
}

async function report(error: unknown): Promise<void> {
  // A boot that was broken off fails too, and nobody asked.
  if (ending) return;
  const known = error instanceof SealroomError ? error : new SealroomError("INTERNAL", {}, { cause: error });
  process.stdout.write(`${JSON.stringify({ error: { code: known.code, details: known.details } })}\n`);
  if (!(error instanceof SealroomError)) console.error(error);
  await end(FAILED);
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  abandoned.abort();
  const machine = await booting?.catch(() => null);
  await machine?.stop();
  process.exit(code);
}
