// An enclave in the emulator, as a process that outlives the command that started it. The command line knows it by one
// line of JSON only, and imports nothing of it; a file below the state says to other commands where it is.
import { spawn } from "node:child_process";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ERROR_CODES, SealroomError } from "../core/errors.ts";
import type { Details, ErrorCode } from "../core/errors.ts";
import type { Measurements } from "../core/attestation/measurements.ts";
import type { Image } from "../host-driver/enclave/lifecycle.ts";
import { thisMachine } from "../host-driver/enclave/machine.ts";
import { startTime } from "../host-driver/enclave/process-time.ts";
import { leastMemoryMiB } from "../host-driver/enclave/start-checks.ts";
import { writeFileBy } from "./file.ts";

export interface EmulatorStart {
  readonly state: string;
  readonly image: Image;
  /** Null: what such an image boots with. */
  readonly memoryMiB: number | null;
  readonly signal: AbortSignal;
}

/** What is kept of an emulated enclave while it runs. */
export interface Emulated {
  readonly id: string;
  readonly pid: number;
  /** Of the process, in the kernel's own count: another process of that number has another. */
  readonly startTime: string;
  readonly image: string;
  readonly measurements: Measurements;
  readonly memoryMiB: number;
  /** Unix socket of its vsock device. */
  readonly uds: string;
  readonly cid: number;
  readonly bootMs: number;
}

const MAIN = fileURLToPath(
  new URL(`../local/emulator/main${import.meta.filename.slice(-3)}`, import.meta.url),
);
const FOLDER = "enclaves";
const FILE = "enclave.json";
const MEMORY_MIB = 1024;
/** Longer than all stages of a boot may take together. */
const BOOT_MS = 240_000;
const STOP_MS = 15_000;
const POLL_MS = 50;
const LINE_BYTES = 64 * 1024;
const OUTPUT_CHARS = 400;

/** Returns when its worker accepts connections. Errors: EMULATOR_START, and what the emulator itself reports. */
export async function startEmulator({ state, image, memoryMiB, signal }: EmulatorStart): Promise<Emulated> {
  const id = `emu-${randomBytes(4).toString("hex")}`;
  const folder = join(resolve(state), FOLDER, id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const memory = memoryMiB ?? Math.max(MEMORY_MIB, leastMemoryMiB(image.bytes));
  const child = await spawnDetached(folder, [
    MAIN,
    "--image",
    image.path,
    "--state",
    folder,
    "--memory",
    String(memory),
    ...kitArguments(),
  ]);
  try {
    const line = await firstLine(folder, child.hasEnded, signal);
    const { uds, cid, pid, bootMs } = parseLine(line, await readTail(folder));
    const { measurements } = image;
    const started = await startTime(thisMachine, pid);
    if (started === null) throw new SealroomError("EMULATOR_START", { output: await readTail(folder) });
    const emulated = { id, pid, startTime: started, image: image.path, measurements, uds, cid, bootMs };
    await writeFileBy(join(folder, FILE), (temporary) =>
      writeFile(temporary, JSON.stringify({ ...emulated, memoryMiB: memory }), { mode: 0o600, flag: "wx" }),
    );
    return { ...emulated, memoryMiB: memory };
  } catch (error) {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Those whose process is there; what is left of others is removed. */
export async function listEmulated(state: string): Promise<readonly Emulated[]> {
  const folder = join(resolve(state), FOLDER);
  const running: Emulated[] = [];
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const emulated = await readEmulated(join(folder, name, FILE));
    // Without a file it is one that starts just now.
    if (emulated === null) continue;
    if ((await startTime(thisMachine, emulated.pid)) === emulated.startTime) running.push(emulated);
    else await rm(join(folder, name), { recursive: true, force: true });
  }
  return running;
}

/** Returns when its process has ended. */
export async function stopEmulated(state: string, { id, pid, startTime: started }: Emulated): Promise<void> {
  const isThere = async (): Promise<boolean> => (await startTime(thisMachine, pid)) === started;
  await end(pid, isThere);
  await rm(join(resolve(state), FOLDER, id), { recursive: true, force: true });
}

interface Detached {
  readonly hasEnded: () => boolean;
  stop(): Promise<void>;
}

/**
 * Its output goes to files, since nobody reads it when this command has ended. Its standard input is a pipe that the child
 * itself holds open for writing, so it never ends.
 */
async function spawnDetached(folder: string, args: readonly string[]): Promise<Detached> {
  const pipe = await openEndlessPipe();
  const output = await open(join(folder, "output"), "wx", 0o600);
  const complaints = await open(join(folder, "complaints"), "wx", 0o600);
  try {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
      detached: true,
      stdio: [pipe.fd, output.fd, complaints.fd],
    });
    let ended = false;
    child.once("exit", () => (ended = true));
    child.once("error", () => (ended = true));
    child.unref();
    return {
      hasEnded: () => ended,
      stop: async () => {
        if (child.pid !== undefined) await end(child.pid, () => Promise.resolve(!ended));
      },
    };
  } finally {
    await Promise.all([pipe.close(), output.close(), complaints.close()]);
  }
}

