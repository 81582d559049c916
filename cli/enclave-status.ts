// `sealroom enclave status`: the enclaves of this parent, and those in the emulator, as this machine sees them. What an
// enclave is, only its attestation documents prove.
import type { Duplex } from "node:stream";
import type { Command } from "commander";
import type { JsonObject } from "../core/json.ts";
import type { Measurements } from "../core/attestation/measurements.ts";
import type { EnclaveAddress } from "../host-driver/enclave-address.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { DEFAULT_STATE } from "./cloud-options.ts";
import { paint, renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly state: string;
  readonly check?: boolean;
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly cid: number;
  readonly address: string;
  readonly uptimeSeconds: number | null;
  readonly memoryMiB: number;
  readonly cpus: number[];
  readonly mode: "production" | "debug" | "emulated";
  readonly measurements: Measurements | null;
  /** Null where it accepts connections; else the code of what went wrong. */
  readonly silence: string | null;
}

export function declareEnclaveStatus(enclave: Command, host: Host): void {
  const command = declare(enclave, "status", {
    summary: "list the enclaves that run here",
    description:
      "Lists the enclaves of this parent (by nitro-cli) and those in the emulator: state, address, uptime, memory, " +
      "measurements, and whether the worker accepts connections. It is this machine's word, and proves nothing: " +
      "`sealroom verify` does.",
    examples: ["sealroom enclave status", "sealroom enclave status --check --json"],
  })
    .option("--check", "exit 4 if none runs, or if the worker of one accepts no connection for 30 s")
    .option("--state <dir>", "where what is known of emulated enclaves is kept", DEFAULT_STATE);
  act(command, host, showStatus);
}

/** A worker that is busy may be slow to take a connection; one that is restarted loses its job. */
const PATIENCE_MS = 30_000;

async function showStatus(_session: Session, { state, check }: Options): Promise<Report> {
  const { enclaveLink } = await import("../host-driver/enclave-link.ts");
  const connect: Connect = (address) => enclaveLink(address).connect();
  return check === true ? checkEnclaves(state, connect, PATIENCE_MS) : listEnclaves(state, connect);
}

/** As listEnclaves; exit 4 unless one runs and all answer. */
export async function checkEnclaves(state: string, connect: Connect, patienceMs: number): Promise<Report> {
  const started = performance.now();
  for (;;) {
    const report = await listEnclaves(state, connect);
    const rows = report.json["enclaves"] as readonly JsonObject[];
    if (rows.length > 0 && rows.every((row) => row["answers"] === true)) return report;
    // That none runs will not change by itself.
    if (rows.length === 0 || performance.now() - started > patienceMs) return { ...report, exit: 4 };
  }
}

/** Opens a connection to the worker at an address. */
export type Connect = (address: EnclaveAddress) => Promise<Duplex>;

export async function listEnclaves(state: string, connect: Connect): Promise<Report> {
  const [parent, emulated] = await Promise.all([parentRows(connect), emulatedRows(state, connect)]);
  const rows = [...(parent ?? []), ...emulated];
  const isDebug = rows.some(({ mode }) => mode === "debug");
  const empty =
    parent === null ? "No enclave runs here, and there is no nitro-cli." : "No enclave runs here.";
  return {
    exit: 0,
    json: { nitroCli: parent !== null, enclaves: rows.map(encodeRow) },
    text: [
      ...(rows.length === 0 ? [empty] : rows.flatMap(renderRow)),
      ...(isDebug
        ? ["", paint("red", "In debug mode this machine reads the enclave's memory: stop it.")]
        : []),
    ],
  };
}

/** Null where there is no nitro-cli. */
async function parentRows(connect: Connect): Promise<readonly Row[] | null> {
  const { describeEnclaves } = await import("../host-driver/enclave/nitro-cli.ts");
  const { attempt } = await import("../host-driver/enclave/answering.ts");
  const descriptions = await describeEnclaves().catch(absent);
  if (descriptions === null) return null;
  return Promise.all(
    descriptions.map(async ({ id, state, cid, pid, memoryMiB, cpus, mode, measurements }) => ({
      id,
      state: state.toLowerCase(),
      cid,
      address: `vsock:${cid}`,
      uptimeSeconds: await age(pid),
      memoryMiB,
      cpus: [...cpus],
      mode,
      measurements,
      silence: await attempt(() => connect({ kind: "vsock", cid })),
    })),
  );
}

async function emulatedRows(state: string, connect: Connect): Promise<readonly Row[]> {
  const { listEmulated } = await import("./emulator-process.ts");
  const { attempt } = await import("../host-driver/enclave/answering.ts");
  return Promise.all(
    (await listEmulated(state)).map(async ({ id, pid, uds, cid, memoryMiB, measurements }) => ({
      id,
      state: "running",
      cid,
      address: `emulator:${uds}`,
      uptimeSeconds: await age(pid),
      memoryMiB,
      cpus: [],
      mode: "emulated" as const,
      measurements,
      silence: await attempt(() => connect({ kind: "emulator", socketPath: uds })),
    })),
  );
}

function absent(error: unknown): null {
  const { code } = error as { code?: unknown };
  if (code === "NITRO_MISSING") return null;
  throw error;
}

async function age(pid: number): Promise<number | null> {
  const { thisMachine } = await import("../host-driver/enclave/machine.ts");
  const { ageSeconds } = await import("../host-driver/enclave/process-time.ts");
  return ageSeconds(thisMachine, pid);
}

function renderRow(row: Row): readonly string[] {
  const { id, state, mode, address, uptimeSeconds, memoryMiB, cpus, measurements, silence } = row;
  const note = mode === "debug" ? paint("red", ", DEBUG MODE") : mode === "emulated" ? ", emulated" : "";
  return [
    `${paint("bold", id)}  ${state}${note}`,
    ...renderFields([
      ["address", address],
      ["worker", silence === null ? "accepts connections" : `accepts none (${silence})`],
      ["uptime", uptimeSeconds === null ? "unknown" : renderDuration(uptimeSeconds)],
      ["memory", `${memoryMiB} MiB`],
      ...(cpus.length === 0 ? [] : [["CPUs", cpus.join(", ")] as const]),
      ...([0, 1, 2] as const).map(
        (register) => [`PCR${register}`, measurements?.[register] ?? "unknown"] as const,
      ),
    ]),
  ];
}

function encodeRow({ measurements, silence, ...row }: Row): JsonObject {
  return {
    ...row,
    answers: silence === null,
    silence,
    measurements:
      measurements === null ? null : { PCR0: measurements[0], PCR1: measurements[1], PCR2: measurements[2] },
  };
}

/** `2 d 3 h`, `4 min 5 s`: the two largest parts. */
function renderDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first === -1 ? 3 : first)
    .slice(0, 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
