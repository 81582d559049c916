// `sealroom enclave stop`: ends enclaves of this parent or in the emulator. All that an enclave holds is gone then. One
// that does not run is stopped already, and no fault.
import type { Command } from "commander";
import { SealroomError } from "../core/errors.ts";
import { act, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { DEFAULT_STATE } from "./cloud-options.ts";
import { usage } from "./fault.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly all?: boolean;
  readonly state: string;
}

const NITRO_ID = /^i-[0-9a-f]{1,32}-enc[0-9a-f]{1,32}$/;
const EMULATED_ID = /^emu-[0-9a-f]{8}$/;

export function declareEnclaveStop(enclave: Command, host: Host): void {
  const command = declare(enclave, "stop", {
    summary: "stop one enclave, or all",
    description:
      "Stops an enclave of this parent, or one in the emulator, by its id, or all of them with --all. A job that runs " +
      "in it fails; nothing of it is left. To stop one that does not run is no fault.",
    examples: ["sealroom enclave stop i-0abc1234def567890-enc18f2a3b4c5d6e7f", "sealroom enclave stop --all"],
  })
    .argument("[id...]", "ids, as `sealroom enclave status` prints them")
    .option("--all", "stop all of them")
    .option("--state <dir>", "where what is known of emulated enclaves is kept", DEFAULT_STATE);
  act(command, host, stop);
}

async function stop(_session: Session, { all, state }: Options, ids: readonly string[]): Promise<Report> {
  if ((all === true) === ids.length > 0) throw usage("give ids, or --all");
  const unknown = ids.find((id) => !NITRO_ID.test(id) && !EMULATED_ID.test(id));
  if (unknown !== undefined) throw usage(`'${unknown}' is no enclave's id`);
  const { listEmulated, stopEmulated } = await import("./emulator-process.ts");
  const emulated = await listEmulated(state);
  const stopped: string[] = [];
  const idle: string[] = [];
  for (const id of all === true ? [...(await nitroIds()), ...emulated.map((one) => one.id)] : ids) {
    const one = emulated.find((candidate) => candidate.id === id);
    if (one !== undefined) {
      await stopEmulated(state, one);
      stopped.push(id);
    } else {
      (NITRO_ID.test(id) && (await stopNitro(id)) === "stopped" ? stopped : idle).push(id);
    }
  }
  return {
    exit: 0,
    json: { stopped, notRunning: idle },
    text: [
      ...stopped.map((id) => `Stopped ${id}.`),
      ...idle.map((id) => `${id} does not run.`),
      ...(stopped.length + idle.length === 0 ? ["No enclave runs here."] : []),
    ],
  };
}

async function stopNitro(id: string): Promise<"stopped" | "not-running"> {
  const { stopEnclave } = await import("../host-driver/enclave/lifecycle.ts");
  return ifNitro(() => stopEnclave(id), "not-running");
}

async function nitroIds(): Promise<readonly string[]> {
  const { describeEnclaves } = await import("../host-driver/enclave/nitro-cli.ts");
  return (await ifNitro(describeEnclaves, [])).map(({ id }) => id);
}

/** Where there is no nitro-cli no enclave of a parent can run. */
async function ifNitro<Value>(ask: () => Promise<Value>, otherwise: Value): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SealroomError && error.code === "NITRO_MISSING") return otherwise;
    throw error;
  }
}
