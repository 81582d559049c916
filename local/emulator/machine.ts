// Boots an enclave image in QEMU's nitro-enclave machine, with a vsock device of its own, and sees to it that both end
// together. Nothing of it is a hypervisor to rely on: this machine sees all that the guest has.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { SealroomError } from "../../core/errors.ts";
import { BoundProcess } from "./bound-process.ts";
import { readTail } from "./console-log.ts";
import { answerHeartbeat, HEARTBEAT_PORT } from "./heartbeat.ts";
import type { Kit } from "./kit.ts";
import { isListening } from "./probe.ts";
import { makeSocketFolder } from "./socket-folder.ts";

/** Each machine has a vsock device of its own, so all can have the same one. */
export const GUEST_CID = 4;
export const WORKER_PORT = 5000;
const DEFAULT_MEMORY_MIB = 1024;
const NO_INSTANCE = "i-00000000000000000";
/** Above 32 KiB the device drops a guest's packets unseen; the guest sends no more than this at once. */
const PACKET_BYTES = 28_672;

/** How long each stage of a boot may take, on a machine that is busy with other things. */
const STAGE_MS = { device: 10_000, heartbeat: 300_000, worker: 300_000 } as const;
const PROBE_MS = 1_000;
const RETRY_MS = 100;

export interface Boot {
  readonly kit: Kit;
  /** The image, an EIF file. */
  readonly image: string;
  /** File for what the guest prints; a file beside it, `.vsock`, has what the vsock device does. */
  readonly console: string;
  readonly memoryMib?: number;
  /** What PCR3 and PCR4 are to be of; zero where it is not said. */
  readonly parent?: Parent;
  /** Words to add to the kernel's command line, as a host may: nothing measures them. */
  readonly words?: readonly string[];
  /** Nobody waits for it any more: what was started is ended and tidied up. */
  readonly abandoned?: AbortSignal;
}

export interface Machine {
  /** The host's end of the guest's vsock: unix socket of the device. */
  readonly uds: string;
  readonly cid: number;
  /** From QEMU's start until the worker listened. */
  readonly bootMs: number;
  /** Resolves when the guest, or its vsock device, has ended by itself. */
  readonly ended: Promise<void>;
  /** Ends both at once; there is nothing that a guest could save. */
  stop(): Promise<void>;
}

/** The instance on which a real enclave would run. */
export interface Parent {
  readonly roleArn: string;
  readonly instanceId: string;
}

type Stage = keyof typeof STAGE_MS;

/** Resolves when the enclave's worker listens. Errors: EMULATOR_BOOT (`stage`, `fault`, `console`). */
export async function bootMachine(boot: Boot): Promise<Machine> {
  const words = [...(await clockWords(boot.kit)), ...(boot.words ?? [])];
  const folder = await makeSocketFolder();
  const uds = join(folder, "guest");
  const heartbeat = await answerHeartbeat(`${uds}_${HEARTBEAT_PORT}`);
  const device = await startDevice(boot, folder, uds);
  const started: BoundProcess[] = [device];
  const stop = async (): Promise<void> => {
    await Promise.all([...started.map((process) => process.stop()), heartbeat.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await reach(boot, "device", [device], (over) => waitForFile(join(folder, "device"), over));
    const began = performance.now();
    const guest = await startGuest(boot, folder, words);
    started.push(guest);
    await reach(boot, "heartbeat", started, () => heartbeat.heard);
    await reach(boot, "worker", started, (over) => waitForWorker(uds, over));
    const bootMs = Math.round(performance.now() - began);
    return { uds, cid: GUEST_CID, bootMs, ended: Promise.race(started.map(({ ended }) => ended)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Without KVM the guest gets this machine's time-stamp counter, and has no second clock that is any good to learn its
 * rate by: left to guess, it hangs, or its time runs off by a third on a busy machine. So it is told the rate, and to
 * believe it, as a real hypervisor tells it by a clock of its own. The kernel takes the last word of a name.
 */
async function clockWords(kit: Kit): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(kit.tscKhz);
  return [`tsc_early_khz=${Number(/^\d{5,8}\n$/.exec(stdout)?.[0])}`, "tsc=reliable"];
}

async function startDevice({ kit, console }: Boot, folder: string, uds: string): Promise<BoundProcess> {
  const vm = [
    `guest-cid=${GUEST_CID}`,
    `uds-path=${uds}`,
    `socket=${join(folder, "device")}`,
    `tx-buffer-size=${PACKET_BYTES}`,
  ].join(",");
  return startLogged(`${console}.vsock`, (log) => new BoundProcess(kit.vsockDevice, ["--vm", vm], log));
}

/** One CPU (a second one makes this kernel's text patching race), devices by ACPI (else Debian's kernel finds none). */
async function startGuest(boot: Boot, folder: string, words: readonly string[]): Promise<BoundProcess> {
  const { kit, image, console, parent, memoryMib = DEFAULT_MEMORY_MIB } = boot;
  const id = `${parent?.instanceId ?? NO_INSTANCE}-enc${randomBytes(8).toString("hex")}`;
  const registers =
    parent === undefined ? "" : `,parent-role=${parent.roleArn},parent-id=${parent.instanceId}`;
  const args = [
    ...kit.firmware.flatMap((directory) => ["-L", directory]),
    ...["-M", `nitro-enclave,vsock=device,id=${id},acpi=on${registers}`],
    ...["-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", `${memoryMib}M`],
    ...["-kernel", image, "-append", words.join(" ")],
    ...["-chardev", `socket,id=device,path=${join(folder, "device")}`],
    ...["-rtc", "base=utc", "-nographic", "-no-reboot"],
  ];
  return startLogged(console, (log) => new BoundProcess(kit.qemu, args, log));
}

async function startLogged(path: string, start: (log: number) => BoundProcess): Promise<BoundProcess> {
  const log = await open(path, "w", 0o600);
  try {
    return start(log.fd);
  } finally {
    await log.close();
  }
}

/** Waits for one stage, its time, or the end of a process that it needs. */
async function reach(
  { console, abandoned }: Boot,
  stage: Stage,
  needed: readonly BoundProcess[],
  work: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, ...(abandoned === undefined ? [] : [abandoned])]);
  const fault = await Promise.race([
    work(signal).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : "failed"),
    ),
    ...needed.map(({ ended }) => ended.then(() => "a process of the emulator ended")),
    delay(STAGE_MS[stage], "no sign of it in time", { signal }).catch(() => "nobody waits for it any more"),
  ]);
  over.abort();
  if (fault === null) return;
  const log = stage === "device" ? `${console}.vsock` : console;
  throw new SealroomError("EMULATOR_BOOT", { stage, fault, console: await readTail(log) });
}

async function waitForFile(path: string, over: AbortSignal): Promise<void> {
  while (!over.aborted && !(await exists(path))) await delay(RETRY_MS / 10);
}

async function waitForWorker(uds: string, over: AbortSignal): Promise<void> {
  while (!over.aborted && !(await isListening(uds, WORKER_PORT, PROBE_MS))) await delay(RETRY_MS);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