async function openEndlessPipe(): Promise<Awaited<ReturnType<typeof open>>> {
  const folder = await mkdtemp(join(tmpdir(), "sealroom-pipe-"));
  try {
    await promisify(execFile)("mkfifo", ["-m", "600", join(folder, "pipe")]);
    return await open(join(folder, "pipe"), "r+");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstLine(folder: string, hasEnded: () => boolean, signal: AbortSignal): Promise<string> {
  for (let waited = 0; waited < BOOT_MS; waited += POLL_MS) {
    signal.throwIfAborted();
    const last = hasEnded();
    const text = await readFile(join(folder, "output"), "utf8");
    const line = text.slice(0, LINE_BYTES).split("\n", 1)[0] ?? "";
    if (text.length > line.length) return line;
    if (last) return "";
    await pause(POLL_MS);
  }
  throw new SealroomError("EMULATOR_START", { seconds: BOOT_MS / 1000 });
}

function parseLine(line: string, complaints: string): Pick<Emulated, "uds" | "cid" | "pid" | "bootMs"> {
  let value: Partial<Emulated> & {
    readonly error?: { readonly code: string; readonly details: Details };
  };
  try {
    value = JSON.parse(line) as typeof value;
  } catch (cause) {
    throw new SealroomError("EMULATOR_START", { output: complaints }, { cause });
  }
  if (value.error !== undefined) {
    const { code, details } = value.error;
    const isKnown = Object.hasOwn(ERROR_CODES, code) && code !== "INTERNAL";
    throw new SealroomError(isKnown ? (code as ErrorCode) : "EMULATOR_START", {
      ...details,
      ...(isKnown ? {} : { output: complaints }),
    });
  }
  const { uds, cid, pid, bootMs } = value;
  if (
    typeof uds !== "string" ||
    typeof cid !== "number" ||
    typeof pid !== "number" ||
    typeof bootMs !== "number"
  ) {
    throw new SealroomError("EMULATOR_START", { output: "an unknown answer" });
  }
  return { uds, cid, pid, bootMs };
}

async function readEmulated(path: string): Promise<Emulated | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Emulated;
  } catch {
    return null;
  }
}

async function readTail(folder: string): Promise<string> {
  const text = await readFile(join(folder, "complaints"), "utf8").catch(() => "");
  return text.trim().replaceAll(/\s+/g, " ").slice(-OUTPUT_CHARS);
}

/** Asks it to end, and ends it if it does not. */
async function end(pid: number, isThere: () => Promise<boolean>): Promise<void> {
  for (const name of ["SIGTERM", "SIGKILL"] as const) {
    for (let waited = 0; waited < STOP_MS; waited += POLL_MS) {
      if (!(await isThere())) return;
      if (waited === 0) send(pid, name);
      await pause(POLL_MS);
    }
  }
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

/** Another kit than the one that the set-up leaves in the repository. */
function kitArguments(): readonly string[] {
  const kit = process.env["SEALROOM_EMULATOR"];
  return kit === undefined || kit === "" ? [] : ["--emulator", kit];
}
