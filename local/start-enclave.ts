// Starts the local enclave as a real one is started: measured first, then run as a process of its own with an empty
// environment, attested by an NSM that it cannot influence.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SealroomError } from "../core/errors.ts";
import { compileCacheFlags } from "./compile-cache.ts";
import { SoftwareNsm } from "./nsm/device.ts";
import { bootRegisters } from "./nsm/measure.ts";
import { serveNsm } from "./nsm/socket.ts";
import type { Services } from "./services.ts";

const INSTANCE_ID = "i-00000000000000000";
const ENDS_WITHIN_MS = 2_000;

export interface LocalEnclave {
  onExit(listener: () => void): void;
  stop(): Promise<void>;
}

export interface EnclaveStart {
  readonly state: string;
  readonly sockets: string;
  readonly services: Services;
}

/** Resolves when the enclave listens. Errors: LOCAL_ENCLAVE when it ends before that. */
export async function startLocalEnclave({ sockets, services }: EnclaveStart): Promise<LocalEnclave> {
  const nsm = await serveNsm(
    new SoftwareNsm(services.nitroRoot, {
      moduleId: `${INSTANCE_ID}-enc${randomBytes(8).toString("hex")}`,
      pcrs: bootRegisters(services.measurements, {
        roleArn: services.endpoints.roles.enclave,
        instanceId: INSTANCE_ID,
      }),
      now: () => Date.now(),
    }),
    join(sockets, "nsm.sock"),
  );
  const main = fileURLToPath(new URL(`./enclave-main${import.meta.filename.slice(-3)}`, import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--disallow-code-generation-from-strings",
      // An enclave's memory is set aside for good; young objects may take 6 MB of it instead of 48.
      "--max-semi-space-size=2",
      "--v8-pool-size=1",
      "--disable-warning=ExperimentalWarning",
      ...compileCacheFlags(),
      main,
      sockets,
      join(sockets, "nsm.sock"),
      services.endpoints.simulatedRoot,
      services.endpoints.kmsAuthority,
      String(availableParallelism()),
    ],
    // Nothing is ever written to its standard input: that it ends tells the enclave that this process has.
    // The C library would give each thread arenas of its own, and keep in them what was freed; an image says so too.
    { env: { MALLOC_ARENA_MAX: "2" }, stdio: ["pipe", "pipe", "inherit"] },
  );
  await listening(child);
  return {
    onExit: (listener) => child.once("exit", listener),
    stop: async (): Promise<void> => {
      child.removeAllListeners("exit");
      if (child.exitCode === null && child.signalCode === null) {
        const exited = new Promise((resolve) => child.once("exit", resolve));
        // It ends by itself, and keeps what it has compiled, unless it is stuck.
        child.stdin.end();
        await Promise.race([exited, delay(ENDS_WITHIN_MS, undefined, { ref: false })]);
        child.kill("SIGKILL");
        await exited;
      }
      await nsm.close();
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("internal: no pipe");
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.once("line", () => {
      resolve();
    });
    child.once("exit", (code) => {
      reject(new SealroomError("LOCAL_ENCLAVE", { exit: code ?? -1 }));
    });
  });
}
