// Starting, finding and stopping enclaves of a parent: nitro-cli between checks before and checks after. An enclave that
// started and is not what was asked for is stopped again.
import type { Duplex } from "node:stream";
import type { Measurements } from "../../core/attestation/measurements.ts";
import { PolicyError, SealroomError } from "../../core/errors.ts";
import { waitUntilAnswering } from "./answering.ts";
import { checkParent } from "./checks.ts";
import { hasObstacle } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { Description } from "./nitro-answers.ts";
import { describeEnclaves, findNitroCli, runEnclave, terminateEnclave } from "./nitro-cli.ts";
import { readParent } from "./parent.ts";
import type { Machine } from "./machine.ts";
import { checkStart, chooseResources } from "./start-checks.ts";
import type { Resources, StartRequest } from "./start-checks.ts";

export interface Image {
  readonly path: string;
  readonly bytes: number;
  /** As its file says, computed here. */
  readonly measurements: Measurements;
}

/** Whether an image can be started, and with what. */
export interface Readiness {
  readonly findings: readonly Finding[];
  /** Null where something has to be mended first. */
  readonly resources: Resources | null;
}

/** Asks nitro-cli what runs only where it is there to be asked. Errors: NITRO_*. */
export async function judgeStart(
  machine: Machine,
  imageBytes: number,
  request: StartRequest,
): Promise<Readiness> {
  const parent = await readParent(machine);
  const version = await findNitroCli();
  const general = checkParent(parent, { version });
  if (hasObstacle(general)) return { findings: general, resources: null };
  const facts = { parent, imageBytes, running: await describeEnclaves() };
  const findings = [...general, ...checkStart(request, facts)];
  return { findings, resources: hasObstacle(findings) ? null : chooseResources(request, facts) };
}

export interface Launch {
  readonly image: Image;
  readonly resources: Resources;
  readonly cid: number | null;
  /** Opens a connection to the worker in the enclave with this CID. */
  readonly connect: (cid: number) => Promise<Duplex>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Starts it, and returns when its worker accepts connections. Stopped again where it does not, or is another image.
 * Errors: NITRO_*, ENCLAVE_MEASUREMENTS, ENCLAVE_DEBUG, ENCLAVE_ENDED, ENCLAVE_SILENT, TRANSPORT_UNAVAILABLE.
 */
export async function startEnclave({
  image,
  resources,
  cid,
  connect,
  limitMs,
  signal,
}: Launch): Promise<Description> {
  const started = await runEnclave({ image: image.path, imageBytes: image.bytes, ...resources, cid });
  try {
    const description = await findEnclave(started.id);
    if (description === null) throw new SealroomError("ENCLAVE_ENDED", { id: started.id });
    checkDescription(description, image.measurements);
    await waitUntilAnswering({
      connect: () => connect(started.cid),
      isRunning: async () => (await findEnclave(started.id))?.state === "RUNNING",
      limitMs,
      signal,
    });
    return description;
  } catch (error) {
    await stopEnclave(started.id);
    throw error;
  }
}

/**
 * Stops one enclave; one that is not there is stopped already. Errors: NITRO_*.
 */
export async function stopEnclave(id: string): Promise<"stopped" | "not-running"> {
  if ((await findEnclave(id)) === null) return "not-running";
  try {
    await terminateEnclave(id);
    return "stopped";
  } catch (error) {
    // It may have ended by itself since.
    if (error instanceof SealroomError && (await findEnclave(id)) === null) return "stopped";
    throw error;
  }
}

async function findEnclave(id: string): Promise<Description | null> {
  return (await describeEnclaves()).find((enclave) => enclave.id === id) ?? null;
}

/** nitro-cli's word, which is the host's: what an enclave is, its attestation documents say. */
function checkDescription({ id, mode, measurements }: Description, expected: Measurements): void {
  if (mode === "debug") throw new PolicyError("ENCLAVE_DEBUG", { id });
  for (const register of [0, 1, 2] as const) {
    const reported = measurements?.[register] ?? "none";
    if (reported !== expected[register]) {
      throw new PolicyError("ENCLAVE_MEASUREMENTS", { register, reported, expected: expected[register] });
    }
  }
}
