// `sealroom enclave start`: an image in an enclave of this parent, or in the emulator. What would make nitro-cli fail is
// said first, with what to do about it; there is no way to ask for debug mode.
import { resolve } from "node:path";
import type { Duplex } from "node:stream";
import type { Command } from "commander";
import { hasObstacle } from "../host-driver/enclave/finding.ts";
import type { Image } from "../host-driver/enclave/lifecycle.ts";
import type { Machine } from "../host-driver/enclave/machine.ts";
import type { StartRequest } from "../host-driver/enclave/start-checks.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { DEFAULT_STATE } from "./cloud-options.ts";
import { usage } from "./fault.ts";
import { encodeFindings, renderFindings, summarize } from "./findings.ts";
import { parseCount } from "./number.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly memory?: string;
  readonly cpus?: string;
  readonly cid?: string;
  readonly emulator?: boolean;
  readonly state: string;
}

/** How long a worker may take from its enclave's start until it accepts connections. */
const WORKER_MS = 60_000;

export function declareEnclaveStart(enclave: Command, host: Host): void {
  const command = declare(enclave, "start", {
    summary: "start an image in an enclave of this parent, or in the emulator",
    description:
      "Checks whether this parent can start the image and says in plain words what to change if not; then starts it by " +
      "nitro-cli, compares the measurements that nitro-cli reports with those of the file, and waits until the worker " +
      "accepts connections. Never in debug mode. With --emulator it boots the image in QEMU on any machine: that " +
      "protects nothing, and shows whether the image works.",
    examples: [
      "sealroom enclave start sealroom.eif",
      "sealroom enclave start sealroom.eif --memory 2048 --cpus 2 --cid 16",
      "sealroom enclave start sealroom.eif --emulator",
    ],
  })
    .argument("<image>", "the image's file (EIF)")
    .option("--memory <MiB>", "memory of the enclave (default: all that is set aside; emulated: 1024)")
    .option("--cpus <n>", "CPUs of the enclave, whole cores (default: all that are set aside)")
    .option("--cid <n>", "its vsock address, 4 or more (default: nitro-cli chooses)")
    .option("--emulator", "boot it in QEMU on this machine instead")
    .option("--state <dir>", "where what is known of emulated enclaves is kept", DEFAULT_STATE);
  act(command, host, start);
}

async function start(session: Session, options: Options, path: string): Promise<Report> {
  const memoryMiB = options.memory === undefined ? null : parseCount("--memory", options.memory);
  const cpus = options.cpus === undefined ? null : parseCount("--cpus", options.cpus);
  const cid = options.cid === undefined ? null : parseCid(options.cid);
  if (options.emulator === true) {
    if (cpus !== null || cid !== null) throw usage("--cpus and --cid are nitro-cli's, not the emulator's");
    return emulate(session, options.state, await readImage(path), memoryMiB);
  }
  const { thisMachine } = await import("../host-driver/enclave/machine.ts");
  const { enclaveLink } = await import("../host-driver/enclave-link.ts");
  return launch(
    session,
    await readImage(path),
    { memoryMiB, cpus, cid },
    {
      machine: thisMachine,
      connect: (at) => enclaveLink({ kind: "vsock", cid: at }).connect(),
    },
  );
}

/** Errors, at the path: FILE_*, EIF_*. */
async function readImage(path: string): Promise<Image> {
  const { withImage } = await import("./enclave-image.ts");
  return withImage(path, ({ file, image }) =>
    Promise.resolve({ path: resolve(path), bytes: file.size, measurements: image.measurements }),
  );
}

export interface Surroundings {
  readonly machine: Machine;
  /** Opens a connection to the worker of the enclave with this CID. */
  readonly connect: (cid: number) => Promise<Duplex>;
}

/** On this machine, by the nitro-cli in PATH. */
export async function launch(
  { progress, signal }: Session,
  image: Image,
  request: StartRequest,
  { machine, connect }: Surroundings,
): Promise<Report> {
  const { judgeStart, startEnclave } = await import("../host-driver/enclave/lifecycle.ts");
  const { findings, resources } = await judgeStart(machine, image.bytes, request);
  if (resources === null) return refuse(findings);
  for (const { what, why } of findings.filter(({ level }) => level === "warn")) {
    progress.note(`${what}: ${why}.`);
  }
  progress.note(`Starting it with ${resources.memoryMiB} MiB and ${resources.cpus} CPUs.`);
  const enclave = await startEnclave({
    image,
    resources,
    cid: request.cid,
    connect,
    limitMs: WORKER_MS,
    signal,
  });
  const { id, pid, memoryMiB, cpus } = enclave;
  return describe(image, {
    id,
    address: `vsock:${enclave.cid}`,
    cid: enclave.cid,
    pid,
    memoryMiB,
    cpus: [...cpus],
    emulated: false,
  });
}

function refuse(findings: Parameters<typeof renderFindings>[0]): Report {
  if (!hasObstacle(findings)) throw new Error("internal: refused without a reason");
  const others = findings.filter(({ level }) => level !== "ok");
  return {
    exit: 4,
    json: { started: false, findings: encodeFindings(findings) },
    text: [`Nothing was started: ${summarize(findings)}.`, "", ...renderFindings(others)],
  };
}

async function emulate(
  { progress, signal }: Session,
  state: string,
  image: Image,
  memoryMiB: number | null,
): Promise<Report> {
  const { startEmulator } = await import("./emulator-process.ts");
  progress.note("Booting it in the emulator: this protects nothing.");
  const emulated = await startEmulator({ state, image, memoryMiB, signal });
  const { id, uds, cid, pid, bootMs } = emulated;
  return describe(image, {
    id,
    address: `emulator:${uds}`,
    cid,
    pid,
    memoryMiB: emulated.memoryMiB,
    cpus: [],
    emulated: true,
    uds,
    bootMs,
  });
}

interface Running {
  readonly id: string;
  readonly address: string;
  readonly cid: number;
  readonly pid: number;
  readonly memoryMiB: number;
  readonly cpus: number[];
  readonly emulated: boolean;
  readonly uds?: string;
  readonly bootMs?: number;
}

function describe({ path, measurements }: Image, running: Running): Report {
  const { id, address, memoryMiB, cpus, emulated, bootMs } = running;
  return {
    exit: 0,
    json: {
      started: true,
      image: path,
      ...running,
      measurements: { PCR0: measurements[0], PCR1: measurements[1], PCR2: measurements[2] },
    },
    text: [
      emulated
        ? "The image runs in the emulator, and its worker accepts connections."
        : "The enclave runs, and its worker accepts connections.",
      ...renderFields([
        ["id", id],
        ["address", address],
        ["memory", `${memoryMiB} MiB`],
        ...(cpus.length === 0 ? [] : [["CPUs", cpus.join(", ")] as const]),
        ...(bootMs === undefined ? [] : [["booted in", `${(bootMs / 1000).toFixed(1)} s`] as const]),
        ["PCR0", measurements[0]],
        ["PCR1", measurements[1]],
        ["PCR2", measurements[2]],
        emulated
          ? ["stop it", `sealroom enclave stop ${id}`]
          : ["next", `sealroom run job.yaml --out out --enclave ${address}`],
      ]),
    ],
  };
}

function parseCid(text: string): number {
  const cid = parseCount("--cid", text);
  // 0 to 3 are the hypervisor, this machine, the host and the parent; 2^32 - 1 is any.
  if (cid < 4 || cid >= 2 ** 32 - 1) throw usage(`--cid '${text}' is not between 4 and 4294967294`);
  return cid;
}
