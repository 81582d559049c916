// The local enclave as its own process, as local/start-enclave.ts starts it, but with everything that it prints kept
// and its process in the test's hands.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compileCacheFlags } from "../../local/compile-cache.ts";
import { SoftwareNsm } from "../../local/nsm/device.ts";
import { bootRegisters } from "../../local/nsm/measure.ts";
import { serveNsm } from "../../local/nsm/socket.ts";
import type { Services } from "../../local/services.ts";
import { ROOT } from "./tree.ts";

const INSTANCE_ID = "i-0123456789abcdef0";
/** Where a test does not say otherwise. */
const THREADS = 2;
const ENDS_WITHIN_MS = 5_000;

export interface EnclaveProcess {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  stdout(): Uint8Array;
  stderr(): Uint8Array;
  /** SIGKILL. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the enclave listens on `sockets`/enclave.sock. */
export async function startEnclave(
  services: Services,
  sockets: string,
  threads: number = THREADS,
): Promise<EnclaveProcess> {
  const { roles, simulatedRoot, kmsAuthority } = services.endpoints;
  const nsmPath = join(sockets, "nsm.sock");
  const nsm = await serveNsm(
    new SoftwareNsm(services.nitroRoot, {
      moduleId: `${INSTANCE_ID}-enc0123456789abcdef`,
      pcrs: bootRegisters(services.measurements, { roleArn: roles.enclave, instanceId: INSTANCE_ID }),
      now: () => Date.now(),
    }),
    nsmPath,
  );
  const args = [sockets, nsmPath, simulatedRoot, kmsAuthority, String(threads)];
  const flags = [
    "--disallow-code-generation-from-strings",
    "--disable-warning=ExperimentalWarning",
    ...compileCacheFlags(),
  ];
  const child = spawn(process.execPath, [...flags, join(ROOT, "local/enclave-main.ts"), ...args], {
    env: {},
    stdio: ["pipe", "pipe", "pipe"],
  });
  const printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on("data", (chunk: Buffer) => printed.stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => printed.stderr.push(chunk));
  const exited = once(child, "exit");
  const ended = exited.then(() => {
    throw new Error(`the enclave ended: ${Buffer.concat(printed.stderr).toString()}`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child.stdout, "data"), ended]);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  return {
    child,
    stdout: () => Buffer.concat(printed.stdout),
    stderr: () => Buffer.concat(printed.stderr),
    kill,
    close: async (): Promise<void> => {
      // It ends by itself, so that what it has compiled is kept.
      child.stdin.end();
      await Promise.race([exited, delay(ENDS_WITHIN_MS, undefined, { ref: false })]);
      await kill();
      await nsm.close();
    },
  };
}
